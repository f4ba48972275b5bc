//===- SamplerHostileTest.cpp - Samplers and nonsense -----------*- C++ -*-===//
//
// Whatever options and logits are, options are refused by name or a token of
// the vocabulary comes out.
//
//===----------------------------------------------------------------------===//

#include "Error.h"
#include "text/Sampler.h"

#include <gtest/gtest.h>

#include <climits>
#include <cmath>
#include <limits>
#include <random>

using namespace quern;

using Limits = std::numeric_limits<float>;
static const float odd[] = {0.0f,
                            -0.0f,
                            1.0f,
                            -1.0f,
                            0.5f,
                            1e-30f,
                            1e30f,
                            -1e30f,
                            Limits::max(),
                            Limits::lowest(),
                            Limits::min(),
                            1e-45f,
                            Limits::infinity(),
                            -Limits::infinity(),
                            Limits::quiet_NaN(),
                            2.0f,
                            1e-6f,
                            0.9999999f,
                            1.0000001f};
static const int oddCounts[] = {0,  1,  2,  3,       -1,      -7,
                                40, 64, 99, INT_MAX, INT_MIN, 1 << 24};

namespace {
class Hostile {
public:
  explicit Hostile(unsigned seed) : rng(seed) {}
  size_t below(size_t n) { return rng() % n; }
  /// Mostly what is there, so that some options pass.
  void maybe(float &value) {
    if (below(6) == 0)
      value = odd[below(std::size(odd))];
  }
  void maybe(int &value) {
    if (below(6) == 0)
      value = oddCounts[below(std::size(oddCounts))];
  }
  SamplerOptions options(size_t vocab);
  std::vector<float> logits(size_t vocab);

private:
  std::mt19937 rng;
};
} // namespace

SamplerOptions Hostile::options(size_t vocab) {
  SamplerOptions o;
  for (float *value :
       {&o.temp, &o.topP, &o.minP, &o.typicalP, &o.topNSigma, &o.xtcProbability,
        &o.xtcThreshold, &o.dynatempRange, &o.dynatempExponent,
        &o.repeatPenalty, &o.presencePenalty, &o.frequencyPenalty,
        &o.dryMultiplier, &o.dryBase, &o.mirostatTau, &o.mirostatEta})
    maybe(*value);
  for (int *value : {&o.topK, &o.minKeep, &o.repeatLastN, &o.dryAllowedLength,
                     &o.dryLastN, &o.mirostat})
    maybe(*value);
  // Windows of millions of tokens would be made for each of these.
  for (int *value : {&o.repeatLastN, &o.dryLastN})
    if (*value > 1000 && below(50) != 0)
      *value = 1000;
  while (below(4) == 0)
    o.logitBias.push_back({int32_t(below(vocab + 2)) - int32_t(below(8) == 0),
                           odd[below(std::size(odd))]});
  if (below(5) == 0)
    o.dryBreakers = {{0}, {1, int32_t(below(vocab + 1))}};
  o.seed = rng();
  return o;
}

std::vector<float> Hostile::logits(size_t vocab) {
  std::vector<float> out(vocab);
  size_t kind = below(8);
  for (float &logit : out)
    logit = kind == 0   ? -Limits::infinity()
            : kind == 1 ? Limits::quiet_NaN()
            : kind == 2 ? 3.0f
            : kind == 3 ? odd[below(std::size(odd))]
            : kind == 4 ? Limits::infinity()
            : kind == 5 ? (below(2) ? Limits::max() : Limits::lowest())
                        : float(below(2000)) * 0.01f - 10;
  return out;
}

TEST(SamplerHostile, NeverATokenOutsideOfTheVocabulary) {
  Hostile hostile(1);
  size_t refused = 0, sampled = 0;
  for (int round = 0; round < 20000; ++round) {
    size_t vocab = 1 + hostile.below(hostile.below(8) ? 9 : 1500);
    SamplerOptions o = hostile.options(vocab);
    if (std::string wrong = checkSamplerOptions(o, vocab); !wrong.empty()) {
      EXPECT_TRUE(wrong.starts_with("--")) << wrong;
      EXPECT_EQ(wrong.find('\n'), wrong.npos);
      EXPECT_THROW(Sampler(o, vocab), Error);
      ++refused;
      continue;
    }
    Sampler sampler(o, vocab);
    for (int i = 0; i < 5; ++i) {
      int32_t token = sampler.sample(hostile.logits(vocab));
      ASSERT_TRUE(token >= 0 && size_t(token) < vocab) << token;
      ASSERT_GE(sampler.survivors(), 1u);
      for (size_t k = 0; k < sampler.survivors(); ++k) {
        TokenProbability one = sampler.survivor(k);
        ASSERT_TRUE(one.id >= 0 && size_t(one.id) < vocab);
      }
      sampler.accept(hostile.below(9) ? token : INT_MIN);
      ++sampled;
    }
  }
  // Both happen often, or this shows nothing.
  EXPECT_GT(refused, 2000u);
  EXPECT_GT(sampled, 10000u);
}

/// Only tokens that have a finite or infinite logit are drawn where there are
/// any.
TEST(SamplerHostile, ForbiddenTokensStayForbidden) {
  SamplerOptions o = {.temp = 3, .topK = 0, .topP = 1, .minP = 0};
  o.logitBias = {{0, -Limits::infinity()}, {2, -Limits::infinity()}};
  Sampler sampler(o, 4);
  for (int i = 0; i < 1000; ++i)
    EXPECT_EQ(sampler.sample(std::vector<float>{9, 1, 9, Limits::quiet_NaN()}),
              1);
}

/// llama.cpp's, as its common/common.h has them.
TEST(SamplerHostile, DefaultsAreLlamaCpps) {
  SamplerOptions o;
  EXPECT_EQ(o.temp, 0.8f);
  EXPECT_EQ(o.topK, 40);
  EXPECT_EQ(o.topP, 0.95f);
  EXPECT_EQ(o.minP, 0.05f);
  EXPECT_EQ(o.typicalP, 1.0f);
  EXPECT_EQ(o.topNSigma, -1.0f);
  EXPECT_EQ(o.minKeep, 0);
  EXPECT_EQ(o.xtcProbability, 0.0f);
  EXPECT_EQ(o.xtcThreshold, 0.1f);
  EXPECT_EQ(o.dynatempRange, 0.0f);
  EXPECT_EQ(o.dynatempExponent, 1.0f);
  EXPECT_EQ(o.repeatLastN, 64);
  EXPECT_EQ(o.repeatPenalty, 1.0f);
  EXPECT_EQ(o.presencePenalty, 0.0f);
  EXPECT_EQ(o.frequencyPenalty, 0.0f);
  EXPECT_EQ(o.dryMultiplier, 0.0f);
  EXPECT_EQ(o.dryBase, 1.75f);
  EXPECT_EQ(o.dryAllowedLength, 2);
  EXPECT_EQ(o.dryLastN, 64);
  EXPECT_EQ(o.mirostat, 0);
  EXPECT_EQ(o.mirostatTau, 5.0f);
  EXPECT_EQ(o.mirostatEta, 0.1f);
  EXPECT_EQ(defaultDryBreakers().size(), 4u);
}
