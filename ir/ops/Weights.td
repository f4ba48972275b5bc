//===- Weights.td - Symbols of a model ---------------------*- tablegen -*-===//

def Quern_WeightOp : Quern_Op<"weight", [Symbol]> {
  let summary = "a weight of the model";
  let description = [{
    Names a tensor of the model file (`source`; by default the symbol's own
    name) and gives its type: `!quern.weight` as imported, `!quern.panels` or an
    f32 tensor once the packing pass has decided how it is stored.

    ```mlir
    quern.weight @blk.0.attn_q : !quern.weight<576 x 576, "q4_1">
    ```
  }];
  let arguments = (ins SymbolNameAttr:$sym_name, TypeAttr:$type,
                       OptionalAttr<StrAttr>:$source,
                       OptionalAttr<I64Attr>:$offset);
  let assemblyFormat = [{
    $sym_name `:` $type (`from` $source^)? (`at` $offset^)? attr-dict
  }];
}

def Quern_ConstantOp : Quern_Op<"constant", [Symbol]> {
  let summary = "numbers that the compiler computed";
  let description = [{
    A table in the weights section, such as the angles of a rotary embedding.

    (C1) the numbers are dense: of 8, 16, 32 or 64 bits each, in memory

    ```mlir
    quern.constant @rope.0 = dense<...> : tensor<192x64xf32>
    ```
  }];
  let arguments = (ins SymbolNameAttr:$sym_name, ElementsAttr:$value,
                       OptionalAttr<I64Attr>:$offset);
  let assemblyFormat = "$sym_name `=` $value (`at` $offset^)? attr-dict";
  let hasVerifier = 1;
}

def Quern_KvCacheOp : Quern_Op<"kv_cache", [Symbol]> {
  let summary = "the keys and values of one layer";
  let description = [{
    ```mlir
    quern.kv_cache @kv.0 : !quern.kv<3 x 64>
    ```
    The layout pass adds `group` (which page table) and `index` (the layer in
    its group).

    (C1) there are both group and index, not negative, or neither
  }];
  let arguments = (ins SymbolNameAttr:$sym_name, TypeAttrOf<Quern_KvType>:$type,
                       OptionalAttr<I64Attr>:$group, OptionalAttr<I64Attr>:$index);
  let assemblyFormat = [{
    $sym_name `:` $type (`group` $group^ `index` $index)? attr-dict
  }];
  let hasVerifier = 1;
}

def Quern_GetOp : Quern_Op<"get", [Pure, DeclareOpInterfaceMethods<SymbolUserOpInterface>]> {
  let summary = "the value of a weight, constant or KV cache";
  let description = [{
    (C1) the symbol is a `quern.weight`, `quern.constant` or `quern.kv_cache`
    (C2) of the result's type

    ```mlir
    %w = quern.get @blk.0.attn_q : !quern.weight<576 x 576, "q4_1">
    ```
  }];
  let arguments = (ins FlatSymbolRefAttr:$symbol);
  let results = (outs AnyType:$result);
  let assemblyFormat = "$symbol attr-dict `:` type($result)";
}
