//===- Interfaces.td - What an op can do for the compiler --*- tablegen -*-===//
#ifndef QUERN_INTERFACES_TD
#define QUERN_INTERFACES_TD
include "mlir/IR/OpBase.td"

/// Of its weights and constants the op reads only the rows that its step names,
/// so that their size says nothing of the bytes that a step reads.
def Quern_ReadsNamedRows : NativeOpTrait<"ReadsNamedRows"> {
  let cppNamespace = "::quern";
}

def Quern_ReferenceOpInterface : OpInterface<"ReferenceOpInterface"> {
  let cppNamespace = "::quern";
  let description = [{
    An op that computes can do so in scalar code, in a few lines that say what
    it means; `quern.get` and what groups ops into stages and launches need none.
    A whole model run this way is the oracle that targets are judged by. It is
    exact where kernels round: rows that are converted or written to a cache keep
    their f32 values.
  }];
  let methods = [InterfaceMethod<
    "Reads its operands from the frame and sets its results.",
    "void", "reference", (ins "::quern::ReferenceFrame &":$frame)>];
}

def Quern_ElementwiseOpInterface : OpInterface<"ElementwiseOpInterface"> {
  let cppNamespace = "::quern";
  let description = [{
    An op whose result at (row, column) depends on its operands at that place
    alone. It can be fused to what makes its operand: a linear, a norm, or
    another such op.

    (E1) all operands, and the one result, are activations of one type
  }];
  let methods = [InterfaceMethod<
    [{Emits the op on one f32 vector for each operand. Must be exact in
      its order of operations: the same for every width of vector.}],
    "::mlir::Value", "emit",
    (ins "::mlir::OpBuilder &":$builder, "::mlir::ValueRange":$vectors)>];
  let verify = [{ return ::quern::verifyElementwise($_op); }];
}
#endif
