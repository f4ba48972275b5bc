//===- SamplerTest.cpp - Drawing tokens -------------------------*- C++ -*-===//

#include "text/Sampler.h"
#include "Error.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

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

/// The same chain with full sorts and the C library.
static std::vector<std::pair<int, double>> expected(std::vector<float> logits,
                                                    SamplerOptions o) {
  std::vector<int> order(logits.size());
  std::iota(order.begin(), order.end(), 0);
  std::stable_sort(order.begin(), order.end(),
                   [&](int a, int b) { return logits[a] > logits[b]; });
  if (o.topK > 0)
    order.resize(std::min<size_t>(order.size(), o.topK));
  double best = logits[order[0]], total = 0, sum = 0;
  for (int i : order)
    total += std::exp(logits[i] - best);
  size_t keep = 0;
  while (keep < order.size() && (keep == 0 || sum < o.topP * total))
    sum += std::exp(logits[order[keep++]] - best);
  order.resize(keep);
  std::erase_if(order,
                [&](int i) { return std::exp(logits[i] - best) < o.minP; });
  std::vector<std::pair<int, double>> out;
  total = 0;
  for (int i : order)
    total += std::exp((logits[i] - best) / o.temp);
  for (int i : order)
    out.push_back({i, std::exp((logits[i] - best) / o.temp) / total});
  return out;
}

TEST(Sampler, DrawsWhatTheChainLeavesInProportion) {
  const SamplerOptions cases[] = {
      {},
      {.temp = 1.5f, .topK = 10, .topP = 1, .minP = 0},
      {.temp = 1, .topK = 0, .topP = 0.9f, .minP = 0},
      {.temp = 0.7f, .topK = 0, .topP = 1, .minP = 0.1f},
      {.temp = 2, .topK = 0, .topP = 0.999f, .minP = 0.02f},
      {.temp = 1, .topK = 500, .topP = 0.5f, .minP = 0},
      {.temp = 1, .topK = 1, .topP = 0, .minP = 1},
  };
  for (const SamplerOptions &o : cases) {
    auto logits = ramp(1000, 0.05f);
    auto want = expected(logits, o);
    Sampler s(o, logits.size());
    std::vector<int> counts(logits.size());
    constexpr int draws = 20000;
    for (int i = 0; i < draws; ++i)
      ++counts[static_cast<size_t>(s.sample(logits))];
    int outside = draws;
    for (auto [id, probability] : want) {
      double sigma = std::sqrt(draws * probability * (1 - probability));
      EXPECT_NEAR(counts[static_cast<size_t>(id)], draws * probability,
                  5 * sigma + 1);
      outside -= counts[static_cast<size_t>(id)];
    }
    EXPECT_EQ(outside, 0);
  }
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
