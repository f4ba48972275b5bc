//===- SamplerChainTest.cpp - What each step leaves -------------*- C++ -*-===//
//
// The distribution that is drawn from, against the reference: every step alone
// and in company, small and large vocabularies, odd logits.
//
//===----------------------------------------------------------------------===//

#include "SamplerReference.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

using namespace quern;
using namespace quern::test;

/// Everything off, at temperature 1.
static SamplerOptions plain() {
  return {.temp = 1, .topK = 0, .topP = 1, .minP = 0};
}

template <typename Set> static SamplerOptions with(Set set) {
  SamplerOptions o = plain();
  set(o);
  return o;
}

struct Case {
  const char *name;
  SamplerOptions options;
};

static std::vector<Case> cases() {
  using O = SamplerOptions;
  auto one = [](const char *name, auto set) { return Case{name, with(set)}; };
  return {
      one("nothing", [](O &) {}),
      one("temp", [](O &o) { o.temp = 0.3f; }),
      one("top-k 1", [](O &o) { o.topK = 1; }),
      one("top-k 3", [](O &o) { o.topK = 3; }),
      one("top-k 40", [](O &o) { o.topK = 40; }),
      one("top-k 3000", [](O &o) { o.topK = 3000; }),
      one("top-p 0.9", [](O &o) { o.topP = 0.9f; }),
      one("top-p 0.11", [](O &o) { o.topP = 0.11f; }),
      one("top-p 0", [](O &o) { o.topP = 0; }),
      one("top-p kept", [](O &o) { o.topP = 0.11f, o.minKeep = 7; }),
      one("min-p 0.1", [](O &o) { o.minP = 0.1f; }),
      one("min-p 1", [](O &o) { o.minP = 1; }),
      one("min-p kept", [](O &o) { o.minP = 0.9f, o.minKeep = 20; }),
      one("typical 0.6", [](O &o) { o.typicalP = 0.6f; }),
      one("typical 0.13", [](O &o) { o.typicalP = 0.13f; }),
      one("typical kept", [](O &o) { o.typicalP = 0.13f, o.minKeep = 5; }),
      one("sigma 1", [](O &o) { o.topNSigma = 1; }),
      one("sigma 2.5", [](O &o) { o.topNSigma = 2.5f; }),
      one("xtc", [](O &o) { o.xtcProbability = 1, o.xtcThreshold = 0.02f; }),
      one("xtc of few", [](O &o) { o.topK = 5, o.xtcProbability = 1; }),
      one("xtc kept",
          [](O &o) {
            o.topK = 6, o.minKeep = 4;
            o.xtcProbability = 1, o.xtcThreshold = 0.05f;
          }),
      one("xtc off", [](O &o) { o.xtcProbability = 1, o.xtcThreshold = 0.6f; }),
      one("xtc greedy",
          [](O &o) {
            o.temp = 0, o.xtcProbability = 1, o.xtcThreshold = 0.02f;
          }),
      one("dynatemp", [](O &o) { o.dynatempRange = 0.5f; }),
      one("dynatemp exp",
          [](O &o) {
            o.temp = 0.4f, o.dynatempRange = 2;
            o.dynatempExponent = 2.7f, o.topK = 30;
          }),
      one("dynatemp of 0",
          [](O &o) { o.temp = 0, o.dynatempRange = 1, o.topK = 9; }),
      {"defaults", {}},
      one("all",
          [](O &o) {
            o = {};
            o.topNSigma = 4, o.typicalP = 0.95f, o.minP = 0.01f, o.topK = 100;
            o.xtcProbability = 1, o.xtcThreshold = 0.1f, o.dynatempRange = 0.3f;
          }),
      one("all without top-k",
          [](O &o) {
            o = {.temp = 1.3f, .topK = 0, .topP = 0.97f, .minP = 0.001f};
            o.topNSigma = 5, o.typicalP = 0.98f, o.minKeep = 3;
            o.xtcProbability = 1, o.xtcThreshold = 0.03f;
          }),
  };
}

static void checkAll(size_t n) {
  uint64_t seed = 0;
  for (Kind kind : allKinds) {
    auto logits = randomLogits(n, kind, ++seed * 977 + n);
    for (const Case &c : cases()) {
      SCOPED_TRACE(testing::Message()
                   << c.name << ", " << n << " logits, kind " << int(kind));
      Sampler sampler(c.options, n);
      int32_t token = sampler.sample(logits);
      auto want = expectedTokens(logits, c.options);
      expectSurvivors(sampler, want);
      bool among = false;
      for (const Entry &e : want)
        among |= e.id == token && e.p > 0;
      EXPECT_TRUE(among) << "drew " << token;
    }
  }
}

TEST(SamplerChain, OneToken) { checkAll(1); }
TEST(SamplerChain, TwoTokens) { checkAll(2); }
TEST(SamplerChain, FiveTokens) { checkAll(5); }
TEST(SamplerChain, BlockEdges) {
  for (size_t n : {63, 64, 65, 127, 128, 129, 257})
    checkAll(n);
}
TEST(SamplerChain, ThousandTokens) { checkAll(1000); }

TEST(SamplerChain, LargeVocabulary) {
  constexpr size_t n = 262144;
  const char *few[] = {"top-k 40",  "top-k 3000",       "top-p 0.9",
                       "min-p 0.1", "typical 0.6",      "sigma 1",
                       "xtc",       "dynatemp",         "defaults",
                       "all",       "all without top-k"};
  for (Kind kind : {Kind::Holes, Kind::Ties}) {
    auto logits = randomLogits(n, kind, 5);
    for (const Case &c : cases()) {
      if (std::find(std::begin(few), std::end(few), std::string(c.name)) ==
          std::end(few))
        continue;
      SCOPED_TRACE(testing::Message() << c.name << ", kind " << int(kind));
      Sampler sampler(c.options, n);
      sampler.sample(logits);
      expectSurvivors(sampler, expectedTokens(logits, c.options));
    }
  }
}

TEST(SamplerChain, ShortListsAreBestFirst) {
  auto logits = randomLogits(5000, Kind::Normal, 3);
  Sampler sampler({.temp = 1, .topK = 200, .topP = 1, .minP = 0}, 5000);
  sampler.sample(logits);
  auto want =
      expectedTokens(logits, {.temp = 1, .topK = 200, .topP = 1, .minP = 0});
  for (size_t i = 0; i < want.size(); ++i)
    EXPECT_EQ(sampler.survivor(i).id, want[i].id);
}

TEST(SamplerChain, InfiniteAndMissingLogits) {
  float nan = std::nanf(""), inf = std::numeric_limits<float>::infinity();
  for (const Case &c : cases()) {
    SCOPED_TRACE(c.name);
    Sampler sampler(c.options, 5);
    std::vector<float> infinite = {nan, 0, -inf, inf, inf};
    int32_t token = sampler.sample(infinite);
    EXPECT_TRUE(token == 3 || token == 4) << token;
    std::vector<float> none = {nan, -inf, nan, -inf, nan};
    EXPECT_EQ(sampler.sample(none), 1);
    EXPECT_EQ(sampler.sample(std::vector<float>(5, nan)), 0);
    std::vector<float> single = {nan, -inf, -3e38f, nan, -inf};
    EXPECT_EQ(sampler.sample(single), 2);
    EXPECT_EQ(sampler.survivors(), 1u);
    // Zeros of both signs are equal.
    sampler.sample(std::vector<float>{-0.0f, 0, -0.0f, 0, -0.0f});
    EXPECT_EQ(sampler.survivors(),
              expectedTokens({0, 0, 0, 0, 0}, c.options).size());
  }
}
