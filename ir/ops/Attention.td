//===- Attention.td - Attention over a KV cache ------------*- tablegen -*-===//

def Quern_KvWriteOp : Quern_Op<"kv_write", [DeclareOpInterfaceMethods<Quern_ReferenceOpInterface>]> {
  let summary = "stores the keys and values of this step's rows";
  let description = [{
    Rounds to the stored type (saturating where it is narrower than f32).

    (C1) keys and values have heads * size columns

    ```mlir
    quern.kv_write %k, %v, %kv, %step : tensor<?x192xf32>, tensor<?x192xf32>, !quern.kv<3 x 64>
    ```
  }];
  let arguments = (ins Quern_Activations:$keys, Quern_Activations:$values,
                       Arg<Quern_KvType, "", [MemWrite]>:$cache,
                       Quern_StepType:$step);
  let assemblyFormat = [{
    $keys `,` $values `,` $cache `,` $step attr-dict `:` type($keys) `,` type($values) `,` type($cache)
  }];
  let hasVerifier = 1;
}

def Quern_AttentionOp : Quern_Op<"attention", [DeclareOpInterfaceMethods<Quern_ReferenceOpInterface>]> {
  let summary = "grouped-query attention over cached keys and values";
  let description = [{
    For every row at position p and every query head, softmax over the keys at
    positions max(0, p - window + 1) .. p of `scale * q.k`, optionally capped
    (`softcap * tanh(s / softcap)`), weighs the values. Query head h reads KV
    head h / (query heads / KV heads). K and V are read as stored, this step's
    included.

    (C1) query columns are a multiple of heads * size of the cache
    (C2) the result has the query's type
    (C3) softcap is positive

    ```mlir
    %y = quern.attention %q, %kv, %step {scale = 0.125 : f32} : (tensor<?x576xf32>, !quern.kv<3 x 64>, !quern.step) -> tensor<?x576xf32>
    ```
  }];
  let arguments = (ins Quern_Activations:$query,
                       Arg<Quern_KvType, "", [MemRead]>:$cache,
                       Quern_StepType:$step, F32Attr:$scale, OptionalAttr<F32Attr>:$softcap);
  let results = (outs Quern_Activations:$result);
  let assemblyFormat = "$query `,` $cache `,` $step attr-dict `:` functional-type(operands, results)";
  let hasVerifier = 1;
}
