//===- Passes.td - The compiler's passes, in their order ---*- tablegen -*-===//
#ifndef QUERN_PASSES_TD
#define QUERN_PASSES_TD
include "mlir/Pass/PassBase.td"

/// The values that an option of a Number takes.
defvar number = [{::llvm::cl::values(
    clEnumValN(::quern::Number::F32, "f32", "32-bit floats"),
    clEnumValN(::quern::Number::BF16, "bf16", "bfloat16"),
    clEnumValN(::quern::Number::I16, "i16", "16-bit integers with a scale"),
    clEnumValN(::quern::Number::I16Words, "i16_words", "the same, not in halves"),
    clEnumValN(::quern::Number::I8, "i8", "8-bit integers with a scale"))}];

def PlaceOps : Pass<"quern-place-ops", "::mlir::ModuleOp"> {
  let summary = "decide which of two devices runs what";
  let description = [{
    Ops get `quern.device` where that is not 0. A weight that both devices read
    becomes two symbols, since each packs it in its own way.

    An op that reads a weight goes by its name. `tensors` are rules `PATTERN=DEVICE`,
    of which the last that matches counts: `blk.*.ffn_*=1`. A pattern is that of a
    shell (`*`, `?`, `[0-9]`) and matches whole names, with or without `.weight`; one
    that matches nothing is an error. A matrix that is both embedding and output is
    called `output` where it is multiplied with.

    Names without a rule go by layer: the last `layers` layers are device 0's, and so
    is the output if there is one such layer; the embedding, if all are. The rest is
    device 1's. Which layer an op is in follows from the weights and caches that it and
    its operands depend on, which are named `blk.N.` in all architectures.

    An op without weights is where the fewest values have to be copied: those that it
    reads and nothing else there does, and its own, if ops with weights read it on the
    other device. At a tie it is where its operands come from, if that is one device;
    else it goes by layer. The write of keys and values, the attention that reads them
    and the rotations before both are as one op, so a KV cache has one device.

    ```mlir
    %x = quern.embed %tokens, %e : ...
    %y = quern.linear %x, %w : ...            // %w = quern.get @blk.0.attn_q
    ```
    ```mlir
    %x = quern.embed %tokens, %e {quern.device = 1 : i32} : ...
    %y = quern.linear %x, %w : ...
    ```
  }];
  let options = [
    Option<"layers", "layers", "int64_t", "0", "on the first device, counted from the last">,
    ListOption<"tensors", "tensors", "std::string", "PATTERN=DEVICE, whatever the layer; the last that matches counts">,
  ];
  let dependentDialects = ["::quern::QuernDialect"];
}

/// Passes whose decisions are those of a target run once for each device.
defvar onDevice = Option<"device", "device", "int64_t", "-1",
                         "only ops of this device; -1: of all">;

def ChooseArithmetic : Pass<"quern-choose-arithmetic", "::mlir::ModuleOp"> {
  let summary = "decide what activations of linears are converted to";
  let description = [{
    Gives every linear its `#quern.arithmetic`, from the format of its weight;
    never from a number of rows. Weights are floats, codes, or wide codes: those that
    reach beyond 127, once they are unsigned, which leaves a product with a signed byte
    no room for a second one in 16 bits.

    Before and after:

    ```mlir
    %y = quern.linear %x, %w : (tensor<?x576xf32>, !quern.weight<192 x 576, "q4_1">) -> tensor<?x192xf32>
    ```
    ```mlir
    %y = quern.linear %x, %w {arithmetic = #quern.arithmetic<prompt = bf16, generated = i16>} : ...
    ```
  }];
  let options = [
    Option<"codesPrompt", "codes-prompt", "::quern::Number", "::quern::Number::BF16",
           "of prompt rows and weights that are codes", number>,
    Option<"codesGenerated", "codes-generated", "::quern::Number", "::quern::Number::I16",
           "of generated rows and weights that are codes", number>,
    Option<"widePrompt", "wide-prompt", "::quern::Number", "::quern::Number::BF16",
           "of prompt rows and weights that are wide codes", number>,
    Option<"wideGenerated", "wide-generated", "::quern::Number", "::quern::Number::I16",
           "of generated rows and weights that are wide codes", number>,
    Option<"floatsPrompt", "floats-prompt", "::quern::Number", "::quern::Number::BF16",
           "of prompt rows and weights that are floats", number>,
    Option<"floatsGenerated", "floats-generated", "::quern::Number", "::quern::Number::F32",
           "of generated rows and weights that are floats", number>,
    onDevice,
  ];
  let dependentDialects = ["::quern::QuernDialect"];
}

def LayOutKv : Pass<"quern-lay-out-kv", "::mlir::ModuleOp"> {
  let summary = "decide how keys and values are stored";
  let description = [{
    Gives every KV cache its stored type and the tokens of a page, and numbers
    its layer within a group: caches of one shape and window share a page table.

    ```mlir
    quern.kv_cache @blk.0.kv : !quern.kv<1 x 256, window = 512>
    ```
    ```mlir
    quern.kv_cache @blk.0.kv : !quern.kv<1 x 256, window = 512, stored = f16, page = 64> group 0 index 0
    ```
  }];
  let options = [
    Option<"stored", "stored", "std::string", "\"f16\"", "stored type: f16 or f32">,
    Option<"page", "page", "int64_t", "64", "tokens of a page, a multiple of 16">,
  ];
  let dependentDialects = ["::quern::QuernDialect"];
}

/// The values that an option of a PanelOrder takes.
defvar panelOrder = [{::llvm::cl::values(
    clEnumValN(::quern::PanelOrder::Vectors, "vectors", "for vectors of all rows"),
    clEnumValN(::quern::PanelOrder::Lanes, "lanes", "for threads of which each has a row"))}];

def PackWeights : Pass<"quern-pack-weights", "::mlir::ModuleOp"> {
  let summary = "decide how weights are stored in the artifact";
  let description = [{
    Matrices that linears and embeddings read become panels, of which only the
    shape of the groups is left; vectors become f32 tensors. Every packed layout
    can also decode a single row, so a tied embedding exists once. A format that
    has no kernel is an error at the weight.

    ```mlir
    quern.weight @blk.0.attn_q : !quern.weight<576 x 576, "q4_1">
    quern.weight @output_norm : !quern.weight<1 x 576, "f32">
    ```
    ```mlir
    quern.weight @blk.0.attn_q : !quern.panels<576 x 576, <codes = 4, ...>>
    quern.weight @output_norm : tensor<576xf32>
    ```
  }];
  let options = [
    Option<"order", "order", "::quern::PanelOrder", "::quern::PanelOrder::Vectors",
           "of what a panel has of a step", panelOrder>,
    onDevice,
  ];
  let dependentDialects = ["::quern::QuernDialect"];
}

def TabulateRope : Pass<"quern-tabulate-rope", "::mlir::ModuleOp"> {
  let summary = "compute the angles of rotary embeddings";
  let description = [{
    Every rotary embedding gets a table of cosines and sines, computed in double:
    of positions 0 to 63, and of the multiples of 64 up to the context. Equal
    tables exist once. Base and factors are dropped: layers that differ only in
    them share a kernel.

    ```mlir
    %y = quern.rope %x, %step {base = 1.0e4, dims = 64, size = 64} : ...
    ```
    ```mlir
    quern.constant @rope.0 = dense<...> : tensor<192x64xf32>
    %t = quern.get @rope.0 : tensor<192x64xf32>
    %y = quern.rope %x, %step table %t {dims = 64, size = 64} : ...
    ```
  }];
  let options = [
    Option<"context", "context", "int64_t", "4096", "longest sequence, tokens">,
  ];
  let dependentDialects = ["::quern::QuernDialect"];
}

def SplitRoles : Pass<"quern-split-roles", "::mlir::ModuleOp"> {
  let summary = "one program for prompt rows, one for generated rows";
  let description = [{
    @forward becomes @prompt and @generated. In each, the operands of linears are
    converted to the numbers of that role, once for all linears that share one.

    ```mlir
    func.func @forward(...) {
      %y = quern.linear %x, %w {arithmetic = #quern.arithmetic<prompt = bf16, generated = i16>} : (tensor<?x576xf32>, ...)
    ```
    ```mlir
    func.func @prompt(...) attributes {quern.role = #quern<role prompt>} {
      %c = quern.convert %x : tensor<?x576xf32> -> !quern.rows<576, bf16>
      %y = quern.linear %c, %w : (!quern.rows<576, bf16>, ...)
    ```
  }];
  let dependentDialects = ["::quern::QuernDialect"];
}

def RankLogits : Pass<"quern-rank-logits", "::mlir::ModuleOp"> {
  let summary = "find the best of each row of logits where they are made";
  let description = [{
    Programs whose logits the device makes return two values, of which a step reads
    one: the logits, and the `k` best of each row. Behind the head a program goes on
    in one of two ways, its *tails*: the rows of logits are brought to where the host
    reads them, or ranked, by parts that become lists, which become one.

    Programs with more columns than `quern.top_k` can count stay as they are.

    ```mlir
    %y = quern.linear %x, %w : (...) -> tensor<?x49152xf32>
    return %y : tensor<?x49152xf32>
    ```
    ```mlir
    %y = quern.linear %x, %w : (...) -> tensor<?x49152xf32>
    %0 = quern.top_k %y {k = 64 : i64, part = 1024 : i64} : (tensor<?x49152xf32>) -> tensor<?x6144xf32>
    %1 = quern.merge_top_k %0 {k = 64 : i64, lists = 16 : i64} : (tensor<?x6144xf32>) -> tensor<?x384xf32>
    %2 = quern.merge_top_k %1 {k = 64 : i64, lists = 16 : i64} : (tensor<?x384xf32>) -> tensor<?x128xf32>
    %3 = quern.read_back %y : tensor<?x49152xf32>
    return %3, %2 : tensor<?x49152xf32>, tensor<?x128xf32>
    ```
  }];
  let options = [
    Option<"k", "k", "int64_t", "64", "the best of a row; all, if there are fewer">,
    Option<"part", "part", "int64_t", "1024", "columns that become one list">,
    Option<"lists", "lists", "int64_t", "16", "lists that become one">,
    onDevice,
  ];
  let dependentDialects = ["::quern::QuernDialect"];
}

def FormStages : Pass<"quern-form-stages", "::mlir::ModuleOp"> {
  let summary = "group ops into stages: a root and what is fused to it";
  let description = [{
    Every op becomes part of exactly one stage. What is fused, and why:

    - *epilogue*: element-wise ops join the stage that makes their operand when
      nothing else reads it; gate and up products of one shape join in one stage
      with their GLU, so that neither is ever written to memory;
    - *normalize-convert*: a norm whose only reader converts it;
    - *rotate-write*: the rotation of queries and keys, the norm of each head
      before it, and the write to the cache are one pass over the heads of a row.

    Each can be switched off to see what it is worth.

    ```mlir
    %0 = quern.linear %x, %w : ...
    %1 = quern.add %0, %r : tensor<?x576xf32>
    ```
    ```mlir
    %1 = quern.stage "blk.0.attn_output" rows step(%x, %w, %r : ...) -> (tensor<?x576xf32>) {
    ^bb0(%a: ..., %b: ..., %c: tensor<?x576xf32>):
      %0 = quern.linear %a, %b : ...
      %1 = quern.add %0, %c : tensor<?x576xf32>
      quern.yield %1 : tensor<?x576xf32>
    }
    ```
  }];
  let options = [
    Option<"fuseEpilogue", "epilogue", "bool", "true", "fuse element-wise ops to their producer">,
    Option<"fuseConvert", "normalize-convert", "bool", "true", "fuse conversions to norms">,
    Option<"fuseRotate", "rotate-write", "bool", "true", "fuse rotations and the cache write">,
    onDevice,
  ];
  let dependentDialects = ["::quern::QuernDialect"];
}

def SplitStages : Pass<"quern-split-stages", "::mlir::ModuleOp"> {
  let summary = "two phases where one would keep few workers busy";
  let description = [{
    A stage of few rows has few tasks. So in @generated an attention becomes two
    stages: one makes the attention of each part of the context by itself, the other
    combines the parts. Parts are those of the longest sequence, at absolute positions:
    at most `attention-parts`, of a multiple of `attention-keys` keys. How many keys
    there are, and how many rows, changes nothing. Where a row sees a window of no more
    than four parts, attention stays whole.

    A linear of fewer panels than `linear-tasks` is split by columns (split-K), into so
    many parts that there are about as many tasks, of about `linear-columns` columns at
    least, between super-scales; the last part has what is left. What was fused to it goes with the sum of the parts.

    ```mlir
    %y = quern.stage "blk.0.attention" rows step(%q, %kv, %step : ...) -> (tensor<?x576xf32>) {
    ^bb0(%a: ..., %b: ..., %c: ...):
      %0 = quern.attention %a, %b, %c {scale = 0.125 : f32} : ...
      quern.yield %0 : tensor<?x576xf32>
    }
    ```
    ```mlir
    %p = quern.stage "blk.0.attention" rows step(%q, %kv, %step : ...) -> (tensor<?x9504xf32>) {
    ^bb0(%a: ..., %b: ..., %c: ...):
      %0 = quern.attention_parts %a, %b, %c {keys = 512, parts = 16, scale = 0.125 : f32} : ...
      quern.yield %0 : tensor<?x9504xf32>
    }
    %y = quern.stage "blk.0.attention" rows step(%p : ...) -> (tensor<?x576xf32>) {
    ^bb0(%a: ...):
      %0 = quern.merge_parts %a {parts = 16, size = 64} : tensor<?x9504xf32> -> tensor<?x576xf32>
      quern.yield %0 : tensor<?x576xf32>
    }
    ```

    ```mlir
      %0 = quern.linear %a, %b : (!quern.rows<1536, i16>, !quern.panels<576 x 1536, ...>) -> tensor<?x576xf32>
      %1 = quern.add %0, %c : tensor<?x576xf32>
    ```
    ```mlir
      %0 = quern.linear_parts %a, %b {columns = 768, parts = 2} : ... -> tensor<?x1152xf32>
    ...
      %0 = quern.sum_parts %a {parts = 2} : tensor<?x1152xf32> -> tensor<?x576xf32>
      %1 = quern.add %0, %b : tensor<?x576xf32>
    ```
  }];
  let options = [
    Option<"context", "context", "int64_t", "4096", "longest sequence, tokens">,
    Option<"attentionKeys", "attention-keys", "int64_t", "0",
           "of a part of an attention, or a multiple; 0: it is not split">,
    Option<"attentionParts", "attention-parts", "int64_t", "32", "of an attention, at most">,
    Option<"linearTasks", "linear-tasks", "int64_t", "0",
           "that a linear should have; 0: it is not split">,
    Option<"linearColumns", "linear-columns", "int64_t", "512",
           "of a part of a linear, about; a multiple of 32">,
    onDevice,
  ];
  let dependentDialects = ["::quern::QuernDialect"];
}

def CopyAtSeams : Pass<"quern-copy-at-seams", "::mlir::ModuleOp"> {
  let summary = "copy what a device reads of another";
  let description = [{
    Where a stage reads what a stage of another device made, a `quern.copy` comes
    before it: one for each value and device, where it is first read. What is kept
    from step to step is not copied: a KV cache that stages of two devices use is an
    error.

    ```mlir
    %x = quern.stage "token_embd" rows step(...) ... attributes {quern.device = 1 : i32}
    %y = quern.stage "blk.0.attn_norm" rows step(%x : ...) ...
    ```
    ```mlir
    %x = quern.stage "token_embd" rows step(...) ... attributes {quern.device = 1 : i32}
    %c = quern.copy "token_embd" rows step %x : tensor<?x576xf32>
    %y = quern.stage "blk.0.attn_norm" rows step(%c : ...) ...
    ```
  }];
  let dependentDialects = ["::quern::QuernDialect"];
}

def OutlineKernels : Pass<"quern-outline-kernels", "::mlir::ModuleOp"> {
  let summary = "one kernel for all stages of one shape";
  let description = [{
    The body of each stage moves to a quern.kernel; stages with equal bodies share
    it, so that code does not grow with depth. The window of a KV cache becomes
    `?`: each launch says its own.

    ```mlir
    %y = quern.stage "blk.7.attn_q" rows step(%x, %w : ...) -> (...) { ... }
    ```
    ```mlir
    quern.kernel @generated.linear.0 role generated rows step { ... }
    %y = quern.launch @generated.linear.0 "blk.7.attn_q"(%x, %w : ...) -> (...)
    ```
  }];
  let dependentDialects = ["::quern::QuernDialect"];
}

def PlanMemory : Pass<"quern-plan-memory", "::mlir::ModuleOp"> {
  let summary = "give every value its place and every launch its barrier";
  let description = [{
    Results of launches get offsets in one arena that both programs share, from
    their lifetimes, sized for the most rows of a step. What the logits stages
    read lives to the end, because they may run again with other rows. A program that
    returns ranked logits as well as all of them (quern-rank-logits) has two tails, of
    which a run takes one: each begins with a barrier. Weights and constants get offsets
    in the weights section. A launch gets a barrier
    where memory or a cache that it touches was touched since the last one, and
    one of the two wrote. Step inputs, logits, and page tables lie at the front;
    the module's `quern.plan` has their offsets and the limits.

    ```mlir
    %y = quern.launch @k "blk.7.attn_q"(%x, %w : ...) -> (tensor<?x576xf32>)
    ```
    ```mlir
    %y = quern.launch @k "blk.7.attn_q"(%x, %w : ...) -> (tensor<?x576xf32>) {barrier, offsets = array<i64: 81920>}
    ```
  }];
  let options = [
    Option<"context", "context", "int64_t", "4096", "longest sequence, tokens">,
    Option<"maxBatch", "max-batch", "int64_t", "8", "most sequences of a step">,
    Option<"chunk", "chunk", "int64_t", "512", "most prompt rows of a step">,
    Option<"alignment", "alignment", "int64_t", "64", "of all offsets, a power of two up to 4096">,
  ];
  let dependentDialects = ["::quern::QuernDialect"];
}
#endif
