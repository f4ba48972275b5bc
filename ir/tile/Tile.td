//===- Tile.td - Between a kernel's loops and the hardware -*- tablegen -*-===//
//
// The tile dialect: what the inner loop of a linear does, in ops that every
// target can say in its own instructions.
//
//===----------------------------------------------------------------------===//
#ifndef QUERN_TILE_TD
#define QUERN_TILE_TD
include "ir/Quern.td"

def Tile_Dialect : Dialect {
  let name = "tile";
  let cppNamespace = "::quern::tile";
  let summary = "panels, groups and dot products, whatever the hardware";
  let description = [{
    Loops over packed weights (ir/Panel.h) load the codes of a step, take them
    apart, multiply them by activations and apply the factors of their groups.
    This dialect has an op for each of these, so that the loops are written once
    and a target only says how *one* of them is done. The generic lowering to
    arith and vector works everywhere; a target adds patterns of higher benefit
    for what it has instructions for.

    Values are 1-D vectors, several results instead of a vector of vectors:
    LLVM sees the latter as aggregates, which it does not keep in registers.

    The ops know a format only as `#quern.group`. `lane` on an op that reads a
    panel asks for one row of the panel alone: vectors are then a sixteenth as
    long. That is how an embedding row is read.
  }];
  let dependentDialects = ["::quern::QuernDialect"];
}

class Tile_Op<string mnemonic, list<Trait> traits = []>
    : Op<Tile_Dialect, mnemonic, traits>;

def Tile_Bytes : MemRefRankOf<[I8], [1]>;
def Tile_Codes : VectorOfRankAndType<[1], [I8]>;
def Tile_Floats : VectorOfRankAndType<[1], [F32]>;
def Tile_ReadBytes : Arg<Tile_Bytes, "packed panels", [MemRead]>;

//===----------------------------------------------------------------------===//
// Reading a panel
//===----------------------------------------------------------------------===//

def Tile_LoadCodesOp : Tile_Op<"load_codes"> {
  let summary = "the packed codes of one step";
  let description = [{
    Loads the `codes` vectors (as many as a code has bits) that begin at byte
    `at`; `tile.unpack_codes` takes them apart. Two ops, so that a loop can load
    the codes of the next step while it computes this one.

    (C1) the group has codes
    (C2) there is one result for each bit of a code
    (C3) results are vector<64xi8>, or vector<4xi8> with `lane`

    ```mlir
    %p:4 = tile.load_codes %w[%at] of #group : memref<?xi8> -> vector<64xi8>, vector<64xi8>, vector<64xi8>, vector<64xi8>
    ```
  }];
  let arguments = (ins Tile_ReadBytes:$memory, Index:$at,
                       Optional<Index>:$lane, Quern_GroupAttr:$group);
  let results = (outs Variadic<Tile_Codes>:$packed);
  let assemblyFormat = [{
    $memory `[` $at `]` (`lane` $lane^)? `of` $group attr-dict
    `:` type($memory) `->` type($packed)
  }];
  let hasVerifier = 1;
}

def Tile_UnpackCodesOp : Tile_Op<"unpack_codes", [Pure]> {
  let summary = "packed codes as bytes";
  let description = [{
    The eight slots of a step: dword n of slot s holds columns 4s .. 4s+3 of row
    n, as unsigned bytes `value + excess`. The excess is the group's bias, or
    what makes the entries of its table non-negative; see `excessOf`.

    (C1) the group has codes
    (C2) there is one operand for each bit of a code
    (C3) there are eight results
    (C4) operands and results have one type, vector<64xi8> or vector<4xi8>

    ```mlir
    %u:8 = tile.unpack_codes %p#0, %p#1, %p#2, %p#3 of #group : vector<64xi8>
    ```
  }];
  let arguments = (ins Variadic<Tile_Codes>:$packed, Quern_GroupAttr:$group);
  let results = (outs Variadic<Tile_Codes>:$slots);
  let hasCustomAssemblyFormat = 1;
  let hasVerifier = 1;
}

def Tile_LoadSuperOp : Tile_Op<"load_super"> {
  let summary = "a super-scale";
  let description = [{
    Super-scale (with `offset`: super-offset) number `index` of the record that
    begins at byte `record`, decoded and times the unit of the factor; one lane
    for each row of the panel.

    (C1) the group has codes, and an offset where it is asked for
    (C2) the index is less than the supers of a span
    (C3) the result is vector<16xf32>, or vector<1xf32> with `lane`

    ```mlir
    %s = tile.load_super %w[%record] index 0 of #group : memref<?xi8> -> vector<16xf32>
    %m = tile.load_super %w[%record] offset index 0 of #group : memref<?xi8> -> vector<16xf32>
    ```
  }];
  let arguments = (ins Tile_ReadBytes:$memory, Index:$record,
                       Optional<Index>:$lane, UnitAttr:$offset,
                       I64Attr:$index, Quern_GroupAttr:$group);
  let results = (outs Tile_Floats:$result);
  let assemblyFormat = [{
    $memory `[` $record `]` (`lane` $lane^)? (`offset` $offset^)?
    `index` $index `of` $group attr-dict `:` type($memory) `->` type($result)
  }];
  let hasVerifier = 1;
}

def Tile_FactorOp : Tile_Op<"factor", [AllTypesMatch<["super", "result"]>]> {
  let summary = "the scale of a group";
  let description = [{
    `super * (sub - bias)`: scale (with `offset`: offset) of group number
    `number` of a span, from what `tile.load_super` gave and the group's
    sub-scale. The super-scale itself where there are no sub-scales.

    (C1) the group has codes, and an offset where it is asked for
    (C2) the result is vector<16xf32>, or vector<1xf32> with `lane`

    ```mlir
    %d = tile.factor %s, %w[%record] number %g of #group : memref<?xi8> -> vector<16xf32>
    ```
  }];
  let arguments = (ins Tile_Floats:$super, Tile_ReadBytes:$memory,
                       Index:$record, Index:$number, Optional<Index>:$lane,
                       UnitAttr:$offset, Quern_GroupAttr:$group);
  let results = (outs Tile_Floats:$result);
  let assemblyFormat = [{
    $super `,` $memory `[` $record `]` `number` $number (`lane` $lane^)?
    (`offset` $offset^)? `of` $group attr-dict `:` type($memory) `->` type($result)
  }];
  let hasVerifier = 1;
}

def Tile_LoadFloatsOp : Tile_Op<"load_floats"> {
  let summary = "a column of weights that are floats";
  let description = [{
    Sixteen consecutive elements of the group's element type from byte `at` on,
    exactly, as f32. In PanelOrder::Lanes the one that begins with byte `byte` of the
    16 that each lane has from `at` on.

    (C1) the group's codes are floats
    (C2) the result is vector<16xf32>, or vector<1xf32> with `lane`

    ```mlir
    %c = tile.load_floats %w[%at] of #group : memref<?xi8> -> vector<16xf32>
    ```
  }];
  let arguments = (ins Tile_ReadBytes:$memory, Index:$at,
                       Optional<Index>:$lane, DefaultValuedAttr<I32Attr, "0">:$byte,
                       Quern_GroupAttr:$group);
  let results = (outs Tile_Floats:$result);
  let assemblyFormat = [{
    $memory `[` $at `]` (`lane` $lane^)? (`byte` $byte^)? `of` $group attr-dict
    `:` type($memory) `->` type($result)
  }];
  let hasVerifier = 1;
}

def Tile_PrefetchOp : Tile_Op<"prefetch"> {
  let summary = "asks for bytes that will be read soon";
  let description = [{
    Every cache line of `bytes` bytes from byte `at` on, into the cache that
    holds them until then. The address may lie beyond the memory's end.

    (C1) bytes is positive

    ```mlir
    tile.prefetch %w[%ahead] bytes 256 : memref<?xi8>
    ```
  }];
  let arguments = (ins Tile_Bytes:$memory, Index:$at, I64Attr:$bytes);
  let assemblyFormat = [{
    $memory `[` $at `]` `bytes` $bytes attr-dict `:` type($memory)
  }];
  let hasVerifier = 1;
}

//===----------------------------------------------------------------------===//
// Arithmetic
//===----------------------------------------------------------------------===//

def Tile_DotI8Op : Tile_Op<"dot_i8", [Pure, AllTypesMatch<["sum", "result"]>,
                                      AllTypesMatch<["codes", "values"]>]> {
  let summary = "unsigned times signed bytes, four a lane";
  let description = [{
    `result[n] = sum[n] + codes[4n] * values[4n] + ... + codes[4n+3] *
    values[4n+3]` in 32-bit integers that wrap; codes are unsigned, and none is
    greater than `most`; values are signed.

    (C1) there are four bytes for each lane of the sum
    (C2) the most is 1 to 255

    ```mlir
    %t = tile.dot_i8 %s, %u, %x most 15 : vector<16xi32>, vector<64xi8>
    ```
  }];
  let arguments = (ins VectorOfRankAndType<[1], [I32]>:$sum, Tile_Codes:$codes,
                       Tile_Codes:$values,
                       DefaultValuedAttr<I64Attr, "255">:$most);
  let results = (outs VectorOfRankAndType<[1], [I32]>:$result);
  let assemblyFormat = [{
    $sum `,` $codes `,` $values (`most` $most^)? attr-dict `:` type($sum) `,` type($codes)
  }];
  let hasVerifier = 1;
}

def Tile_DotI16Op : Tile_Op<"dot_i16", [Pure, AllTypesMatch<["sum", "result"]>,
                                        AllTypesMatch<["a", "b"]>]> {
  let summary = "signed words, two a lane";
  let description = [{
    `result[n] = sum[n] + a[2n] * b[2n] + a[2n+1] * b[2n+1]` in 32-bit integers that
    wrap.

    (C1) there are two words for each lane of the sum

    ```mlir
    %t = tile.dot_i16 %s, %a, %b : vector<16xi32>, vector<32xi16>
    ```
  }];
  let arguments = (ins VectorOfRankAndType<[1], [I32]>:$sum,
                       VectorOfRankAndType<[1], [I16]>:$a,
                       VectorOfRankAndType<[1], [I16]>:$b);
  let results = (outs VectorOfRankAndType<[1], [I32]>:$result);
  let assemblyFormat = [{
    $sum `,` $a `,` $b attr-dict `:` type($sum) `,` type($a)
  }];
  let hasVerifier = 1;
}

def Tile_DotI8WordsOp : Tile_Op<"dot_i8_words",
    [Pure, AllTypesMatch<["sum", "result"]>, AllTypesMatch<["codes", "values"]>]> {
  let summary = "unsigned times signed bytes, two a word";
  let description = [{
    `result[n] = sum[n] + codes[2n] * values[2n] + codes[2n+1] * values[2n+1]` in 16-bit
    integers; codes are unsigned, values signed. Unspecified where the two products
    or the sum do not fit. `tile.dot_i16` with ones makes 32-bit sums of the words.

    (C1) there are two bytes for each lane of the sum

    ```mlir
    %t = tile.dot_i8_words %s, %u, %x : vector<32xi16>, vector<64xi8>
    ```
  }];
  let arguments = (ins VectorOfRankAndType<[1], [I16]>:$sum, Tile_Codes:$codes,
                       Tile_Codes:$values);
  let results = (outs VectorOfRankAndType<[1], [I16]>:$result);
  let assemblyFormat = [{
    $sum `,` $codes `,` $values attr-dict `:` type($sum) `,` type($codes)
  }];
  let hasVerifier = 1;
}

def Tile_DotBF16Op : Tile_Op<"dot_bf16", [Pure, AllTypesMatch<["sum", "result"]>,
                                          AllTypesMatch<["a", "b"]>]> {
  let summary = "bf16 numbers, two a lane";
  let description = [{
    `result[n] = sum[n] + a[2n] * b[2n] + a[2n+1] * b[2n+1]` in f32. Order and
    rounding of the two additions are the target's, but always the same.

    (C1) there are two numbers for each lane of the sum

    ```mlir
    %t = tile.dot_bf16 %s, %a, %b : vector<16xf32>, vector<32xbf16>
    ```
  }];
  let arguments = (ins Tile_Floats:$sum,
                       VectorOfRankAndType<[1], [BF16]>:$a,
                       VectorOfRankAndType<[1], [BF16]>:$b);
  let results = (outs Tile_Floats:$result);
  let assemblyFormat = [{
    $sum `,` $a `,` $b attr-dict `:` type($sum) `,` type($a)
  }];
  let hasVerifier = 1;
}

def Tile_MatmulBF16Op : Tile_Op<"matmul_bf16"> {
  let summary = "products of rows with decoded weights, added to sums in memory";
  let description = [{
    For what has a matrix unit: a block of a linear in one op. `rows` rows of pairs of
    columns, from `x[xRow, xColumn]` on, meet `pairs` pairs of `tiles` tiles of 16
    weight rows, which lie beside each other from element `at` of `weights` on, pair
    after pair, `of` tiles each:

        sums[row + r, column + 16 t + n] +=
            sum over p of   x[xRow + r, xColumn + 2 p    ] * w(p, t, n, 0)
                          + x[xRow + r, xColumn + 2 p + 1] * w(p, t, n, 1)
        w(p, t, n, i) = weights[at + ((p * of + t) * 16 + n) * 2 + i]

    in f32. `pairs` is a multiple of 16, as many as are taken at a time; order and
    rounding of the additions are the target's, but the same for every row.

    (C1) tiles is positive, and no more than of

    ```mlir
    tile.matmul_bf16 %sums[%r, %c], %x[%i, %j], %w[%k] rows %n pairs %p tiles 4 of 4
      : memref<512x64xf32>, memref<?x576xbf16>, memref<32768xbf16>
    ```
  }];
  let arguments = (ins Arg<MemRefRankOf<[F32], [2]>, "", [MemRead, MemWrite]>:$sums,
                       Index:$row, Index:$column,
                       Arg<MemRefRankOf<[BF16], [2]>, "", [MemRead]>:$x,
                       Index:$xRow, Index:$xColumn,
                       Arg<MemRefRankOf<[BF16], [1]>, "", [MemRead]>:$weights,
                       Index:$at, Index:$rows, Index:$pairs,
                       I64Attr:$tiles, I64Attr:$of);
  let assemblyFormat = [{
    $sums `[` $row `,` $column `]` `,` $x `[` $xRow `,` $xColumn `]` `,`
    $weights `[` $at `]` `rows` $rows `pairs` $pairs `tiles` $tiles `of` $of attr-dict
    `:` type($sums) `,` type($x) `,` type($weights)
  }];
  let hasVerifier = 1;
}

def Tile_LookupOp : Tile_Op<"lookup", [Pure, SameOperandsAndResultType]> {
  let summary = "bytes by a table";
  let description = [{
    `result[i] = table[index[i]]`; what an index beyond the table gives is
    unspecified.

    (C1) the table has 1 to 16 entries

    ```mlir
    %v = tile.lookup %u [0, 1, 3, 6] : vector<64xi8>
    ```
  }];
  let arguments = (ins Tile_Codes:$index, DenseI8ArrayAttr:$table);
  let results = (outs Tile_Codes:$result);
  let assemblyFormat = "$index $table attr-dict `:` type($index)";
  let hasVerifier = 1;
}

def Tile_ColumnOp : Tile_Op<"column", [Pure]> {
  let summary = "one column of a slot as floats";
  let description = [{
    `result[n] = float(slot[4n + byte])`, bytes unsigned.

    (C1) the byte is 0 to 3
    (C2) there are four bytes for each lane of the result

    ```mlir
    %c = tile.column %u [2] : vector<64xi8> -> vector<16xf32>
    ```
  }];
  let arguments = (ins Tile_Codes:$slot, I64Attr:$byte);
  let results = (outs Tile_Floats:$result);
  let assemblyFormat = [{
    $slot `[` $byte `]` attr-dict `:` type($slot) `->` type($result)
  }];
  let hasVerifier = 1;
}

def Tile_ToBF16Op : Tile_Op<"to_bf16", [Pure, AllTypesMatch<["even", "odd"]>]> {
  let summary = "two columns as pairs of bf16";
  let description = [{
    `result[2n] = even[n]`, `result[2n+1] = odd[n]`, rounded to nearest even: an
    operand of `tile.dot_bf16`. Numbers below the least normal one may become
    zero.

    (C1) the result has twice the lanes of an operand

    ```mlir
    %p = tile.to_bf16 %c0, %c1 : vector<16xf32> -> vector<32xbf16>
    ```
  }];
  let arguments = (ins Tile_Floats:$even, Tile_Floats:$odd);
  let results = (outs VectorOfRankAndType<[1], [BF16]>:$result);
  let assemblyFormat = [{
    $even `,` $odd attr-dict `:` type($even) `->` type($result)
  }];
  let hasVerifier = 1;
}
#endif
