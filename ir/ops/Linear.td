//===- Linear.td - Products with weights -------------------*- tablegen -*-===//

def Quern_LinearOp : Quern_Op<"linear", [Pure, DeclareOpInterfaceMethods<Quern_ReferenceOpInterface>]> {
  let summary = "a product with a weight matrix";
  let description = [{
    `y[r][n] = sum over k of x[r][k] * w[n][k]`. The arithmetic pass sets
    `arithmetic`; once roles are apart, the operand is `!quern.rows` in the
    numbers of its role and the attribute is gone.

    (C1) the operand has as many columns as the weight
    (C2) the result has as many columns as the weight has rows

    ```mlir
    %y = quern.linear %x, %w : (tensor<?x576xf32>, !quern.weight<1536 x 576, "q4_1">) -> tensor<?x1536xf32>
    ```
  }];
  let arguments = (ins Quern_AnyRows:$input, Quern_AnyWeight:$weight,
                       OptionalAttr<Quern_ArithmeticAttr>:$arithmetic);
  let results = (outs Quern_Activations:$result);
  let assemblyFormat = "$input `,` $weight attr-dict `:` functional-type(operands, results)";
  let hasVerifier = 1;
}

def Quern_ConvertOp : Quern_Op<"convert", [Pure, DeclareOpInterfaceMethods<Quern_ReferenceOpInterface>]> {
  let summary = "activations in the arithmetic of a linear";
  let description = [{
    (C1) the result has the operand's columns

    `bf16` rounds to nearest even. `i16` and `i16_words`: for every 32 columns
    `scale = max |x| / 32512` and integers `round(x / scale)`, to nearest even.

    ```mlir
    %y = quern.convert %x : tensor<?x576xf32> -> !quern.rows<576, i16>
    ```
  }];
  let arguments = (ins Quern_Activations:$input);
  let results = (outs Quern_RowsType:$result);
  let assemblyFormat = "$input attr-dict `:` type($input) `->` type($result)";
  let hasVerifier = 1;
}
