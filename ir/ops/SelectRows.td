//===- SelectRows.td - Rows that go on ---------------------*- tablegen -*-===//

def Quern_SelectRowsOp : Quern_Op<"select_rows", [Pure, AllTypesMatch<["input", "result"]>,
    DeclareOpInterfaceMethods<Quern_ReferenceOpInterface>]> {
  let summary = "only the rows that are wanted";
  let description = [{
    `y[i] = x[rows[i]]`: between the last layer and the logits, of which few
    rows are read.

    ```mlir
    %y = quern.select_rows %x, %rows : tensor<?x576xf32>, tensor<?xi32>
    ```
  }];
  let arguments = (ins Quern_Activations:$input, Quern_Tokens:$rows);
  let results = (outs Quern_Activations:$result);
  let assemblyFormat = "$input `,` $rows attr-dict `:` type($input) `,` type($rows)";
}
