//===- TinyAya.cpp - Tiny Aya's pre-tokenizer -------------------*- C++ -*-===//
//
// Cohere 2026. GPT-4o's words, behind digits in threes from the right of a
// number that no letter follows:
//   \d{1,3}(?=(?:\d{3})*\b)
// That would look at the rest of a number from each of its threes. Here numbers
// are cut out first; then their first one to three digits are found by one look
// at the rest, and the next threes follow where a match has ended (\G).
//
//===----------------------------------------------------------------------===//

#include "text/PreTokenizer.h"

namespace quern::tokenizer {

#define SUFFIX QUERN_CONTRACTION "?"

static constexpr std::string_view names[] = {"tiny_aya", "cohere2moe"};
static constexpr std::string_view patterns[] = {
    "\\p{Nd}++(?![\\p{Alphabetic}\\p{M}\\p{Pc}\\x{b2}\\x{b3}\\x{b9}\\x{bc}-\\x{"
    "be}])",
    "\\A\\p{Nd}{1,3}(?=(?:\\p{Nd}{3})*+\\z)|(?!\\A)\\G\\p{Nd}{3}",
    "[^\\r\\n\\p{L}\\p{N}]?" QUERN_UPPER "*" QUERN_LOWER "+" SUFFIX
    "|[^\\r\\n\\p{L}\\p{N}]?" QUERN_UPPER "+" QUERN_LOWER "*" SUFFIX
    "|\\p{N}{1,3}|" QUERN_MARKS "[\\r\\n/]*" QUERN_TAIL};

extern constinit const PreTokenizer preTinyAya{names, patterns};

} // namespace quern::tokenizer
