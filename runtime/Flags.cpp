//===- Flags.cpp - Flags that several commands have -------------*- C++ -*-===//
#include "Flags.h"
#include "Generation.h"
#include <charconv>
#include <fmt/format.h>

using namespace quern;

/// Parses all of `text`; false if something else is in it.
template <typename T> static bool parseAll(const std::string &text, T &value) {
  const char *end = text.data() + text.size();
  auto [stop, error] = std::from_chars(text.data(), end, value);
  return error == std::errc() && stop == end;
}

CLI::Validator quern::wholeNumber(uint64_t least, uint64_t most) {
  auto check = [=](std::string &text) -> std::string {
    uint64_t value;
    if (parseAll(text, value) && value >= least && value <= most)
      return "";
    if (most >= INT32_MAX)
      return fmt::format("'{}' is not a whole number from {} on", text, least);
    return fmt::format("'{}' is not a whole number from {} to {}", text, least,
                       most);
  };
  return CLI::Validator(check, "", "whole number");
}

CLI::Validator quern::realNumber(double least, double most) {
  auto check = [=](std::string &text) -> std::string {
    double value;
    if (parseAll(text, value) && value >= least && value <= most)
      return "";
    return fmt::format("'{}' is not a number from {} to {}", text, least, most);
  };
  return CLI::Validator(check, "", "number");
}

void quern::addThreadsFlag(CLI::App &command, unsigned &threads) {
  command
      .add_option("--threads,-t", threads,
                  "threads; default: the CPUs this process may use")
      ->check(wholeNumber(1, 1024));
}

void quern::addContextFlag(CLI::App &command, uint32_t &context) {
  command
      .add_option("--ctx", context,
                  "longest sequence in tokens; only lowers what the model was "
                  "compiled for")
      ->check(wholeNumber(1));
}

void quern::addAnswerFlags(CLI::App &command, AnswerOptions &options) {
  command
      .add_option("-n,--tokens", options.tokens,
                  "most tokens of an answer; default: until it ends")
      ->check(wholeNumber(0));
  command
      .add_option("--stop", options.stops,
                  "end an answer before this text; may be repeated")
      ->take_all()
      ->expected(1)
      ->allow_extra_args(false);
}
