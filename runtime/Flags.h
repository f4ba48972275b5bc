//===- Flags.h - Flags of commands that answer -----------------*- C++ -*-===//
//
// Apart from the commands themselves, because `quern run` has them as well: it
// checks them before it compiles anything.
//
//===----------------------------------------------------------------------===//
#pragma once
#include "AnswerOptions.h"
#include "SamplerFlags.h"
#include "cli/Values.h"
#include <cstdint>
#include <optional>

namespace quern {

using cli::oneOf;
using cli::realNumber;
using cli::wholeNumber;

void addThreadsFlag(CLI::App &command, unsigned &threads);
void addContextFlag(CLI::App &command, uint32_t &context);

/// What `run` and `chat` both ask.
struct AnswerFlags {
  std::string system;
  AnswerOptions answer;
  SamplerFlags sampler;
  uint32_t context = 0;
  unsigned threads = 0;
};
void addAnswerFlags(CLI::App &command, AnswerFlags &flags);

struct RunFlags {
  std::string prompt, file;
  bool raw = false, json = false, stats = false, verbose = false;
  std::optional<uint32_t> logprobs;
};
/// Returns the prompt, which is no required argument.
CLI::Option *addRunFlags(CLI::App &command, RunFlags &flags);

struct ChatFlags {
  std::string onFull = "stop";
};
void addChatFlags(CLI::App &command, ChatFlags &flags);

} // namespace quern
