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
