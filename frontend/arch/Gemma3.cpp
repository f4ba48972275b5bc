//===- Gemma3.cpp - Gemma 3, text -----------------------------------------===//
//
// Scaled embedding; a norm before and after both halves of a layer; QK norm per
// head; of every six layers five see a sliding window and have a rotary base of
// their own; GELU-gated MLP; output tied to the embedding. Gemma Team, 2025,
// arXiv:2503.19786. Norm weights in the file already have 1 added.
//
//===----------------------------------------------------------------------===//
#include "frontend/Arch.h"
#include <cmath>

using namespace mlir;
using namespace quern;

static void build(ArchBuilder &b) {
  const uint64_t layers = b.size("block_count", 1024);
  const uint64_t width = b.size("embedding_length", 1 << 17);
  const uint64_t hidden = b.size("feed_forward_length", 1 << 20);
  const double epsilon = b.number("attention.layer_norm_rms_epsilon");
  const uint64_t window = b.size("attention.sliding_window", 1 << 24);
  const uint64_t pattern =
      b.sizeOr("attention.sliding_window_pattern", 6, 1024, 1);
  const uint64_t vocabulary = b.rowsOf("token_embd");

  AttentionBlock full;
  full.heads = b.size("attention.head_count", 1024);
  full.kvHeads = b.sizeOr("attention.head_count_kv", full.heads, full.heads, 1);
  full.headSize = full.ropeDims =
      b.sizeOr("attention.key_length", width / full.heads, 4096, 2);
  full.ropeBase = b.numberOr("rope.freq_base", 1e6);
  full.ropeHalf = true;
  full.scale = 1 / std::sqrt(double(full.headSize));
  if (full.heads % full.kvHeads || full.headSize % 2 ||
      b.sizeOr("attention.value_length", full.headSize, 4096, 1) !=
          full.headSize)
    b.fail(b.checkpoint.error(
        "requires heads that are a multiple of KV heads, and keys "
        "and values of one even length"));
  AttentionBlock local = full;
  local.window = window;
  local.ropeBase = b.numberOr("rope.freq_base_swa", 1e4);
  // Longer contexts were reached by interpolating positions of full layers.
  if (double factor = b.numberOr("rope.scaling.factor", 1); factor != 1)
    full.ropeFactors.assign(full.ropeDims / 2, factor);

  Value x = b.embed("token_embd", vocabulary, width, std::sqrt(double(width)));
  for (uint64_t i = 0; i < layers && !b.failed(); ++i) {
    std::string layer = "blk." + std::to_string(i);
    const AttentionBlock &attention = (i + 1) % pattern ? local : full;
    Value y = b.norm(x, layer + ".attn_norm", epsilon);
    y = b.attention(y, layer, attention, width, epsilon);
    x = b.add(b.norm(y, layer + ".post_attention_norm", epsilon), x);
    y = b.norm(x, layer + ".ffn_norm", epsilon);
    y = b.gatedMlp(y, layer, Activation::Gelu, hidden, width);
    x = b.add(b.norm(y, layer + ".post_ffw_norm", epsilon), x);
  }
  b.finish(x, epsilon, vocabulary);
}

Architecture quern::arch::Gemma3() { return {"gemma3", build}; }
