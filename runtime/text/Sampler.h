//===- Sampler.h - From logits to the next token ---------------*- C++ -*-===//
//
// The chain top-k -> top-p -> min-p -> temperature -> draw, in llama.cpp's
// order and with its defaults. Each of the first three keeps the best tokens
// only, so the whole chain is "how many of the best": the sampler finds those
// without sorting the vocabulary.
//
// Given options (the seed included) and the same logits, the same token comes
// out on every machine: the generator is xoshiro256** (Blackman and Vigna
// 2018) seeded by splitmix64, exp is a polynomial of its own in double
// precision, sums go in a fixed order, and equal logits are ordered by id.
//
//===----------------------------------------------------------------------===//
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace quern {

struct SamplerOptions {
  float temp = 0.8f;  ///< <= 0: greedy, the lowest id wins a tie
  int topK = 40;      ///< <= 0: off
  float topP = 0.95f; ///< >= 1: off
  float minP = 0.05f; ///< <= 0: off
  uint64_t seed = 0;  ///< callers that want chance draw one from the system
};

/// Draws tokens for one sequence. Not thread-safe; one per sequence.
class Sampler {
public:
  /// `vocab`: the number of logits in every call. All memory is reserved here.
  Sampler(const SamplerOptions &options, size_t vocab);

  /// The next token for `logits` (`vocab` floats; NaN counts as minus
  /// infinity). Advances the generator unless greedy.
  int32_t sample(std::span<const float> logits);

private:
  struct Candidate {
    float logit;
    int32_t id;
  };
  static bool better(const Candidate &a, const Candidate &b);

  void collectTopK(std::span<const float> logits, size_t k);
  void collectAll(std::span<const float> logits);
  void keepMinP(float best);
  void keepTopP(float best);
  size_t draw(float best);
  double uniform();
  double total(float best, double heat) const;

  SamplerOptions options;
  size_t vocab;
  std::vector<Candidate> candidates; ///< capacity `vocab`
  std::array<uint64_t, 4> state;
};

} // namespace quern
