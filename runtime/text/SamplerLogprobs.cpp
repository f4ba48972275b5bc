//===- SamplerLogprobs.cpp - What the model thought of a token --*- C++ -*-===//

#include "text/SamplerLogprobs.h"

#include "Error.h"
#include "text/SamplerMath.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <string>

namespace quern {

static constexpr float minusInfinity = -std::numeric_limits<float>::infinity();

Logprobs::Logprobs(size_t m, size_t v)
    : most(std::min(m, v)), vocab(v), scan(v), candidates(v) {
  if (vocab == 0 || vocab > INT32_MAX)
    throw Error("logprobs: a vocabulary of " + std::to_string(vocab) +
                " tokens");
  likeliest.reserve(most);
}

void Logprobs::read(std::span<const float> logits) {
  if (logits.size() != vocab)
    throw Error("logprobs: " + std::to_string(logits.size()) + " logits for " +
                std::to_string(vocab) + " tokens");
  scan.read(logits);
  likeliest.clear();
  if (scan.best() == minusInfinity)
    return;
  logTotal = sampling::logPositive(sampling::samplerKernels().sumWeights(
      logits.data(), logits.size(), scan.best()));
  if (most == 0)
    return;
  candidates.collectBest(scan, minusInfinity, most);
  candidates.sort();
  for (const sampling::Candidate &c : candidates.tokens())
    likeliest.push_back({c.id, of(c.id)});
}

double Logprobs::of(int32_t id) const {
  float logit = scan.logits()[static_cast<size_t>(id)];
  if (std::isnan(logit) || logit == minusInfinity)
    return double(minusInfinity);
  double d = logit == scan.best() ? 0 : double(logit) - double(scan.best());
  return d - logTotal;
}

} // namespace quern
