//===- SamplerDrawTest.cpp - Draws, seeds and memory ------------*- C++ -*-===//

#include "SamplerReference.h"

#include "text/SamplerLogprobs.h"

#include <gtest/gtest.h>

#include <atomic>
#include <cmath>
#include <cstdlib>
#include <new>

using namespace quern;
using namespace quern::test;

static std::atomic<size_t> allocations = 0;

void *operator new(size_t size) {
  ++allocations;
  if (void *out = std::malloc(size ? size : 1))
    return out;
  throw std::bad_alloc();
}
void *operator new[](size_t size) { return operator new(size); }
void operator delete(void *p) noexcept { std::free(p); }
void operator delete(void *p, size_t) noexcept { std::free(p); }
void operator delete[](void *p) noexcept { std::free(p); }
void operator delete[](void *p, size_t) noexcept { std::free(p); }

/// The probability of each token.
static std::vector<double> expected(const SamplerOptions &o,
                                    const std::vector<float> &logits) {
  std::vector<double> p(logits.size());
  auto add = [&](const std::vector<Entry> &list, double factor) {
    for (const Entry &e : list)
      p[size_t(e.id)] += e.p * factor;
  };
  if (o.mirostat) {
    // It stays where it begins: what is drawn does not depend on what was.
    EXPECT_EQ(o.mirostatEta, 0);
    add(expectedMirostat(logits, o, 2 * double(o.mirostatTau)), 1);
    return p;
  }
  double excluded = double(o.xtcProbability);
  add(expectedTokens(logits, o, {}, true), excluded);
  add(expectedTokens(logits, o, {}, false), 1 - excluded);
  return p;
}

/// Draws many times; Pearson's statistic must be within 5 deviations.
static void checkDraws(const SamplerOptions &o,
                       const std::vector<float> &logits, int draws = 100000) {
  std::vector<double> p = expected(o, logits);
  Sampler sampler(o, logits.size());
  std::vector<int> counts(logits.size());
  for (int i = 0; i < draws; ++i)
    ++counts[size_t(sampler.sample(logits))];
  // Tokens too rare for the approximation make one cell.
  double chi = 0, rare = 0;
  int cells = 0, rareCount = 0;
  auto cell = [&](int count, double expected) {
    chi += (count - expected) * (count - expected) / expected;
    ++cells;
  };
  for (size_t i = 0; i < p.size(); ++i) {
    if (p[i] == 0)
      EXPECT_EQ(counts[i], 0) << "token " << i << " was excluded";
    else if (p[i] * draws >= 10)
      cell(counts[i], p[i] * draws);
    else
      rare += p[i] * draws, rareCount += counts[i];
  }
  if (rare >= 10)
    cell(rareCount, rare);
  double freedom = cells - 1;
  EXPECT_GE(freedom, 1);
  EXPECT_LT(chi, freedom + 5 * std::sqrt(2 * freedom));
  EXPECT_GT(chi, freedom - 5 * std::sqrt(2 * freedom)); // not chance otherwise
}

TEST(SamplerDraws, FollowTheDistribution) {
  auto logits = randomLogits(300, Kind::Normal, 11);
  auto check = [&](SamplerOptions o) {
    o.seed = 2024;
    checkDraws(o, logits);
  };
  check({});
  check({.temp = 1, .topK = 0, .topP = 1, .minP = 0});
  check({.temp = 1.5f, .topK = 0, .topP = 0.9f, .minP = 0});
  check({.temp = 2, .topK = 50, .topP = 1, .minP = 0, .typicalP = 0.8f});
  check({.topK = 0, .minP = 0, .dynatempRange = 0.6f});
  check({.temp = 1, .topK = 7, .topP = 1, .minP = 0});
  check({.temp = 1, .topK = 0, .topP = 1, .minP = 0.1f});
  check({.temp = 1, .topK = 0, .topP = 1, .minP = 0, .topNSigma = 1.5f});
  SamplerOptions xtc = {.temp = 1, .topP = 1, .minP = 0};
  xtc.xtcProbability = 0.3f;
  xtc.xtcThreshold = 0.03f;
  check(xtc);
  for (int version : {1, 2}) {
    SamplerOptions mirostat = {.temp = 1.3f, .mirostat = version};
    mirostat.mirostatTau = 4, mirostat.mirostatEta = 0;
    check(mirostat);
  }
}

TEST(SamplerDraws, FollowTheDistributionInLongLists) {
  // Longer than what is sorted: 3000 tokens, 1 of them half of the mass.
  std::vector<float> logits(3000, 0.0f);
  logits[1234] = std::log(3000.0f);
  checkDraws({.temp = 1, .topK = 0, .topP = 1, .minP = 0}, logits, 40000);
}

static std::vector<int32_t> tokens(const SamplerOptions &o, size_t n) {
  Sampler sampler(o, 5000);
  std::vector<int32_t> out;
  for (size_t i = 0; i < n; ++i) {
    out.push_back(sampler.sample(randomLogits(5000, Kind::Normal, i)));
    sampler.accept(out.back());
  }
  return out;
}

static SamplerOptions everything() {
  SamplerOptions o = {.temp = 1.2f, .topK = 100, .topP = 0.99f, .minP = 0.001f};
  o.topNSigma = 6, o.typicalP = 0.99f;
  o.xtcProbability = 0.5f, o.xtcThreshold = 0.1f;
  o.dynatempRange = 0.5f, o.dynatempExponent = 1.5f;
  o.repeatPenalty = 1.2f, o.presencePenalty = 0.3f, o.frequencyPenalty = 0.2f;
  o.dryMultiplier = 0.8f, o.dryBreakers = {{1}, {2, 3}};
  o.logitBias = {{17, 0.5f}, {18, -1}};
  return o;
}

TEST(SamplerDraws, SameSeedSameTokens) {
  for (SamplerOptions o :
       {SamplerOptions{}, everything(), SamplerOptions{.mirostat = 1},
        SamplerOptions{.mirostat = 2}}) {
    o.seed = 7;
    auto first = tokens(o, 20);
    EXPECT_EQ(first, tokens(o, 20));
    o.seed = 8;
    EXPECT_NE(first, tokens(o, 20));
  }
}

TEST(SamplerDraws, ResetStartsOver) {
  SamplerOptions o = everything();
  Sampler sampler(o, 5000);
  std::vector<int32_t> rounds[2];
  for (auto &round : rounds) {
    for (size_t i = 0; i < 10; ++i) {
      round.push_back(sampler.sample(randomLogits(5000, Kind::Normal, i)));
      sampler.accept(round.back());
    }
    sampler.reset();
  }
  EXPECT_EQ(rounds[0], rounds[1]);
}

TEST(SamplerDraws, NothingIsAllocated) {
  SamplerOptions all = everything(), noTopK = everything();
  noTopK.topK = 0;
  const size_t n = 20000;
  auto logits = randomLogits(n, Kind::Normal, 1);
  auto equal = randomLogits(n, Kind::Flat, 1);
  for (const SamplerOptions &o :
       {SamplerOptions{}, SamplerOptions{.temp = 0}, all, noTopK,
        SamplerOptions{.temp = 1, .topK = 0, .topP = 1, .minP = 0},
        SamplerOptions{.mirostat = 1}, SamplerOptions{.mirostat = 2}}) {
    Sampler sampler(o, n);
    Logprobs logprobs(20, n);
    EXPECT_GE(Sampler::bytes(o, n), n * 16);
    size_t before = allocations;
    for (int i = 0; i < 100; ++i) {
      const auto &now = i % 10 == 9 ? equal : logits;
      int32_t token = sampler.sample(now);
      sampler.accept(token);
      logprobs.read(now);
    }
    EXPECT_EQ(allocations, before);
  }
  size_t before = allocations;
  operator delete(operator new(4)); // a plain call: not to be optimized away
  EXPECT_GT(allocations, before) << "allocations are not counted";
}
