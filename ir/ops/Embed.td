//===- Embed.td - Token embedding --------------------------*- tablegen -*-===//

def Quern_EmbedOp : Quern_Op<"embed", [Pure, Quern_ReadsNamedRows,
    DeclareOpInterfaceMethods<Quern_ReferenceOpInterface>]> {
  let summary = "rows of the embedding, selected by token";
  let description = [{
    `y[r] = scale * table[tokens[r]]`

    (C1) the result has the table's columns

    ```mlir
    %x = quern.embed %tokens, %w {scale = 1.0 : f32} : (tensor<?xi32>, !quern.weight<49152 x 576, "q8_0">) -> tensor<?x576xf32>
    ```
  }];
  let arguments = (ins Quern_Tokens:$tokens, Quern_AnyWeight:$table,
                       DefaultValuedAttr<F32Attr, "1.0f">:$scale);
  let results = (outs Quern_Activations:$result);
  let assemblyFormat = "$tokens `,` $table attr-dict `:` functional-type(operands, results)";
  let hasVerifier = 1;
}
