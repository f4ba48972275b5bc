//===- SamplerChainTest.cpp - What each step leaves -------------*- C++ -*-===//
//
// The distribution that is drawn from, against the reference: every step alone
// and in company, small and large vocabularies, odd logits.
//
//===----------------------------------------------------------------------===//

#include "Error.h"
#include "SamplerReference.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

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

/// By the definition of RankedLogits.
struct Ranking {
  std::vector<float> logits, tokens;
  operator RankedLogits() const { return {logits, tokens}; }
};
static Ranking rank(const std::vector<float> &logits, size_t best) {
  std::vector<size_t> ids(logits.size());
  std::iota(ids.begin(), ids.end(), 0);
  std::stable_sort(ids.begin(), ids.end(), [&](size_t a, size_t b) {
    return std::isnan(logits[b]) ? !std::isnan(logits[a])
                                 : logits[a] > logits[b];
  });
  Ranking out;
  for (size_t id : std::span(ids).first(std::min(best, ids.size()))) {
    out.logits.push_back(logits[id]);
    out.tokens.push_back(float(id));
  }
  return out;
}

/// The best are as good as all: the same tokens from the same numbers, again and
/// again, where they are enough.
TEST(SamplerChain, TheBestAreEnough) {
  float nan = std::nanf(""), inf = std::numeric_limits<float>::infinity();
  size_t enough = 0;
  for (size_t n : {5, 64, 1000}) {
    std::vector<std::vector<float>> rows = {std::vector<float>(n, nan),
                                            std::vector<float>(n, -inf),
                                            std::vector<float>(n, -0.0f)};
    rows[1][3] = nan, rows[2][1] = 0, rows[2][2] = inf;
    for (Kind kind : allKinds)
      for (uint64_t seed : {1, 2, 3})
        rows.push_back(randomLogits(n, kind, seed * 31 + n));
    for (const Case &c : cases()) {
      Sampler all(c.options, n), best(c.options, n);
      size_t needed = all.logitsNeeded();
      if (needed == 0)
        continue;
      enough += needed;
      for (size_t more : {0, 24})
        for (const std::vector<float> &logits : rows) {
          SCOPED_TRACE(testing::Message() << c.name << ", " << n << " logits");
          ASSERT_EQ(best.sample(rank(logits, needed + more)),
                    all.sample(logits));
          ASSERT_EQ(best.survivors(), all.survivors());
          for (size_t i = 0; i < all.survivors(); ++i) {
            EXPECT_EQ(best.survivor(i).id, all.survivor(i).id);
            EXPECT_EQ(best.survivor(i).probability,
                      all.survivor(i).probability);
          }
        }
    }
  }
  EXPECT_GT(enough, 0u);
}

TEST(SamplerChain, WhoNeedsAllLogits) {
  using O = SamplerOptions;
  auto needed = [](auto set, size_t vocab = 1000) {
    O options;
    set(options);
    return Sampler(options, vocab).logitsNeeded();
  };
  EXPECT_EQ(needed([](O &) {}), 40u);
  EXPECT_EQ(needed([](O &) {}, 40), 0u);
  EXPECT_EQ(needed([](O &o) { o.topK = 3; }), 3u);
  EXPECT_EQ(needed([](O &o) { o.temp = 0; }), 1u);
  EXPECT_EQ(needed([](O &o) { o.temp = 0, o.topNSigma = 1; }), 1u);
  EXPECT_EQ(needed([](O &o) { o.temp = 0, o.typicalP = 0.5f; }), 40u);
  EXPECT_EQ(needed([](O &o) { o.topK = 0; }), 0u);
  EXPECT_EQ(needed([](O &o) { o.topNSigma = 1; }), 0u);
  EXPECT_EQ(needed([](O &o) { o.mirostat = 2; }), 0u);
  EXPECT_EQ(needed([](O &o) { o.repeatPenalty = 1.1f; }), 0u);
  EXPECT_EQ(needed([](O &o) { o.temp = 0, o.presencePenalty = 1; }), 0u);
  EXPECT_EQ(needed([](O &o) { o.dryMultiplier = 1; }), 0u);
  EXPECT_EQ(needed([](O &o) { o.logitBias = {{7, 1}}; }), 0u);
}

TEST(SamplerChain, RefusesWhatIsNotRanked) {
  Sampler s({.topK = 2}, 5);
  std::vector<float> logits = {3, 2};
  auto refuses = [&](std::vector<float> tokens) {
    EXPECT_THROW(s.sample(RankedLogits{logits, tokens}), Error);
  };
  EXPECT_EQ(s.sample(RankedLogits{logits, std::vector<float>{4, 4}}), 4);
  refuses({4});
  refuses({4, 5});
  refuses({-1, 4});
  refuses({4, std::nanf("")});
  Sampler all({.topK = 0}, 5);
  EXPECT_THROW(all.sample(rank({1, 2, 3, 4, 5}, 5)), Error);
}
