//===- Llama.cpp - Llama and its like -------------------------------------===//
//
// Pre-norm, grouped-query attention with rotary embedding, SiLU-gated MLP.
// Touvron et al., 2023, arXiv:2302.13971; Llama 3's frequency factors as in the
// published configuration ("rope_scaling": "llama3").
//
//===----------------------------------------------------------------------===//
#include "frontend/Arch.h"
#include <cmath>

using namespace mlir;
using namespace quern;

/// Divisors of the angles: long wavelengths are stretched by `factor`, short
/// ones are left alone, between them it is interpolated.
static llvm::SmallVector<double> llama3Factors(ArchBuilder &b, double base,
                                               uint64_t dims) {
  double factor = b.number("rope.scaling.factor");
  double low = b.number("rope.scaling.low_freq_factor");
  double high = b.number("rope.scaling.high_freq_factor");
  double original = b.number("rope.scaling.original_context_length");
  llvm::SmallVector<double> factors;
  for (uint64_t i = 0; i < dims / 2; ++i) {
    double wavelength = 2 * M_PI * std::pow(base, 2.0 * i / dims);
    double smooth = (original / wavelength - low) / (high - low);
    if (wavelength < original / high)
      factors.push_back(1);
    else if (wavelength > original / low)
      factors.push_back(factor);
    else
      factors.push_back(1 / ((1 - smooth) / factor + smooth));
  }
  return factors;
}

static AttentionBlock attentionOf(ArchBuilder &b, uint64_t width) {
  AttentionBlock a;
  a.heads = b.size("attention.head_count", 1024);
  a.kvHeads = b.sizeOr("attention.head_count_kv", a.heads, a.heads, 1);
  a.headSize = b.sizeOr("attention.key_length", width / a.heads, 4096, 1);
  uint64_t valueSize = b.sizeOr("attention.value_length", a.headSize, 4096, 1);
  a.ropeDims = b.sizeOr("rope.dimension_count", a.headSize, a.headSize, 2);
  a.ropeBase = b.numberOr("rope.freq_base", 10000);
  a.ropeHalf = b.flagOr("quern.rope.half", false);
  a.scale = 1 / std::sqrt(double(a.headSize));
  if (a.heads % a.kvHeads || valueSize != a.headSize || a.ropeDims % 2)
    b.fail(
        b.checkpoint.error("requires heads that are a multiple of KV heads, "
                           "keys and values of one "
                           "length and an even number of rotated dimensions"));
  if (b.has("rope_freqs"))
    a.ropeFactors = b.numbers("rope_freqs", a.ropeDims / 2);
  else if (b.checkpoint.findMeta("llama.rope.scaling.factor") && a.ropeHalf)
    a.ropeFactors = llama3Factors(b, a.ropeBase, a.ropeDims);
  return a;
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
    x = b.add(b.gatedMlp(y, layer, Activation::Silu, hidden, width), x);
  }
  b.finish(x, epsilon, vocabulary);
}

Architecture quern::arch::Llama() { return {"llama", build}; }
