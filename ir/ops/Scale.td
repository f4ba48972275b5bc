//===- Scale.td - Product with a number --------------------*- tablegen -*-===//

def Quern_ScaleOp : Quern_Op<"scale", [Pure, SameOperandsAndResultType,
    DeclareOpInterfaceMethods<Quern_ReferenceOpInterface>,
    DeclareOpInterfaceMethods<Quern_ElementwiseOpInterface>]> {
  let summary = "product with one number";
  let description = [{
    A factor of 1 folds away.

    ```mlir
    %y = quern.scale %x by 2.0 : tensor<?x576xf32>
    ```
  }];
  let arguments = (ins Quern_Activations:$input, F32Attr:$factor);
  let results = (outs Quern_Activations:$result);
  let assemblyFormat = "$input `by` $factor attr-dict `:` type($result)";
  let hasFolder = 1;
}
