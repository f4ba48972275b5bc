//===- SamplerLogprobs.h - What the model thought of a token ---*- C++ -*-===//
//
// Logarithms of probabilities as the model gave them: a softmax over the whole
// vocabulary, at temperature 1, before any step of the sampler. It is what
// llama.cpp's server reports by default, and OpenAI's API.
//
//===----------------------------------------------------------------------===//
#pragma once

#include "text/SamplerCandidates.h"

#include <span>
#include <vector>

namespace quern {

struct TokenLogprob {
  int32_t id;
  double logprob; ///< natural logarithm, <= 0; minus infinity: impossible
};

class Logprobs {
public:
  /// For the `most` likeliest tokens of `vocab`. All memory is reserved here.
  Logprobs(size_t most, size_t vocab);

  /// Looks at the logits of a step (`vocab` floats; NaN counts as minus
  /// infinity), which must stay until `of` was last called.
  void read(std::span<const float> logits);

  /// The likeliest tokens, best first, equal ones by id. Fewer than asked for
  /// only where the others are impossible.
  std::span<const TokenLogprob> best() const { return likeliest; }
  /// Any token's.
  double of(int32_t id) const;

private:
  size_t most, vocab;
  sampling::LogitScan scan;
  sampling::Candidates candidates;
  std::vector<TokenLogprob> likeliest;
  double logTotal = 0;
};

} // namespace quern
