//===- Interfaces.td - What an op can do for the compiler ----*- tablegen -*-===//
#ifndef QUERN_INTERFACES_TD
#define QUERN_INTERFACES_TD
include "mlir/IR/OpBase.td"

def Quern_ReferenceOpInterface : OpInterface<"ReferenceOpInterface"> {
  let cppNamespace = "::quern";
  let description = [{
    Every op can compute itself in scalar code, in a few lines that say what it
    means. A whole model run this way is the oracle that targets are judged by.
  }];
  let methods = [InterfaceMethod<
    "Reads its operands from the frame and sets its results.",
    "void", "reference", (ins "::quern::ReferenceFrame &":$frame)>];
}

def Quern_ElementwiseOpInterface : OpInterface<"ElementwiseOpInterface"> {
  let cppNamespace = "::quern";
  let description = [{
    An op whose result at (row, column) depends on its activation operands at
    that place alone. It can be fused into the epilogue of any root.
  }];
  let methods = [InterfaceMethod<
    [{Emits the op on one f32 vector per activation operand. Must be exact in
      its order of operations: the same for every width of vector.}],
    "::mlir::Value", "emit",
    (ins "::mlir::OpBuilder &":$builder, "::mlir::ValueRange":$vectors)>];
}
#endif
