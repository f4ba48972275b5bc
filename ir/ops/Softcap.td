//===- Softcap.td - Soft cap of logits ---------------------*- tablegen -*-===//

def Quern_SoftcapOp : Quern_Op<"softcap", [Pure, SameOperandsAndResultType,
    DeclareOpInterfaceMethods<Quern_ReferenceOpInterface>,
    DeclareOpInterfaceMethods<Quern_ElementwiseOpInterface>]> {
  let summary = "smooth bound: cap * tanh(x / cap)";
  let description = [{
    (C1) the cap is positive

    ```mlir
    %y = quern.softcap %x at 30.0 : tensor<?x576xf32>
    ```
  }];
  let arguments = (ins Quern_Activations:$input, F32Attr:$cap);
  let results = (outs Quern_Activations:$result);
  let assemblyFormat = "$input `at` $cap attr-dict `:` type($result)";
  let hasVerifier = 1;
}
