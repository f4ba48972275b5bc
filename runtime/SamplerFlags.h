//===- SamplerFlags.h - The flags of sampling ------------------*- C++ -*-===//
#pragma once
#include "Generation.h"
#include "Model.h"
#include <CLI/CLI.hpp>
#include <optional>

namespace quern {

/// What the flags said. `seed` is drawn by chance where there was none.
struct SamplerFlags {
  SamplerOptions options;
  std::optional<uint64_t> seed;
  std::vector<std::string> breakers, biases;

  /// With what needs the model's tokens. Throws Error, naming the flag.
  SamplerOptions resolved(const Model &model) const;
};

void addSamplerFlags(CLI::App &command, SamplerFlags &flags);
/// How long an answer is: -n and --stop.
void addAnswerFlags(CLI::App &command, AnswerOptions &options);

} // namespace quern
