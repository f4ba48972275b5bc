//===- Glu.td - Gated linear unit --------------------------*- tablegen -*-===//

def Quern_GluOp : Quern_Op<"glu", [Pure, SameOperandsAndResultType,
    DeclareOpInterfaceMethods<Quern_ReferenceOpInterface>,
    DeclareOpInterfaceMethods<Quern_ElementwiseOpInterface>]> {
  let summary = "gated linear unit";
  let description = [{
    `activation(gate) * up`. Shazeer, 2020, arXiv:2002.05202.

    ```mlir
    %y = quern.glu silu %gate, %up : tensor<?x1536xf32>
    ```
  }];
  let arguments = (ins Quern_ActivationAttr:$activation, Quern_Activations:$gate, Quern_Activations:$up);
  let results = (outs Quern_Activations:$result);
  let assemblyFormat = "custom<ActivationKeyword>($activation) $gate `,` $up attr-dict `:` type($result)";
}
