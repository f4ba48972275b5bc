//===- AttentionParts.td - Attention in two phases ---------*- tablegen -*-===//

def Quern_AttentionPartsOp : Quern_Op<"attention_parts", [DeclareOpInterfaceMethods<Quern_ReferenceOpInterface>]> {
  let summary = "attention over each part of the positions by itself";
  let description = [{
    The first phase of a `quern.attention` over a long context. Part i is the keys at
    positions i * keys .. (i + 1) * keys - 1, whatever the row: boundaries lie at
    absolute positions, so that the parts of a row are the same in any company. Of
    each query head and part the result has, side by side, for the keys that the row
    sees,

        o[size]   sum of e^(s - m) * v
        m         the largest score s
        l         sum of e^(s - m)

    and zeros where it sees none: l is 1 at least where it sees one. The order in a row
    is [head][part][size + 2]. `quern.merge_parts` makes the attention of it (Dao et
    al., "Flash-Decoding for long-context inference", 2023).

    (C1) query columns are a multiple of heads * size of the cache
    (C2) there are 2 to 65536 parts, of 1 to 2^24 keys
    (C3) the result has query heads * parts * (size + 2) columns
    (C4) softcap is positive

    ```mlir
    %p = quern.attention_parts %q, %kv, %step {keys = 512, parts = 16, scale = 0.125 : f32} : (tensor<?x576xf32>, !quern.kv<3 x 64>, !quern.step) -> tensor<?x9504xf32>
    ```
  }];
  let arguments = (ins Quern_Activations:$query,
                       Arg<Quern_KvType, "", [MemRead]>:$cache,
                       Quern_StepType:$step, F32Attr:$scale, OptionalAttr<F32Attr>:$softcap,
                       I64Attr:$keys, I64Attr:$parts);
  let results = (outs Quern_Activations:$result);
  let assemblyFormat = "$query `,` $cache `,` $step attr-dict `:` functional-type(operands, results)";
  let hasVerifier = 1;
}

def Quern_MergePartsOp : Quern_Op<"merge_parts", [Pure, DeclareOpInterfaceMethods<Quern_ReferenceOpInterface>]> {
  let summary = "the attention of its parts";
  let description = [{
    The second phase: parts are combined in their order. With M the largest m of those
    parts of a head whose l is not 0, and the sums over those,

        y = sum of o * e^(m - M)  /  sum of l * e^(m - M)

    (C1) there are 2 to 65536 parts, and the size is 1 to 2^24
    (C2) the operand has parts * (size + 2) columns for each size columns of the result

    ```mlir
    %y = quern.merge_parts %p {parts = 16, size = 64} : tensor<?x9504xf32> -> tensor<?x576xf32>
    ```
  }];
  let arguments = (ins Quern_Activations:$input, I64Attr:$parts, I64Attr:$size);
  let results = (outs Quern_Activations:$result);
  let assemblyFormat = "$input attr-dict `:` type($input) `->` type($result)";
  let hasVerifier = 1;
}
