//===- sampler_bench.cpp - Time of a token's sampling -----------*- C++ -*-===//
//
// One call of `sample` (and `accept`) on 262,144 logits, the largest vocabulary
// in use: those of Gemma 3. Logits are normal around -5 with a few high ones,
// about like a model's; the sets of logits take turns so that no branch is
// learnt.
//
//===----------------------------------------------------------------------===//

#include "text/Sampler.h"
#include "text/SamplerLogprobs.h"

#include <benchmark/benchmark.h>

#include <random>
#include <vector>

using namespace quern;

static constexpr size_t vocab = 262144, sets = 4;

static const std::vector<std::vector<float>> &allLogits() {
  static const auto out = [] {
    std::mt19937_64 random(7);
    std::normal_distribution<float> normal(-5, 3);
    std::vector<std::vector<float>> out(sets, std::vector<float>(vocab));
    for (auto &logits : out) {
      for (float &logit : logits)
        logit = normal(random);
      for (int i = 0; i < 50; ++i)
        logits[random() % vocab] = 18 - 0.2f * static_cast<float>(i);
    }
    return out;
  }();
  return out;
}

static void sample(benchmark::State &state, SamplerOptions options) {
  const auto &logits = allLogits();
  Sampler sampler(options, vocab);
  for (int32_t i = 0; i < 200; ++i) // a history that repeats itself
    sampler.accept(i % 23 * 1000);
  size_t turn = 0;
  for (auto _ : state) {
    int32_t token = sampler.sample(logits[turn++ % sets]);
    sampler.accept(token);
    benchmark::DoNotOptimize(token);
  }
}

static SamplerOptions allOn() {
  SamplerOptions o;
  o.repeatPenalty = 1.1f;
  o.presencePenalty = o.frequencyPenalty = 0.1f;
  o.dryMultiplier = 0.8f;
  o.dryBreakers = {{13}, {25}, {26, 27}};
  o.topNSigma = 3;
  o.typicalP = 0.98f;
  o.xtcProbability = 0.5f;
  o.dynatempRange = 0.5f;
  o.logitBias = {{5, 1}, {7, -1}};
  return o;
}

static SamplerOptions allOnNoTopK() {
  SamplerOptions o = allOn();
  o.topK = 0;
  return o;
}

static void logprobs(benchmark::State &state) {
  const auto &logits = allLogits();
  Logprobs out(20, vocab);
  size_t turn = 0;
  for (auto _ : state) {
    out.read(logits[turn++ % sets]);
    benchmark::DoNotOptimize(out.best().data());
  }
}

BENCHMARK_CAPTURE(sample, defaults, SamplerOptions{})
    ->Unit(benchmark::kMicrosecond);
BENCHMARK_CAPTURE(sample, greedy, SamplerOptions{.temp = 0})
    ->Unit(benchmark::kMicrosecond);
BENCHMARK_CAPTURE(sample, penalties, SamplerOptions{.repeatPenalty = 1.1f})
    ->Unit(benchmark::kMicrosecond);
BENCHMARK_CAPTURE(sample, all_on, allOn())->Unit(benchmark::kMicrosecond);
BENCHMARK_CAPTURE(sample, top_k_5000,
                  SamplerOptions{.topK = 5000, .topP = 1, .minP = 0})
    ->Unit(benchmark::kMicrosecond);
BENCHMARK_CAPTURE(sample, no_top_k, SamplerOptions{.topK = 0})
    ->Unit(benchmark::kMicrosecond);
BENCHMARK_CAPTURE(sample, all_on_no_top_k, allOnNoTopK())
    ->Unit(benchmark::kMicrosecond);
BENCHMARK_CAPTURE(sample, temperature_only,
                  SamplerOptions{.topK = 0, .topP = 1, .minP = 0})
    ->Unit(benchmark::kMicrosecond);
BENCHMARK_CAPTURE(sample, mirostat_1, SamplerOptions{.mirostat = 1})
    ->Unit(benchmark::kMicrosecond);
BENCHMARK_CAPTURE(sample, mirostat_2, SamplerOptions{.mirostat = 2})
    ->Unit(benchmark::kMicrosecond);
BENCHMARK(logprobs)->Unit(benchmark::kMicrosecond);
BENCHMARK_MAIN();
