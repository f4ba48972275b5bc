//===- SamplerReference.h - The chain, spelled out -------------*- C++ -*-===//
//
// What Sampler must do, written as plainly as possible: double precision, the C
// library, and a full sort for every question. Slow.
//
//===----------------------------------------------------------------------===//
#pragma once

#include "text/Sampler.h"

#include <map>
#include <random>
#include <vector>

namespace quern::test {

struct Entry {
  double logit;
  int32_t id;
  double p;
};

/// The tokens that the chain leaves, best first, with their probabilities. XTC
/// acts if `exclude`, whatever its probability.
std::vector<Entry> expectedTokens(std::vector<float> logits,
                                  const SamplerOptions &options,
                                  const std::vector<int32_t> &history = {},
                                  bool exclude = true);

/// The same for Mirostat with this mu.
std::vector<Entry> expectedMirostat(std::vector<float> logits,
                                    const SamplerOptions &options, double mu);

/// What the sampler last drew from equals `want`, to `tolerance` (relative).
void expectSurvivors(const Sampler &sampler, const std::vector<Entry> &want,
                     double tolerance = 1e-9);

enum class Kind { Normal, Ties, Holes, Extreme, Flat };
inline constexpr Kind allKinds[] = {Kind::Normal, Kind::Ties, Kind::Holes,
                                    Kind::Extreme, Kind::Flat};
/// `n` random logits. Holes: some NaN or minus infinite; Extreme: of all
/// magnitudes a float has.
std::vector<float> randomLogits(size_t n, Kind kind, uint64_t seed);

} // namespace quern::test
