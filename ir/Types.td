//===- Types.td - Weights, activations, KV caches ----------*- tablegen -*-===//
#ifndef QUERN_TYPES_TD
#define QUERN_TYPES_TD

class Quern_Type<string name, string mnemonic_> : TypeDef<Quern_Dialect, name> {
  let mnemonic = mnemonic_;
}

def Quern_WeightType : Quern_Type<"Weight", "weight"> {
  let summary = "a weight matrix as it lies in the model file";
  let description = [{
    `!quern.weight<576 x 1536, "q4_1">`: 576 rows (outputs) of 1536 columns
    (inputs). A vector has one row.
  }];
  let parameters = (ins "int64_t":$rows, "int64_t":$columns,
                        StringRefParameter<"name of the format">:$format);
  let assemblyFormat = "`<` $rows `x` $columns `,` $format `>`";
  let genVerifyDecl = 1; // sizes are positive
}

def Quern_PanelsType : Quern_Type<"Panels", "panels"> {
  let summary = "a packed weight matrix";
  let description = [{
    Panels of 16 rows, one row a lane; a panel is a sequence of records, each
    for the columns of one super-scale (ir/Panel.h). Rows are padded to 16 and
    columns to the span with weights that decode to zero.
  }];
  let parameters = (ins "int64_t":$rows, "int64_t":$columns,
                        "::quern::GroupAttr":$group);
  let assemblyFormat = "`<` $rows `x` $columns `,` $group `>`";
  let genVerifyDecl = 1; // sizes are positive
}

def Quern_RowsType : Quern_Type<"Rows", "rows"> {
  let summary = "activation rows in the arithmetic of a linear";
  let description = [{
    `!quern.rows<576, bf16>`: rows of 576 columns padded with zeros to a
    multiple of 32. `bf16`: row-major. `i16`: blocks of 8 rows; for each block
    and each step of 32 columns one record of 768 bytes,

        8 x { int8 high[32], int8 low[32] }     x = scale * (256 * high + low)
        8 x { f32 scale, f32 scale * sumA, f32 scale * sumB, f32 scale * sum,
              i32 sumA, i32 sumB, i32 sum, i32 0 }

    where sumA, sumB and sum add the 16-bit integers of columns 0-15, 16-31 and
    0-31. A row's record does not depend on the rows beside it. `i16_words`: the
    same, but for the integers of each four columns, which are whole and begin
    with the even ones,

        8 x { int16 x[8][4] }                   columns 4 s + 0, 2, 1, 3

    so that a mask or a shift makes words of the codes of either pair. `i8`: as `i16`,
    with integers from -127 to 127 in the place of high halves, and nothing in that
    of low ones. There is no `f32`: such rows are a tensor.
  }];
  let parameters = (ins "int64_t":$columns, EnumParameter<Quern_Number>:$number);
  let assemblyFormat = "`<` $columns `,` $number `>`";
  let genVerifyDecl = 1;
}

def Quern_KvType : Quern_Type<"Kv", "kv"> {
  let summary = "the KV cache of one layer";
  let description = [{
    `!quern.kv<3 x 64, window = 512>`: keys and values of 3 heads of 64; a row
    sees the last 512 positions, itself included (0: all; `?`: the launch of the
    kernel says how many, so that one kernel serves layers of any window). The
    layout pass adds the stored type, f16 or f32, and the tokens of a page, a
    multiple of 16 up to 4096. A page holds, head after head,

        K  [pageTokens/16][size][16]   sixteen tokens beside each other
        V  [pageTokens][size]

    in the stored type, so that scores are sums over `size` of sixteen lanes and
    no reduction crosses lanes. Column d of token t of a head h, in elements from
    the page's begin:

        K  (2 h) * size * pageTokens + (t / 16 * size + d) * 16 + t % 16
        V  (2 h + 1) * size * pageTokens + t * size + d
  }];
  let parameters = (ins "int64_t":$heads, "int64_t":$size,
                        DefaultValuedParameter<"int64_t", "0">:$window,
                        OptionalParameter<"::mlir::Type">:$stored,
                        DefaultValuedParameter<"int64_t", "0">:$page);
  let assemblyFormat = "`<` $heads `x` $size `` custom<KvLayout>($window, $stored, $page) `>`";
  let genVerifyDecl = 1;
  let extraClassDeclaration = [{
    /// Whether the layout pass has seen it.
    bool isLaidOut() const { return getPage() != 0; }
    /// As a kernel sees it: of any window.
    KvType ofAnyWindow() const;
    /// The most tokens of a page.
    static constexpr int64_t kMostPage = 4096;

    /// Bytes of one page: keys and values of all heads. After the layout pass.
    uint64_t pageBytes() const;
  }];
}

def Quern_StepType : Quern_Type<"Step", "step"> {
  let summary = "whose token each row of the step is";
  let description = [{
    For every row its position and its sequence's slot, and the list of row
    tiles (runs of rows of one sequence). See runtime/Plan.h.
  }];
}

def Quern_Tokens : Type<
    CPred<"::quern::isRowIntegers($_self)">,
    "one i32 for each row, tensor<?xi32>", "::mlir::RankedTensorType">;
def Quern_Activations : Type<
    CPred<"::quern::isActivations($_self)">,
    "rows of f32 activations, tensor<?xCxf32>", "::mlir::RankedTensorType">;
def Quern_AnyWeight
    : AnyTypeOf<[Quern_WeightType, Quern_PanelsType, RankedTensorOf<[F32]>]>;
def Quern_AnyRows : AnyTypeOf<[Quern_Activations, Quern_RowsType]>;
#endif
