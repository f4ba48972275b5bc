//===- Geometry.cpp - Shapes of real models -------------------------------===//
#include "Geometry.h"

using namespace quern;

const std::vector<Geometry> &quern::allGeometries() {
  static const std::vector<Geometry> all = {
      // The vocabulary is SmolLM2's, which tools/fetch-model has.
      {.name = "llama-1b",
       .model = "Llama 3.2 1B with a vocabulary of 49152",
       .architecture = "llama",
       .layers = 16,
       .width = 2048,
       .hidden = 8192,
       .heads = 32,
       .kvHeads = 8,
       .headSize = 64,
       .vocabulary = 49152,
       .context = 131072,
       .ropeBase = 5e5,
       .epsilon = 1e-5,
       .tied = true},
      {.name = "llama-8b",
       .model = "Llama 3 8B",
       .architecture = "llama",
       .layers = 32,
       .width = 4096,
       .hidden = 14336,
       .heads = 32,
       .kvHeads = 8,
       .headSize = 128,
       .vocabulary = 128256,
       .context = 8192,
       .ropeBase = 5e5,
       .epsilon = 1e-5},
      {.name = "gemma-3-1b",
       .model = "Gemma 3 1B",
       .architecture = "gemma3",
       .layers = 26,
       .width = 1152,
       .hidden = 6912,
       .heads = 4,
       .kvHeads = 1,
       .headSize = 256,
       .vocabulary = 262144,
       .context = 32768,
       .ropeBase = 1e6,
       .epsilon = 1e-6,
       .tied = true,
       .qkNorms = true,
       .postNorms = true,
       .window = 512},
      {.name = "qwen3-1.7b",
       .model = "Qwen3 1.7B",
       .architecture = "qwen3",
       .layers = 28,
       .width = 2048,
       .hidden = 6144,
       .heads = 16,
       .kvHeads = 8,
       .headSize = 128,
       .vocabulary = 151936,
       .context = 40960,
       .ropeBase = 1e6,
       .epsilon = 1e-6,
       .tied = true,
       .qkNorms = true},
  };
  return all;
}

std::vector<TensorShape> quern::tensorsOf(const Geometry &g) {
  std::vector<TensorShape> all;
  auto matrix = [&](const std::string &name, uint64_t rows, uint64_t columns) {
    all.push_back({name, rows, columns});
  };
  auto norm = [&](const std::string &name, uint64_t size) {
    all.push_back({name, 1, size, /*isNorm=*/true});
  };
  matrix("token_embd", g.vocabulary, g.width);
  for (uint64_t layer = 0; layer < g.layers; ++layer) {
    std::string prefix = "blk." + std::to_string(layer) + ".";
    norm(prefix + "attn_norm", g.width);
    matrix(prefix + "attn_q", g.heads * g.headSize, g.width);
    matrix(prefix + "attn_k", g.kvHeads * g.headSize, g.width);
    matrix(prefix + "attn_v", g.kvHeads * g.headSize, g.width);
    if (g.qkNorms) {
      norm(prefix + "attn_q_norm", g.headSize);
      norm(prefix + "attn_k_norm", g.headSize);
    }
    matrix(prefix + "attn_output", g.width, g.heads * g.headSize);
    if (g.postNorms)
      norm(prefix + "post_attention_norm", g.width);
    norm(prefix + "ffn_norm", g.width);
    matrix(prefix + "ffn_gate", g.hidden, g.width);
    matrix(prefix + "ffn_up", g.hidden, g.width);
    matrix(prefix + "ffn_down", g.width, g.hidden);
    if (g.postNorms)
      norm(prefix + "post_ffw_norm", g.width);
  }
  norm("output_norm", g.width);
  if (!g.tied)
    matrix("output", g.vocabulary, g.width);
  return all;
}

uint64_t quern::parametersOf(const Geometry &geometry) {
  uint64_t count = 0;
  for (const TensorShape &tensor : tensorsOf(geometry))
    count += tensor.rows * tensor.columns;
  return count;
}
