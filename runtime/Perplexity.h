//===- Perplexity.h - How well the model predicts a text -------*- C++ -*-===//
//
// llama.cpp's convention, so that numbers can be compared: the text is cut into
// chunks of `context` tokens, each its own sequence, of which the first token
// is replaced by BOS where the model adds one; positions context/2 to
// context - 2 predict the token after them and are scored; a partial chunk is
// dropped.
//
// Every scored row is also hashed. The hash of a run chains the rows' hashes in
// text order, so it says whether two runs computed the same bits, however their
// rows were spread over steps, sequences and threads.
//
//===----------------------------------------------------------------------===//
#pragma once
#include "Engine.h"
#include <vector>

namespace quern {

struct PerplexityOptions {
  uint32_t context = 512; // tokens of a chunk
  plan::Role role = plan::kPrompt;
  uint32_t parallel = 1; // sequences in a step
  uint32_t rows = 1;     // consecutive positions of a sequence in a step
  int32_t bos = -1;      // replaces each chunk's first token; -1: none
};

struct PerplexityResult {
  uint64_t tokens;   // scored
  double perplexity; // exp of the mean negative log-likelihood
  double error;      // its standard error
  uint64_t hash;     // of all scored rows' bits
};

class Perplexity {
public:
  using OnRow = FunctionRef<void(std::span<const float>)>;
  using OnChunks = FunctionRef<void(size_t done, size_t all, double soFar)>;

  /// Throws Error if `ids` is shorter than a chunk or the options do not fit
  /// the engine.
  Perplexity(Engine &engine, std::span<const int32_t> ids,
             const PerplexityOptions &options);

  /// `onRow` gets every scored row's logits, in text order; it needs
  /// options.parallel = 1. `onChunks` is told after every group of chunks.
  PerplexityResult run(OnRow onRow, OnChunks onChunks);

private:
  void runGroup(size_t first, size_t count, OnRow onRow);
  void score(const LogitBlock &block, size_t firstChunk, uint32_t position,
             uint32_t rowsEach, OnRow onRow);
  PerplexityResult result(size_t scored) const;

  uint32_t firstScored() const { return options.context / 2; }
  uint32_t scoredEach() const { return options.context - 1 - firstScored(); }

  Engine &engine;
  std::span<const int32_t> ids;
  PerplexityOptions options;
  size_t chunks;
  std::vector<Row> rows;
  std::vector<uint32_t> slots;
  // By scored row, in text order.
  std::vector<double> losses;
  std::vector<uint64_t> hashes;
};

} // namespace quern
