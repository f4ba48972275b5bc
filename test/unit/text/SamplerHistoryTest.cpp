//===- SamplerHistoryTest.cpp - Biases, penalties, DRY, Mirostat -*- C++ -*-===//

#include "SamplerReference.h"
#include "Vocabularies.h"

#include <gtest/gtest.h>

#include <cmath>

using namespace quern;
using namespace quern::test;

static SamplerOptions plain() {
  return {.temp = 1, .topK = 0, .topP = 1, .minP = 0};
}

/// The distribution at every step of a random sequence with few tokens, so that
/// they repeat.
static void checkSequence(const SamplerOptions &o, uint64_t seed,
                          size_t length = 150, size_t distinct = 4) {
  constexpr size_t vocab = 40;
  std::mt19937_64 random(seed);
  Sampler sampler(o, vocab);
  std::vector<int32_t> history;
  for (size_t i = 0; i < length; ++i) {
    auto logits = randomLogits(vocab, Kind::Normal, seed * 1000 + i);
    SCOPED_TRACE(testing::Message() << "seed " << seed << ", step " << i);
    sampler.sample(logits);
    expectSurvivors(sampler, expectedTokens(logits, o, history));
    if (testing::Test::HasFatalFailure())
      return;
    history.push_back(int32_t(random() % distinct));
    if (i % 37 == 36)
      history.back() = int32_t(vocab) + 5; // not in the vocabulary
    sampler.accept(history.back());
  }
}

TEST(SamplerHistory, Penalties) {
  SamplerOptions o = plain();
  o.repeatPenalty = 1.3f;
  checkSequence(o, 1);
  o.presencePenalty = 0.7f, o.frequencyPenalty = -0.1f, o.repeatLastN = 5;
  checkSequence(o, 2);
  o.repeatLastN = 1;
  checkSequence(o, 3);
  o.repeatLastN = 0;
  checkSequence(o, 4);
}

TEST(SamplerHistory, Bias) {
  SamplerOptions o = plain();
  o.logitBias = {{3, 2.5f}, {4, -1}, {3, 1}, {5, -INFINITY}, {6, 0}};
  checkSequence(o, 5, 5);
  Sampler sampler(o, 8);
  sampler.sample(std::vector<float>(8, 0.0f));
  EXPECT_EQ(sampler.survivors(), 7u);
}

TEST(SamplerHistory, Dry) {
  SamplerOptions o = plain();
  o.dryMultiplier = 0.8f;
  checkSequence(o, 6);
  checkSequence(o, 7, 150, 2);
  checkSequence(o, 8, 150, 1);
  o.dryAllowedLength = 0, o.dryLastN = 10;
  checkSequence(o, 9);
  o.dryAllowedLength = 4, o.dryLastN = 1000, o.dryBase = 1;
  checkSequence(o, 10, 150, 2);
}

TEST(SamplerHistory, DryBreakers) {
  SamplerOptions o = plain();
  o.dryMultiplier = 0.8f, o.dryAllowedLength = 1;
  o.dryBreakers = {{0}, {1, 2}, {1, 2, 3}, {30}};
  for (uint64_t seed = 11; seed < 15; ++seed)
    checkSequence(o, seed);
  o.dryBreakers = {{1, 1}, {1, 1, 1}, {2, 1, 2}};
  for (uint64_t seed = 15; seed < 19; ++seed)
    checkSequence(o, seed, 150, 3);
}

TEST(SamplerHistory, DryByHand) {
  SamplerOptions o = plain();
  o.dryMultiplier = 1, o.dryBase = 2;
  Sampler sampler(o, 10);
  // After 1 2 3 came 4: a penalty of 2^(3 - 2).
  sampler.accept(std::vector<int32_t>{1, 2, 3, 4, 5, 1, 2, 3});
  sampler.sample(std::vector<float>(10, 0.0f));
  double total = 9 + std::exp(-2);
  for (size_t i = 0; i < 10; ++i) {
    TokenProbability t = sampler.survivor(i);
    EXPECT_NEAR(t.probability, (t.id == 4 ? std::exp(-2) : 1) / total, 1e-12);
  }
}

/// The longest exponent keeps the penalty finite.
TEST(SamplerHistory, DryOfALongRepetition) {
  SamplerOptions o = plain();
  o.dryMultiplier = 1, o.dryBase = 10, o.dryLastN = 1000;
  Sampler sampler(o, 4);
  for (int i = 0; i < 500; ++i)
    sampler.accept(2);
  sampler.sample(std::vector<float>(4, 0.0f));
  EXPECT_EQ(sampler.survivors(), 4u);
  for (size_t i = 0; i < 4; ++i)
    if (sampler.survivor(i).id == 2) {
      EXPECT_EQ(sampler.survivor(i).probability, 0);
    }
}

/// Cut, draw and update of mu, step by step.
static void checkMirostat(SamplerOptions o, Kind kind, size_t n) {
  Sampler sampler(o, n);
  double mu = 2 * double(o.mirostatTau);
  bool cuts = false;
  for (uint64_t i = 0; i < 60; ++i) {
    SCOPED_TRACE(testing::Message()
                 << "version " << o.mirostat << ", step " << i);
    EXPECT_NEAR(sampler.mu(), mu, 1e-9);
    auto logits = randomLogits(n, kind, i);
    int32_t token = sampler.sample(logits);
    auto want = expectedMirostat(logits, o, mu);
    expectSurvivors(sampler, want);
    cuts |= want.size() > 1 && want.size() < n / 2;
    for (const Entry &e : want)
      if (e.id == token)
        mu -= double(o.mirostatEta) * (-std::log2(e.p) - double(o.mirostatTau));
    sampler.accept(token);
  }
  EXPECT_TRUE(cuts);
  sampler.reset();
  EXPECT_EQ(sampler.mu(), 2 * double(o.mirostatTau));
}

TEST(SamplerMirostat, FollowsTheReference) {
  for (int version : {1, 2})
    for (Kind kind : {Kind::Normal, Kind::Ties, Kind::Holes}) {
      SamplerOptions o = {.temp = 0.9f, .mirostat = version};
      o.mirostatTau = 3;
      checkMirostat(o, kind, 2000);
      o.logitBias = {{3, 4}};
      o.mirostatEta = 0.6f;
      checkMirostat(o, kind, 700);
    }
}

TEST(SamplerMirostat, OddLogits) {
  for (int version : {1, 2})
    for (float temp : {0.0f, 1e-30f, 1.0f, 1e30f})
      for (size_t n : {1, 2, 300}) {
        Sampler sampler({.temp = temp, .mirostat = version}, n);
        for (uint64_t i = 0; i < 50; ++i)
          for (Kind kind : allKinds) {
            auto logits = randomLogits(n, kind, i);
            int32_t token = sampler.sample(logits);
            EXPECT_TRUE(std::isfinite(logits[size_t(token)]));
            EXPECT_TRUE(std::isfinite(sampler.mu()));
          }
      }
  // The other steps are not part of it.
  SamplerOptions o = {.temp = 1, .topK = 1, .mirostat = 2};
  o.repeatPenalty = 5, o.dryMultiplier = 5;
  Sampler sampler(o, 50);
  for (int i = 0; i < 20; ++i)
    sampler.accept(i % 3);
  auto logits = randomLogits(50, Kind::Normal, 4);
  sampler.sample(logits);
  expectSurvivors(sampler, expectedMirostat(logits, o, 10));
}

TEST(SamplerBreakers, AllTokensThatMayHoldAString) {
  auto vocabulary = byteVocabulary();
  auto table = buildTokenizer(vocabulary.source);
  Tokenizer tokenizer(table);
  auto id = [&](const std::string &text) {
    auto ids = tokenizer.encode(text, false, false);
    EXPECT_EQ(ids.size(), 1u) << text;
    return ids.at(0);
  };
  std::vector<std::string> strings = {"ll", "", "lo!"};
  auto got = dryBreakers(tokenizer, strings);
  auto has = [&](std::vector<int32_t> sequence) {
    return std::count(got.begin(), got.end(), sequence) == 1;
  };
  EXPECT_TRUE(has({id("ll")}));
  EXPECT_TRUE(has({id("hell")}));
  EXPECT_TRUE(has({id("hello")}));
  // One l in this token, the other in the next.
  EXPECT_TRUE(has({id("l"), id("l")}));
  // "lo!" may begin at the end of "hello" or of "hell".
  EXPECT_TRUE(has({id("hello"), id("!")}));
  EXPECT_TRUE(has({id("hell"), id("o"), id("!")}));
  EXPECT_FALSE(has({id("he")}));
  for (const auto &sequence : got)
    EXPECT_FALSE(sequence.empty());
  EXPECT_EQ(defaultDryBreakers().size(), 4u);
}
