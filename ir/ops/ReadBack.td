//===- ReadBack.td - Rows that the host reads --------------*- tablegen -*-===//

def Quern_ReadBackOp : Quern_Op<"read_back", [Pure, SameOperandsAndResultType,
    DeclareOpInterfaceMethods<Quern_ReferenceOpInterface>,
    DeclareOpInterfaceMethods<Quern_ElementwiseOpInterface>]> {
  let summary = "the same numbers where the host reads them";
  let description = [{
    `y = x`. What a program returns lies where the host reaches it, and what other
    stages read as well may lie better elsewhere.

    ```mlir
    %y = quern.read_back %x : tensor<?x49152xf32>
    ```
  }];
  let arguments = (ins Quern_Activations:$input);
  let results = (outs Quern_Activations:$result);
  let assemblyFormat = "$input attr-dict `:` type($result)";
}
