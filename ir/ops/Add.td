//===- Add.td - Sum of activations -------------------------*- tablegen -*-===//

def Quern_AddOp : Quern_Op<"add", [Pure, Commutative, SameOperandsAndResultType,
    DeclareOpInterfaceMethods<Quern_ReferenceOpInterface>,
    DeclareOpInterfaceMethods<Quern_ElementwiseOpInterface>]> {
  let summary = "sum, as of a residual connection";
  let description = [{
    ```mlir
    %y = quern.add %x, %residual : tensor<?x576xf32>
    ```
  }];
  let arguments = (ins Quern_Activations:$lhs, Quern_Activations:$rhs);
  let results = (outs Quern_Activations:$result);
  let assemblyFormat = "$lhs `,` $rhs attr-dict `:` type($result)";
}
