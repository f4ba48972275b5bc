//===- RmsNorm.td - Root mean square normalization ---------*- tablegen -*-===//

def Quern_RmsNormOp : Quern_Op<"rms_norm", [Pure, DeclareOpInterfaceMethods<Quern_ReferenceOpInterface>]> {
  let summary = "root mean square normalization";
  let description = [{
    `y = x / sqrt(mean(x^2) + epsilon) * weight`, over the whole row, or over
    every run of as many columns as the weight has (QK norm: one run a head).
    Zhang and Sennrich, 2019, arXiv:1910.07467.

    (C1) the weight is a vector whose length divides the row
    (C2) the result has the operand's type
    (C3) epsilon is positive

    ```mlir
    %y = quern.rms_norm %x, %w {epsilon = 1.0e-5 : f32} : (tensor<?x576xf32>, tensor<576xf32>) -> tensor<?x576xf32>
    ```
  }];
  let arguments = (ins Quern_Activations:$input, Quern_AnyWeight:$weight, F32Attr:$epsilon);
  let results = (outs Quern_Activations:$result);
  let assemblyFormat = "$input `,` $weight attr-dict `:` functional-type(operands, results)";
  let hasVerifier = 1;
}
