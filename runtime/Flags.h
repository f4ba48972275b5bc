//===- Flags.h - Flags that several commands have --------------*- C++ -*-===//
#pragma once
#include <CLI/CLI.hpp>
#include <cstdint>

namespace quern {

/// A flag's value must be a whole number in [least, most].
CLI::Validator wholeNumber(uint64_t least, uint64_t most = INT32_MAX);
/// A flag's value must be a finite number in [least, most].
CLI::Validator realNumber(double least, double most);

struct AnswerOptions;
/// How long an answer is: -n and --stop.
void addAnswerFlags(CLI::App &command, AnswerOptions &options);
void addThreadsFlag(CLI::App &command, unsigned &threads);
void addContextFlag(CLI::App &command, uint32_t &context);

} // namespace quern
