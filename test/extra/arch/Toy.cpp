//===- Toy.cpp - An architecture that nobody uses -------------------------===//
//
// It shows that an architecture costs one file: the blocks that all share, and
// between two of them an op of its own. Pre-norm, grouped-query attention with
// rotary embedding as in Llama; an MLP without a gate, down(relu(up(x))^2).
//
//===----------------------------------------------------------------------===//
#include "frontend/Arch.h"
#include <cmath>

using namespace mlir;
using namespace quern;

static AttentionBlock attentionOf(ArchBuilder &b, uint64_t width) {
  AttentionBlock a;
  a.heads = b.size("attention.head_count", 1024);
  a.kvHeads = b.sizeOr("attention.head_count_kv", a.heads, a.heads, 1);
  a.headSize = a.ropeDims = b.sizeOr("attention.key_length", width / a.heads, 4096, 2);
  a.ropeBase = b.numberOr("rope.freq_base", 10000);
  a.scale = 1 / std::sqrt(double(a.headSize));
  if (a.heads % a.kvHeads || a.headSize % 2)
    b.fail(b.checkpoint.error("requires heads that are a multiple of KV heads and "
                              "of even length"));
  return a;
}

static Value squaredMlp(ArchBuilder &b, Value x, const std::string &layer,
                        uint64_t hidden, uint64_t width) {
  Value y = b.linear(x, layer + ".ffn_up", hidden);
  if (!y)
    return {};
  return b.linear(ToyRelu2Op::create(b, y), layer + ".ffn_down", width);
}

static void build(ArchBuilder &b) {
  const uint64_t layers = b.size("block_count", 1024);
  const uint64_t width = b.size("embedding_length", 1 << 17);
  const uint64_t hidden = b.size("feed_forward_length", 1 << 20);
  const double epsilon = b.number("attention.layer_norm_rms_epsilon");
  const AttentionBlock attention = attentionOf(b, width);
  const uint64_t vocabulary = b.rowsOf("token_embd");

  Value x = b.embed("token_embd", vocabulary, width);
  for (uint64_t i = 0; i < layers && !b.failed(); ++i) {
    std::string layer = "blk." + std::to_string(i);
    Value y = b.norm(x, layer + ".attn_norm", epsilon);
    x = b.add(b.attention(y, layer, attention, width), x);
    y = b.norm(x, layer + ".ffn_norm", epsilon);
    x = b.add(squaredMlp(b, y, layer, hidden, width), x);
  }
  b.finish(x, epsilon, vocabulary);
}

Architecture quern::arch::Toy() { return {"toy", build}; }
