//===- Youtu.cpp - Youtu-LLM's pre-tokenizer --------------------*- C++ -*-===//
//
// Runs of Korean, of wide marks, of Bopomofo and of Chinese and Japanese, then
// o200k_base's words with digits one by one.
//
//===----------------------------------------------------------------------===//

#include "text/PreTokenizer.h"

namespace quern::tokenizer {

#define SUFFIX QUERN_CONTRACTION "?"

static constexpr std::string_view names[] = {"youtu"};
static constexpr std::string_view patterns[] = {
    "[\\x{ac00}-\\x{d7a3}\\x{3131}-\\x{318e}]+"
    "|[\\x{ff01}\\x{2026}\\x{201c}\\x{201d}\\x{2018}\\x{2019}\\x{2014}\\x{ff1a}"
    "\\x{ff1b}\\x{ff0c}\\x{3001}-\\x{303f}\\x{fe30}-\\x{fe4f}]+"
    "|[\\x{3105}-\\x{312f}]+|[\\x{4e00}-\\x{9fa5}\\x{3040}-\\x{30ff}]+",
    "[^\\r\\n\\p{L}\\p{N}]?" QUERN_UPPER "*" QUERN_LOWER "+" SUFFIX
    "|[^\\r\\n\\p{L}\\p{N}]?" QUERN_UPPER "+" QUERN_LOWER "*" SUFFIX
    "|\\p{N}|" QUERN_MARKS "[\\r\\n/]*" QUERN_TAIL};

extern constinit const PreTokenizer preYoutu{names, patterns,
                                             /*ignoreMerges=*/true};

} // namespace quern::tokenizer
