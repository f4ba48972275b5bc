//===- SamplerTest.cpp - Drawing tokens: values written down ----*- C++ -*-===//

#include "text/Sampler.h"
#include "Error.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

using namespace quern;

/// Logits of a known spread: a fixed permutation of 0, -step, -2 step, ...
static std::vector<float> ramp(size_t n, float step) {
  std::vector<float> out(n);
  for (size_t i = 0; i < n; ++i)
    out[i * 7919 % n] = -step * static_cast<float>(i);
  return out;
}

TEST(Sampler, GreedyTakesTheLowestOfEquals) {
  Sampler s({.temp = 0}, 5);
  EXPECT_EQ(s.sample(std::vector<float>{1, 3, 3, 2, 3}), 1);
  EXPECT_EQ(s.sample(std::vector<float>{-5, -5, -5, -5, -5}), 0);
  float nan = std::nanf(""), inf = std::numeric_limits<float>::infinity();
  EXPECT_EQ(s.sample(std::vector<float>{nan, -inf, 1, nan, 0}), 2);
  EXPECT_EQ(s.sample(std::vector<float>{nan, 5, inf, inf, 0}), 2);
  EXPECT_EQ(s.sample(std::vector<float>{nan, nan, nan, nan, nan}), 0);
}

TEST(Sampler, SameSeedSameTokens) {
  auto logits = ramp(5000, 0.01f);
  // Written down once: any machine and compiler must give these.
  Sampler s({.seed = 42}, logits.size());
  std::vector<int32_t> got;
  for (int i = 0; i < 8; ++i)
    got.push_back(s.sample(logits));
  EXPECT_EQ(got,
            std::vector<int32_t>({838, 28, 2137, 4246, 3003, 3813, 2975, 489}));
  Sampler other({.seed = 43}, logits.size());
  std::vector<int32_t> different;
  for (int i = 0; i < 8; ++i)
    different.push_back(other.sample(logits));
  EXPECT_NE(got, different);
}

TEST(Sampler, OddLogits) {
  float nan = std::nanf(""), inf = std::numeric_limits<float>::infinity();
  for (int topK : {0, 2, 40})
    for (float topP : {0.5f, 1.0f})
      for (float minP : {0.0f, 0.05f}) {
        Sampler s({.topK = topK, .topP = topP, .minP = minP}, 4);
        for (int i = 0; i < 50; ++i) {
          EXPECT_EQ(s.sample(std::vector<float>{nan, -inf, 3, -inf}), 2);
          EXPECT_EQ(s.sample(std::vector<float>{0, inf, nan, -inf}), 1);
          int32_t any = s.sample(std::vector<float>{nan, nan, -inf, nan});
          EXPECT_TRUE(any >= 0 && any < 4);
        }
      }
}

TEST(Sampler, RefusesWrongSizes) {
  EXPECT_THROW(Sampler({}, 0), Error);
  EXPECT_THROW(Sampler({.temp = std::nanf("")}, 4), Error);
  Sampler s({}, 4);
  EXPECT_THROW(s.sample(std::vector<float>(5)), Error);
}

/// Every step's arithmetic, written down once for all machines.
TEST(Sampler, SameTokensFromEveryStep) {
  auto logits = ramp(5000, 0.01f);
  SamplerOptions all = {
      .temp = 1.2f, .topK = 900, .topP = 0.99f, .minP = 0.01f};
  all.topNSigma = 1.7f, all.typicalP = 0.97f, all.seed = 42;
  all.xtcProbability = 0.5f, all.xtcThreshold = 0.004f;
  all.dynatempRange = 0.5f, all.dynatempExponent = 1.5f;
  all.repeatPenalty = 1.2f, all.presencePenalty = 0.3f;
  all.frequencyPenalty = 0.2f, all.dryMultiplier = 0.8f;
  all.logitBias = {{17, 0.5f}, {18, -1}};
  auto eight = [&](const SamplerOptions &o) {
    Sampler s(o, logits.size());
    std::vector<int32_t> out;
    for (int i = 0; i < 8; ++i) {
      out.push_back(s.sample(logits));
      s.accept(out.back());
    }
    return out;
  };
  using Tokens = std::vector<int32_t>;
  EXPECT_EQ(eight(all),
            Tokens({2850, 1021, 1663, 2585, 1928, 4274, 4707, 4289}));
  EXPECT_EQ(eight({.mirostat = 1, .seed = 42}),
            Tokens({0, 0, 0, 0, 3059, 433, 2598, 28}));
  EXPECT_EQ(eight({.mirostat = 2, .seed = 42}),
            Tokens({2514, 4246, 1844, 4065, 4931, 4763, 1816, 2682}));
}
