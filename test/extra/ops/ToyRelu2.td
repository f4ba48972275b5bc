//===- ToyRelu2.td - Squared ReLU --------------------------*- tablegen -*-===//

def Quern_ToyRelu2Op : Quern_Op<"toy_relu2", [Pure, SameOperandsAndResultType,
    DeclareOpInterfaceMethods<Quern_ReferenceOpInterface>,
    DeclareOpInterfaceMethods<Quern_ElementwiseOpInterface>]> {
  let summary = "squared rectifier: max(x, 0)^2";
  let description = [{
    So et al., 2021, arXiv:2109.08668.

    ```mlir
    %y = quern.toy_relu2 %x : tensor<?x1536xf32>
    ```
  }];
  let arguments = (ins Quern_Activations:$input);
  let results = (outs Quern_Activations:$result);
  let assemblyFormat = "$input attr-dict `:` type($result)";
}
