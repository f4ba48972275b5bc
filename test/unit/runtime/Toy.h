//===- Toy.h - The toy model, opened in the test's process -----*- C++ -*-===//
//
// Plan, weights and kernels of the toy as an engine takes them, and what its
// logits must be, computed from the sequence alone.
//
//===----------------------------------------------------------------------===//
#pragma once
#include "Engine.h"
#include "ToyModel.h"

namespace quern::test {

struct Toy {
  explicit Toy(const ToyOptions &options = {})
      : options(options), bytes(toyPlan(options)), weights(toyWeights()) {}

  std::unique_ptr<Engine> engine(unsigned threads = 1, uint32_t context = 0) {
    return std::make_unique<Engine>(
        view, weights, kernels, Engine::Options{threads, context});
  }

  /// What the last of `tokens` hears of all of them.
  std::vector<float> logits(std::span<const int32_t> tokens) const {
    uint32_t sum = 0, end = uint32_t(tokens.size());
    for (uint32_t window : {0u, options.window})
      for (uint32_t layer = 0; layer < options.layers; ++layer)
        for (uint32_t at = window && end > window ? end - window : 0; at < end;
             ++at)
          sum = sum * 31 + uint32_t(tokens[at]) + at;
    std::vector<float> result(kToyVocabulary);
    for (int32_t v = 0; v < kToyVocabulary; ++v)
      result[v] = (v == (tokens.back() + 1) % kToyVocabulary ? 8.0f : 0.0f) +
                  float((int64_t(sum % 1009) * 31 + v) % 97) * 0.01f;
    return result;
  }

  ToyOptions options;
  std::vector<uint8_t> bytes, weights;
  std::vector<quern_kernel_set> kernels{options.devices(), kernelSets()[0]};
  PlanView view{bytes, std::span(kToyKernelsOfTwo).first(options.devices()),
                weights.size()};
};

} // namespace quern::test
