//===- Quern.td - The quern dialect ------------------------*- tablegen -*-===//
//
// Everything that TableGen makes of the dialect comes from this one file: the
// dialect, its attributes, types, interfaces and, through the list that CMake
// writes from the folder ops/, every operation.
//
//===----------------------------------------------------------------------===//
#ifndef QUERN_TD
#define QUERN_TD
include "mlir/IR/OpBase.td"
include "mlir/IR/AttrTypeBase.td"
include "mlir/IR/BuiltinAttributes.td"
include "mlir/IR/BuiltinTypes.td"
include "mlir/IR/EnumAttr.td"
include "mlir/IR/SymbolInterfaces.td"
include "mlir/Interfaces/SideEffectInterfaces.td"
include "mlir/Interfaces/InferTypeOpInterface.td"

def Quern_Dialect : Dialect {
  let name = "quern";
  let cppNamespace = "::quern";
  let summary = "language models over quantized weights";
  let description = [{
    The quern dialect speaks the language of the field: a model is a function
    over activations `tensor<?xDxf32>`, of which `?` are the rows of one step
    (a row is one token of one sequence), and over symbols for weights and KV
    caches. The same operations are used from the imported graph down to the
    body of a kernel; what changes on the way is their grouping (`quern.stage`,
    then kernels) and the types of weights (`!quern.weight` as in the file,
    `!quern.panels` as packed) and of activations (`tensor`, then
    `!quern.rows` where a linear wants another arithmetic than f32).
  }];
  let useDefaultTypePrinterParser = 1;
  let useDefaultAttributePrinterParser = 1;
  // quern.role, quern.plan, quern.vocabulary, quern.context, quern.device
  let hasOperationAttrVerify = 1;
}

include "ir/Attributes.td"
include "ir/Types.td"
include "ir/Interfaces.td"

class Quern_Op<string mnemonic, list<Trait> traits = []>
    : Op<Quern_Dialect, mnemonic, traits>;

#endif
