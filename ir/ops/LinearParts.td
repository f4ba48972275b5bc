//===- LinearParts.td - Products in two phases -------------*- tablegen -*-===//

def Quern_LinearPartsOp : Quern_Op<"linear_parts", [Pure, DeclareOpInterfaceMethods<Quern_ReferenceOpInterface>]> {
  let summary = "a product over each part of the columns by itself";
  let description = [{
    The first phase of a `quern.linear` of few outputs (split-K). Part i is the
    columns i * columns .. (i + 1) * columns - 1 of operand and weight; its products
    are the result's columns i * N .. (i + 1) * N - 1, where N are the weight's rows.
    `quern.sum_parts` adds them up.

    (C1) the operand has as many columns as the weight
    (C2) a part has a positive number of columns, a multiple of 32
    (C3) there are at least two parts, and as many as the weight's columns fill
    (C4) the result has parts * the weight's rows columns

    ```mlir
    %p = quern.linear_parts %x, %w {columns = 1024, parts = 2} : (!quern.rows<1536, i16>, !quern.panels<576 x 1536, ...>) -> tensor<?x1152xf32>
    ```
  }];
  let arguments = (ins Quern_AnyRows:$input, Quern_AnyWeight:$weight,
                       I64Attr:$columns, I64Attr:$parts);
  let results = (outs Quern_Activations:$result);
  let assemblyFormat = "$input `,` $weight attr-dict `:` functional-type(operands, results)";
  let hasVerifier = 1;
}

def Quern_SumPartsOp : Quern_Op<"sum_parts", [Pure, DeclareOpInterfaceMethods<Quern_ReferenceOpInterface>]> {
  let summary = "the sum of parts";
  let description = [{
    The second phase: `y[c] = x[c] + x[N + c] + x[2 N + c] + ...` in this order, where
    N are the result's columns.

    (C1) there are 2 to 65536 parts
    (C2) the operand has parts * the result's columns

    ```mlir
    %y = quern.sum_parts %p {parts = 2} : tensor<?x1152xf32> -> tensor<?x576xf32>
    ```
  }];
  let arguments = (ins Quern_Activations:$input, I64Attr:$parts);
  let results = (outs Quern_Activations:$result);
  let assemblyFormat = "$input attr-dict `:` type($input) `->` type($result)";
  let hasVerifier = 1;
}
