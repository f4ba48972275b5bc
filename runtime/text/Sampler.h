//===- Sampler.h - From logits to the next token ---------------*- C++ -*-===//
//
// One sequence's chain of samplers: see SamplerOptions.h for its steps and
// their order. A caller tells it every token of the sequence, prompt included,
// with `accept`, and asks it for the next one with `sample`:
//
//   Sampler sampler(options, vocabulary);
//   sampler.accept(prompt);
//   for (;;) {
//     int32_t token = sampler.sample(logits);
//     sampler.accept(token);
//     ...
//
// Given options (the seed included), the same tokens and the same logits, the
// same token comes out on every machine: the generator is xoshiro256** (Blackman
// and Vigna 2018) seeded by splitmix64, exp and log are polynomials of its own
// in double precision, sums go in a fixed order, and equal logits are ordered by
// id. Each `sample` takes one number from the generator, and one more before it
// if XTC is on and has a choice; where options leave only the likeliest token to
// come out, it takes none.
//
// Nothing is allocated after construction, and the vocabulary is never sorted.
//
//===----------------------------------------------------------------------===//
#pragma once

#include "text/RankedLogits.h"
#include "text/SamplerCandidates.h"
#include "text/SamplerHistory.h"
#include "text/SamplerMirostat.h"
#include "text/SamplerOptions.h"

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>

namespace quern {

struct TokenProbability {
  int32_t id;
  double probability;
};

/// Draws tokens for one sequence. Not thread-safe; one per sequence.
class Sampler {
public:
  /// `vocab`: the number of logits in every call. All memory is reserved here.
  /// Throws Error with what `checkSamplerOptions` finds.
  Sampler(const SamplerOptions &options, size_t vocab);

  /// Bytes that a sampler with these options reserves, for a memory plan. Of
  /// the candidates (16 bytes a token), only what a step's lists need is ever
  /// touched: next to nothing with top-k, half without.
  static size_t bytes(const SamplerOptions &options, size_t vocab);

  /// The sequence goes on with these tokens. Takes no time where no penalty is
  /// on. Ids outside of the vocabulary are allowed.
  void accept(int32_t token);
  void accept(std::span<const int32_t> tokens);

  /// The next token for `logits` (`vocab` floats; NaN counts as minus
  /// infinity), not yet accepted. If no token has any probability, the lowest
  /// id whose logit is minus infinity, or 0.
  int32_t sample(std::span<const float> logits);

  /// So many of the largest logits are all that these options look at: 1 if they are
  /// greedy, K of a top-k that is the first step; 0: they look at all of them.
  size_t logitsNeeded() const;
  /// The same token, to the bit of what it is drawn from, by the `logitsNeeded()`
  /// largest logits or more. Throws Error for tokens that are none.
  int32_t sample(const RankedLogits &best);

  /// Back to the state after construction, for another sequence.
  void reset();

  /// What the last `sample` drew from: `survivors()` tokens, of which there is
  /// at least one. Best first up to 1024 of them, in order of ids beyond.
  size_t survivors() const { return candidates.size(); }
  TokenProbability survivor(size_t i) const;

  /// Mirostat's limit of surprise, in bits.
  double mu() const { return mirostat.mu(); }

private:
  void seed();
  double uniform();
  bool cutsAtTopK() const {
    return options.topK > 0 && static_cast<size_t>(options.topK) < vocab;
  }
  int32_t drawBest(float logit, int32_t token);
  void cut();
  double heat() const;
  int32_t draw(double heat);

  SamplerOptions options;
  size_t vocab;
  bool greedy; ///< nothing but the best token can come out
  sampling::LogitChanges changes;
  sampling::LogitScan scan;
  sampling::Candidates candidates;
  sampling::Mirostat mirostat;
  std::array<uint64_t, 4> state;
  double lastHeat = 1, lastTotal = 1; ///< of the last draw
};

} // namespace quern
