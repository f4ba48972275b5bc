//===- PreTokenizer.h - Cutting text into words ----------------*- C++ -*-===//
//
// Byte-level BPE merges inside words only, and each model family cuts words by
// its own regular expressions. A family is one file in pre/, found by CMake:
// constant data, in PCRE2's syntax. The patterns travel in the tokenizer's
// table, so an artifact carries those of its own model.
//
// Patterns apply one after the other, each to the pieces that the one before
// has left: a match is a piece, and so is what lies between two matches.
//
//===----------------------------------------------------------------------===//
#pragma once

#include "text/Pattern.h"

#include <span>
#include <string_view>

namespace quern::tokenizer {

/// One family's way of cutting, as written in pre/<Family>.cpp.
struct PreTokenizer {
  std::span<const std::string_view> names; ///< tokenizer.ggml.pre
  std::span<const std::string_view> patterns;
  /// A word that is a token is that token, whatever merging would give.
  bool ignoreMerges = false;
  /// Merges characters, not bytes; U+2581 stands for a space.
  bool characters = false;
};

// Unicode's White_Space, spelt out: PCRE2's \s differs from other engines' by
// U+180E, and a list of plain ranges matches faster than properties.
#define QUERN_SPACE                                                            \
  "\\t-\\r \\x{85}\\x{a0}\\x{1680}\\x{2000}-\\x{200a}\\x{2028}\\x{2029}"       \
  "\\x{202f}\\x{205f}\\x{3000}"
#define QUERN_S "[" QUERN_SPACE "]"
/// Not before a character other than white space: the last white space of a run
/// goes to the word behind it.
#define QUERN_NO_WORD "(?![^" QUERN_SPACE "])"

// What the families' patterns have in common; see pre/Gpt2.cpp, pre/Llama3.cpp
// and pre/Gpt4o.cpp. Letters that have no case are of either.
#define QUERN_CONTRACTION "(?i:'s|'t|'re|'ve|'m|'ll|'d)"
#define QUERN_WORD "[^\\r\\n\\p{L}\\p{N}]?\\p{L}+"
#define QUERN_MARKS " ?[^" QUERN_SPACE "\\p{L}\\p{N}]+"
#define QUERN_TAIL                                                             \
  "|" QUERN_S "*[\\r\\n]+|" QUERN_S "+" QUERN_NO_WORD "|" QUERN_S "+"
#define QUERN_GPT2                                                             \
  "'s|'t|'re|'ve|'m|'ll|'d| ?\\p{L}+| ?\\p{N}+|" QUERN_MARKS "|" QUERN_S       \
  "+" QUERN_NO_WORD "|" QUERN_S "+"
#define QUERN_UPPER "[\\p{Lu}\\p{Lt}\\p{Lm}\\p{Lo}\\p{M}]"
#define QUERN_LOWER "[\\p{Ll}\\p{Lm}\\p{Lo}\\p{M}]"
/// Everything from Samaritan to Han, and Hangul.
#define QUERN_EAST_ASIAN "[\\x{800}-\\x{9fa5}\\x{ac00}-\\x{d7ff}]+"
/// The family called `name`, or nullptr.
const PreTokenizer *findPreTokenizer(std::string_view name);

} // namespace quern::tokenizer
