//===- SamplerPartsTest.cpp - Options, kernels, exp and log -----*- C++ -*-===//

#include "SamplerReference.h"

#include "Error.h"
#include "text/SamplerKernels.h"
#include "text/SamplerLogprobs.h"
#include "text/SamplerMath.h"

#include <gtest/gtest.h>

#include <cmath>
#include <cstring>
#include <functional>

using namespace quern;
using namespace quern::test;

TEST(SamplerOptions, DefaultsAreFine) {
  EXPECT_EQ(checkSamplerOptions({}, 10), "");
  SamplerOptions odd = {.temp = -3, .topK = -1, .topP = 0, .minP = 1};
  odd.topNSigma = -7, odd.repeatLastN = 0, odd.dryBase = 1;
  EXPECT_EQ(checkSamplerOptions(odd), "");
}

TEST(SamplerOptions, MessagesNameTheFlag) {
  using O = SamplerOptions;
  const float nan = std::nanf(""), inf = INFINITY;
  const std::pair<const char *, std::function<void(O &)>> cases[] = {
      {"--temp", [&](O &o) { o.temp = nan; }},
      {"--temp", [&](O &o) { o.temp = inf; }},
      {"--top-p", [&](O &o) { o.topP = 1.5f; }},
      {"--top-p", [&](O &o) { o.topP = nan; }},
      {"--min-p", [&](O &o) { o.minP = -0.1f; }},
      {"--typical", [&](O &o) { o.typicalP = 2; }},
      {"--top-nsigma", [&](O &o) { o.topNSigma = inf; }},
      {"--min-keep", [&](O &o) { o.minKeep = -1; }},
      {"--xtc-probability", [&](O &o) { o.xtcProbability = 1.01f; }},
      {"--xtc-threshold", [&](O &o) { o.xtcThreshold = nan; }},
      {"--dynatemp-range", [&](O &o) { o.dynatempRange = -1; }},
      {"--dynatemp-exp", [&](O &o) { o.dynatempExponent = inf; }},
      {"--repeat-last-n", [&](O &o) { o.repeatLastN = -1; }},
      {"--repeat-last-n", [&](O &o) { o.repeatLastN = INT32_MAX; }},
      {"--repeat-penalty", [&](O &o) { o.repeatPenalty = 0; }},
      {"--repeat-penalty", [&](O &o) { o.repeatPenalty = 1e-45f; }},
      {"--presence-penalty", [&](O &o) { o.presencePenalty = nan; }},
      {"--frequency-penalty", [&](O &o) { o.frequencyPenalty = -inf; }},
      {"--dry-multiplier", [&](O &o) { o.dryMultiplier = -1; }},
      {"--dry-base", [&](O &o) { o.dryBase = 0.5f; }},
      {"--dry-allowed-length", [&](O &o) { o.dryAllowedLength = -2; }},
      {"--dry-penalty-last-n", [&](O &o) { o.dryLastN = -1; }},
      {"--dry-sequence-breaker", [&](O &o) { o.dryBreakers = {{}}; }},
      {"--dry-sequence-breaker",
       [&](O &o) {
         o.dryBreakers = {{1, 10}};
       }},
      {"--mirostat", [&](O &o) { o.mirostat = 3; }},
      {"--mirostat-ent", [&](O &o) { o.mirostatTau = nan; }},
      {"--mirostat-lr", [&](O &o) { o.mirostatEta = -1; }},
      {"--logit-bias",
       [&](O &o) {
         o.logitBias = {{10, 1}};
       }},
      {"--logit-bias",
       [&](O &o) {
         o.logitBias = {{-1, 1}};
       }},
      {"--logit-bias",
       [&](O &o) {
         o.logitBias = {{1, nan}};
       }},
  };
  for (const auto &[flag, set] : cases) {
    SamplerOptions o;
    set(o);
    std::string message = checkSamplerOptions(o, 10);
    EXPECT_TRUE(message.starts_with(std::string(flag) + ": ")) << message;
    EXPECT_EQ(message.find('\n'), message.npos);
    EXPECT_THROW(Sampler(o, 10), Error) << message;
  }
  SamplerOptions o;
  o.topP = 1.5f;
  EXPECT_EQ(checkSamplerOptions(o), "--top-p: 1.5 is not from 0 to 1");
}

TEST(SamplerMath, ExpAndLogAreAccurate) {
  std::mt19937_64 random(1);
  auto near = [](double got, double want) {
    EXPECT_NEAR(got, want, 3e-15 * std::abs(want));
  };
  for (int i = 0; i < 100000; ++i) {
    double u = double(random() >> 11) * 0x1p-53;
    near(sampling::expNonPositive(-700 * u * u), std::exp(-700 * u * u));
    near(sampling::expAny(690 * u), std::exp(690 * u));
    double x = std::exp(1400 * u - 700);
    near(sampling::logPositive(x), std::log(x));
    EXPECT_NEAR(sampling::logPositive(0.5 + u), std::log(0.5 + u), 2.3e-16);
    near(sampling::powPositive(0.1 + u, 3 * u), std::pow(0.1 + u, 3 * u));
  }
  double inf = INFINITY;
  EXPECT_EQ(sampling::expNonPositive(0), 1);
  EXPECT_EQ(sampling::expNonPositive(-inf), 0);
  EXPECT_EQ(sampling::expNonPositive(std::nan("")), 0);
  EXPECT_EQ(sampling::expAny(inf), inf);
  EXPECT_EQ(sampling::logPositive(1), 0);
  EXPECT_EQ(sampling::logPositive(0), -inf);
  EXPECT_EQ(sampling::logPositive(inf), inf);
  near(sampling::logPositive(5e-324), std::log(5e-324));
  EXPECT_EQ(sampling::powPositive(0, 0), 1);
  EXPECT_EQ(sampling::powPositive(0, 2), 0);
}

/// The bits must not depend on the CPU.
TEST(SamplerKernels, WideOnesGiveTheSameBits) {
  const auto &plain = sampling::plainKernels();
  const auto *wide = sampling::wideKernels();
  if (!wide)
    GTEST_SKIP() << "no wide kernels for this CPU";
  for (size_t n : {1, 7, 8, 64, 127, 128, 129, 1000, 4099})
    for (Kind kind : allKinds) {
      auto logits = randomLogits(n, kind, n);
      std::vector<float> a(n / 128 + 1), b(n / 128 + 1);
      plain.maxima(logits.data(), n, a.data());
      wide->maxima(logits.data(), n, b.data());
      EXPECT_EQ(std::memcmp(a.data(), b.data(), (n + 127) / 128 * 4), 0);
      float best = *std::max_element(a.begin(), a.begin() + (n + 127) / 128);
      auto ma = plain.moments(logits.data(), n, best);
      auto mb = wide->moments(logits.data(), n, best);
      EXPECT_EQ(std::memcmp(&ma, &mb, sizeof(ma)), 0);
      EXPECT_EQ(plain.sumWeights(logits.data(), n, best),
                wide->sumWeights(logits.data(), n, best));
      std::vector<sampling::Candidate> list;
      for (size_t i = 0; i < std::min<size_t>(n, 64); ++i)
        if (std::isfinite(logits[i]))
          list.push_back({logits[i], int32_t(i)});
      double wa[64], wb[64];
      plain.weigh(list.data(), list.size(), best, 1.25, wa);
      wide->weigh(list.data(), list.size(), best, 1.25, wb);
      EXPECT_EQ(std::memcmp(wa, wb, list.size() * 8), 0);
    }
}

TEST(Logprobs, AreTheModels) {
  for (size_t n : {1, 5, 1000, 30000})
    for (Kind kind : {Kind::Normal, Kind::Ties, Kind::Holes}) {
      auto logits = randomLogits(n, kind, n);
      auto want =
          expectedTokens(logits, {.temp = 1, .topK = 0, .topP = 1, .minP = 0});
      Logprobs logprobs(20, n);
      logprobs.read(logits);
      ASSERT_EQ(logprobs.best().size(), std::min<size_t>(20, want.size()));
      for (size_t i = 0; i < logprobs.best().size(); ++i) {
        EXPECT_EQ(logprobs.best()[i].id, want[i].id);
        EXPECT_NEAR(logprobs.best()[i].logprob, std::log(want[i].p), 1e-11);
      }
      for (const Entry &e : want)
        ASSERT_NEAR(logprobs.of(e.id), std::log(e.p), 1e-11);
      for (size_t i = 0; i < n; ++i)
        if (std::isnan(logits[i])) {
          ASSERT_EQ(logprobs.of(int32_t(i)), -INFINITY);
        }
    }
  Logprobs none(0, 4);
  none.read(std::vector<float>{1, 1, 1, 1});
  EXPECT_TRUE(none.best().empty());
  EXPECT_THROW(none.read(std::vector<float>(3)), Error);
}
