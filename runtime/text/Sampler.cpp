//===- Sampler.cpp - From logits to the next token --------------*- C++ -*-===//
//
// The chain. What each step does is in SamplerHistory.cpp and SamplerDry.cpp
// (changes of single logits), SamplerCuts.cpp (which tokens stay) and
// SamplerMirostat.cpp.
//
//===----------------------------------------------------------------------===//

#include "text/Sampler.h"

#include "Error.h"
#include "text/SamplerMath.h"

#include <algorithm>
#include <bit>
#include <limits>
#include <string>

namespace quern {

static constexpr float minusInfinity = -std::numeric_limits<float>::infinity();

static const SamplerOptions &checked(const SamplerOptions &options,
                                     size_t vocab) {
  if (vocab == 0 || vocab > INT32_MAX)
    throw Error("sampler: a vocabulary of " + std::to_string(vocab) +
                " tokens");
  if (std::string wrong = checkSamplerOptions(options, vocab); !wrong.empty())
    throw Error(wrong);
  return options;
}

/// Whether XTC may do anything.
static bool excludes(const SamplerOptions &o) {
  return o.xtcProbability > 0 && o.xtcThreshold <= 0.5f;
}

/// All cuts but typical and XTC keep the best token.
static bool onlyGreedy(const SamplerOptions &o) {
  return o.temp <= 0 && o.dynatempRange <= 0 && o.typicalP >= 1 && !excludes(o);
}

Sampler::Sampler(const SamplerOptions &o, size_t v)
    : options(checked(o, v)), vocab(v), greedy(onlyGreedy(o)),
      changes(options, vocab), scan(vocab), candidates(vocab),
      mirostat(options, vocab) {
  if (options.mirostat != 0)
    greedy = options.temp <= 0;
  // What was only needed to set up the changes.
  options.dryBreakers = {};
  options.logitBias = {};
  seed();
}

size_t Sampler::bytes(const SamplerOptions &options, size_t vocab) {
  return sizeof(Sampler) + sampling::Candidates::bytes(vocab) +
         sampling::LogitChanges::bytes(options, vocab);
}

void Sampler::seed() {
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

void Sampler::accept(int32_t token) { changes.accept(token); }

void Sampler::accept(std::span<const int32_t> tokens) {
  for (int32_t token : tokens)
    changes.accept(token);
}

void Sampler::reset() {
  changes.reset();
  mirostat.reset();
  seed();
}

/// All cuts from typical to XTC.
void Sampler::cut() {
  const SamplerOptions &o = options;
  auto minKeep = static_cast<size_t>(o.minKeep);
  if (o.typicalP < 1)
    candidates.keepTypical(double(o.typicalP), minKeep);
  if (o.topP < 1)
    candidates.keepTopP(double(o.topP), minKeep);
  if (o.minP > 0)
    candidates.keepMinP(double(o.minP), minKeep);
  if (excludes(o) && candidates.size() > 1 &&
      uniform() <= double(o.xtcProbability))
    candidates.excludeTop(double(o.xtcThreshold), minKeep);
}

/// 1 / temperature; 0 stands for an infinite one's reciprocal: greedy.
double Sampler::heat() const {
  double temp = double(options.temp), range = double(options.dynatempRange);
  if (range > 0 && candidates.size() > 1) {
    double most = sampling::logPositive(double(candidates.size()));
    double entropy = candidates.spread().entropy() / most;
    entropy = std::clamp(entropy, 0.0, 1.0); // against rounding
    double low = std::max(0.0, temp - range), high = temp + range;
    temp = low + (high - low) * sampling::powPositive(
                                    entropy, double(options.dynatempExponent));
  }
  return temp > 0 ? 1 / temp : 0;
}

/// A token by its probability at temperature 1 / heat.
int32_t Sampler::draw(double heat) {
  if (heat > 0) {
    candidates.sortShort();
  } else {
    candidates.keepGreedy();
    heat = 1;
  }
  lastHeat = heat;
  lastTotal = candidates.sumWeights(heat);
  size_t at =
      candidates.size() == 1 && greedy ? 0 : candidates.draw(heat, uniform());
  if (mirostat.active())
    mirostat.observe(sampling::logPositive(lastTotal),
                     candidates.exponent(at, heat));
  return candidates.tokens()[at].id;
}

int32_t Sampler::sample(std::span<const float> logits) {
  if (logits.size() != vocab)
    throw Error("sampler: " + std::to_string(logits.size()) + " logits for " +
                std::to_string(vocab) + " tokens");
  scan.read(changes.apply(logits));
  if (greedy || scan.best() == minusInfinity)
    return drawBest(scan.best(), scan.bestId());
  if (mirostat.active()) {
    double heat = 1 / double(options.temp);
    candidates.collect(scan, minusInfinity);
    mirostat.cut(candidates, heat);
    return draw(heat);
  }
  float floor = options.topNSigma > 0
                    ? scan.sigmaFloor(double(options.topNSigma))
                    : minusInfinity;
  if (cutsAtTopK())
    candidates.collectBest(scan, floor, static_cast<size_t>(options.topK));
  else
    candidates.collect(scan, floor);
  cut();
  return draw(heat());
}

size_t Sampler::logitsNeeded() const {
  if (changes.active())
    return 0;
  if (greedy)
    return 1;
  bool first = !mirostat.active() && options.topNSigma <= 0 && cutsAtTopK();
  return first ? static_cast<size_t>(options.topK) : 0;
}

int32_t Sampler::sample(const RankedLogits &best) {
  size_t needed = logitsNeeded();
  if (needed == 0 || best.logits.size() < needed || best.tokens.size() < needed)
    throw Error("sampler: " + std::to_string(best.logits.size()) +
                " logits where " + std::to_string(needed ? needed : vocab) +
                " are looked at");
  for (float token : best.tokens.first(needed))
    if (!(token >= 0 && double(token) < double(vocab)))
      throw Error("sampler: a ranked token is not in the vocabulary");
  float largest = best.logits[0];
  if (greedy || !(largest > minusInfinity))
    return drawBest(largest > minusInfinity ? largest : minusInfinity,
                    static_cast<int32_t>(best.tokens[0]));
  candidates.collectRanked(
      {best.logits.first(needed), best.tokens.first(needed)});
  cut();
  return draw(heat());
}

/// The one token, greedy or because none has any probability.
int32_t Sampler::drawBest(float logit, int32_t token) {
  bool hopeless = logit == minusInfinity;
  candidates.assign({hopeless ? 0 : logit, token});
  return draw(hopeless ? 0 : 1);
}

TokenProbability Sampler::survivor(size_t i) const {
  double weight = sampling::expNonPositive(candidates.exponent(i, lastHeat));
  return {candidates.tokens()[i].id, weight / lastTotal};
}

} // namespace quern
