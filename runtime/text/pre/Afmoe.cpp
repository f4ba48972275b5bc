//===- Afmoe.cpp - AFMoE's pre-tokenizer ------------------------*- C++ -*-===//
//
// Arcee AI 2025. Numbers in threes from the right, runs of scripts that put no
// spaces between words, then DeepSeek V3's words. How many digits come before
// the first three is found by one look at the rest of the number; the threes
// follow where a match has ended (\G).
//
//===----------------------------------------------------------------------===//

#include "text/PreTokenizer.h"

namespace quern::tokenizer {

static constexpr std::string_view names[] = {"afmoe"};
static constexpr std::string_view patterns[] = {
    "\\p{N}+", "\\A\\p{N}{1,2}(?=(?:\\p{N}{3})*+\\z)|\\G\\p{N}{3}",
    // Chinese, Japanese, Thai, Lao, Khmer, Burmese, Korean.
    "[\\x{4e00}-\\x{9fff}\\x{3400}-\\x{4dbf}\\x{8c48}-\\x{faff}"
    "\\x{3040}-\\x{309f}\\x{30a0}-\\x{30ff}\\x{ff65}-\\x{ff9f}"
    "\\x{2f00}-\\x{2fdf}\\x{e40}-\\x{e7f}\\x{e80}-\\x{eff}"
    "\\x{1780}-\\x{17ff}\\x{1000}-\\x{109f}\\x{aa60}-\\x{aa7f}"
    "\\x{a9e0}-\\x{a9ff}\\x{ac00}-\\x{d7af}\\x{1100}-\\x{11ff}]+",
    "[!-/:-@\\[-`{-~][A-Za-z]+"
    "|[^\\r\\n\\p{L}\\p{P}\\p{S}]?[\\p{L}\\p{M}]+| "
    "?[\\p{P}\\p{S}]+[\\r\\n]*" QUERN_TAIL};

extern constinit const PreTokenizer preAfmoe{names, patterns};

} // namespace quern::tokenizer
