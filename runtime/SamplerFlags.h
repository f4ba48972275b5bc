//===- SamplerFlags.h - Flags of all that samples ---------------*- C++ -*-===//
//
// Names and defaults are llama.cpp's, so that a command line can move over. The
// ranges are those that `checkSamplerOptions` holds options to.
//
//===----------------------------------------------------------------------===//
#pragma once
#include "text/SamplerOptions.h"
#include <CLI/CLI.hpp>
#include <optional>

namespace quern {

/// What the flags said, before a model is known.
struct SamplerFlags {
  SamplerOptions options;
  std::optional<uint64_t> seed; ///< by chance if there is none
  std::vector<std::string> biases, breakers;

  /// The options for a model of `vocab` logits: biases read, sequence breakers
  /// as tokens, a seed drawn. Throws Error naming the flag that is wrong.
  SamplerOptions resolve(const Tokenizer &tokenizer, size_t vocab) const;
};

void addSamplerFlags(CLI::App &command, SamplerFlags &flags);

} // namespace quern
