//===- Sampler.cpp - From logits to the next token --------------*- C++ -*-===//
//
// top-k, top-p and min-p each keep an upper part of the candidates in order of
// their logits, so applying them in any order keeps the same tokens as long as
// top-p sums over what top-k has left. That allows the cheap ones first: only
// what survives is ever sorted.
//
//===----------------------------------------------------------------------===//

#include "text/Sampler.h"

#include "Error.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <limits>
#include <string>

namespace quern {

/// exp(x) for x <= 0, to about 1e-15, by operations that IEEE 754 defines
/// exactly: x = k ln 2 + r with |r| <= ln(2) / 2, a Taylor polynomial for
/// exp(r), and k put into the exponent. Compiled without contraction. No
/// branches and no calls, so that loops over it vectorize.
static inline double expNonPositive(double x) {
  constexpr double log2e = 1.4426950408889634;
  // ln 2 in two parts; the product of the first with k is exact.
  constexpr double ln2High = 0x1.62e42fee00000p-1;
  constexpr double ln2Low = 0x1.a39ef35793c76p-33;
  // Adding this rounds to an integer and leaves it in the low bits.
  constexpr double shift = 0x1.8p52;
  double clamped = x > -700.0 ? x : -700.0;
  double shifted = clamped * log2e + shift;
  double k = shifted - shift;
  double r = (clamped - k * ln2High) - k * ln2Low;
  double sum = 1.0 / 6227020800;
  sum = sum * r + 1.0 / 479001600;
  sum = sum * r + 1.0 / 39916800;
  sum = sum * r + 1.0 / 3628800;
  sum = sum * r + 1.0 / 362880;
  sum = sum * r + 1.0 / 40320;
  sum = sum * r + 1.0 / 5040;
  sum = sum * r + 1.0 / 720;
  sum = sum * r + 1.0 / 120;
  sum = sum * r + 1.0 / 24;
  sum = sum * r + 1.0 / 6;
  sum = sum * r + 1.0 / 2;
  sum = sum * r + 1.0;
  sum = sum * r + 1.0;
  uint64_t exponent = (std::bit_cast<uint64_t>(shifted) + 1023) << 52;
  double out = sum * std::bit_cast<double>(exponent);
  return x > -700.0 ? out : 0.0;
}

/// Weight of a candidate relative to the best one, at temperature 1 / heat.
/// Equal infinities have a difference that is no number, hence the test.
static inline double weight(float logit, float best, double heat = 1.0) {
  double difference = static_cast<double>(logit) - static_cast<double>(best);
  return expNonPositive(logit == best ? 0.0 : difference * heat);
}

static float cleaned(float logit) {
  return std::isnan(logit) ? -std::numeric_limits<float>::infinity() : logit;
}

/// The largest logit; minus infinity if there is none. Eight running maxima
/// make a loop that vectorizes; a maximum does not depend on order.
static float largest(std::span<const float> logits) {
  constexpr size_t lanes = 8;
  float best[lanes];
  std::fill(std::begin(best), std::end(best),
            -std::numeric_limits<float>::infinity());
  size_t i = 0;
  for (; i + lanes <= logits.size(); i += lanes)
    for (size_t lane = 0; lane < lanes; ++lane)
      best[lane] = logits[i + lane] > best[lane] ? logits[i + lane]
                                                 : best[lane]; // NaN: false
  for (; i < logits.size(); ++i)
    best[0] = logits[i] > best[0] ? logits[i] : best[0];
  return *std::max_element(std::begin(best), std::end(best));
}

bool Sampler::better(const Candidate &a, const Candidate &b) {
  return a.logit != b.logit ? a.logit > b.logit : a.id < b.id;
}

Sampler::Sampler(const SamplerOptions &o, size_t v) : options(o), vocab(v) {
  if (vocab == 0 || vocab > INT32_MAX)
    throw Error("sampler: a vocabulary of " + std::to_string(vocab) +
                " tokens");
  auto finite = [](float value, const char *flag) {
    if (!std::isfinite(value))
      throw Error(std::string(flag) + ": not a finite number");
  };
  finite(options.temp, "--temp");
  finite(options.topP, "--top-p");
  finite(options.minP, "--min-p");
  bool limited = options.topK > 0 && static_cast<size_t>(options.topK) < vocab;
  if (options.temp > 0)
    candidates.reserve(limited ? static_cast<size_t>(options.topK) : vocab);
  uint64_t x = options.seed;
  for (uint64_t &word : state) { // splitmix64
    uint64_t z = x += 0x9e3779b97f4a7c15u;
    z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9u;
    z = (z ^ z >> 27) * 0x94d049bb133111ebu;
    word = z ^ z >> 31;
  }
}

/// 53 random bits as a number in [0, 1).
double Sampler::uniform() {
  uint64_t result = std::rotl(state[1] * 5, 7) * 9; // xoshiro256**
  uint64_t t = state[1] << 17;
  state[2] ^= state[0];
  state[3] ^= state[1];
  state[1] ^= state[2];
  state[0] ^= state[3];
  state[2] ^= t;
  state[3] = std::rotl(state[3], 45);
  return static_cast<double>(result >> 11) * 0x1p-53;
}

/// The k best, best first. A heap with the worst of them on top: nearly every
/// logit fails the one comparison with it.
void Sampler::collectTopK(std::span<const float> logits, size_t k) {
  candidates.clear();
  float worst = 0;
  for (size_t i = 0; i < logits.size(); ++i) {
    // NaN must not slip past the comparison, hence its negation.
    if (candidates.size() == k && !(logits[i] > worst))
      continue;
    Candidate c{cleaned(logits[i]), static_cast<int32_t>(i)};
    if (candidates.size() == k) {
      std::pop_heap(candidates.begin(), candidates.end(), better);
      candidates.back() = c;
    } else {
      candidates.push_back(c);
    }
    std::push_heap(candidates.begin(), candidates.end(), better);
    worst = candidates.front().logit;
  }
  std::sort_heap(candidates.begin(), candidates.end(), better);
}

void Sampler::collectAll(std::span<const float> logits) {
  candidates.clear();
  for (size_t i = 0; i < logits.size(); ++i)
    candidates.push_back({cleaned(logits[i]), static_cast<int32_t>(i)});
}

/// Sum of all candidates' weights, in their order.
double Sampler::total(float best, double heat) const {
  // In blocks: weights all at once, then the sum one after the other.
  constexpr size_t block = 64;
  double weights[block], sum = 0;
  for (size_t from = 0; from < candidates.size(); from += block) {
    size_t n = std::min(block, candidates.size() - from);
    for (size_t i = 0; i < n; ++i)
      weights[i] = weight(candidates[from + i].logit, best, heat);
    for (size_t i = 0; i < n; ++i)
      sum += weights[i];
  }
  return sum;
}

/// Drops candidates less likely than minP times the best one.
void Sampler::keepMinP(float best) {
  if (options.minP <= 0)
    return;
  double least = std::min(1.0, static_cast<double>(options.minP));
  // Logarithms differ between machines, so this one only spares work, with
  // room for any error; what is kept is decided by `weight`.
  auto hopeless =
      static_cast<float>(static_cast<double>(best) + std::log(least) - 0.01);
  std::erase_if(candidates, [&](const Candidate &c) {
    return c.logit < hopeless || weight(c.logit, best) < least;
  });
}

/// Sorts the candidates that matter, best first, and drops those beyond the
/// first whose probabilities sum to topP. Probabilities are those among the
/// candidates that were there before keepMinP.
void Sampler::keepTopP(float best) {
  double all = total(best, 1.0);
  keepMinP(best);
  double wanted = static_cast<double>(std::max(options.topP, 0.0f)) * all;
  // Sort a growing front only: the sum is mostly reached by its first few.
  double sum = 0;
  size_t sorted = 0, n = candidates.size();
  while (sorted < n) {
    size_t end = std::min(n, std::max<size_t>(64, sorted * 4));
    auto first = candidates.begin() + static_cast<ptrdiff_t>(sorted);
    auto middle = candidates.begin() + static_cast<ptrdiff_t>(end);
    if (end < n)
      std::nth_element(first, middle, candidates.end(), better);
    std::sort(first, middle, better);
    for (; sorted < end; ++sorted) {
      sum += weight(candidates[sorted].logit, best);
      if (sum >= wanted) {
        candidates.resize(sorted + 1);
        return;
      }
    }
  }
}

/// Index of a candidate drawn by its probability at the options' temperature.
size_t Sampler::draw(float best) {
  double heat = 1.0 / static_cast<double>(options.temp);
  double target = uniform() * total(best, heat);
  double sum = 0;
  for (size_t i = 0; i < candidates.size(); ++i) {
    sum += weight(candidates[i].logit, best, heat);
    if (target < sum)
      return i;
  }
  return candidates.size() - 1;
}

int32_t Sampler::sample(std::span<const float> logits) {
  if (logits.size() != vocab)
    throw Error("sampler: " + std::to_string(logits.size()) + " logits for " +
                std::to_string(vocab) + " tokens");
  float best = largest(logits);
  if (!(options.temp > 0)) {
    auto at = std::find(logits.begin(), logits.end(), best);
    return at == logits.end() ? 0 : static_cast<int32_t>(at - logits.begin());
  }
  bool limited = options.topK > 0 && static_cast<size_t>(options.topK) < vocab;
  if (limited)
    collectTopK(logits, static_cast<size_t>(options.topK));
  else
    collectAll(logits);
  if (options.topP < 1)
    keepTopP(best);
  else
    keepMinP(best);
  return candidates[draw(best)].id;
}

} // namespace quern
