//===- Values.h - What flags may be given ----------------------*- C++ -*-===//
//
// Validators for CLI11 whose messages follow a flag and its value:
// "--top-p 7: not between 0 and 1".
//
//===----------------------------------------------------------------------===//
#pragma once
#include <CLI/CLI.hpp>
#include <cstdint>

namespace quern::cli {

/// A whole number in [least, most].
CLI::Validator wholeNumber(uint64_t least, uint64_t most = INT32_MAX);
/// This word, which completions offer, or a whole number.
CLI::Validator wordOrNumber(const std::string &word);
/// A number of bytes from 1 on, with or without a unit: 4096, 512MiB, 24G. Units
/// are powers of 1024; those that end in B without an i, such as GB, of 1000. For `transform`: the value becomes the number alone.
CLI::Validator byteSize();
/// A finite number in [least, most].
CLI::Validator realNumber(double least, double most);
/// One of these words; documents and completions list them.
CLI::Validator oneOf(const std::vector<std::string> &words);
/// Words that completions offer. Others are as good as far as the command line
/// knows.
CLI::Validator suggest(const std::vector<std::string> &words);

/// The names of validators, by which documents find them. Their descriptions
/// are the words, each followed by a newline, or the range, if it has two ends.
inline constexpr const char *kOneOf = "one of", *kSuggest = "suggest",
                            *kRange = "range";

} // namespace quern::cli
