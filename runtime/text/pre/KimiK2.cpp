//===- KimiK2.cpp - Kimi K2's pre-tokenizer ---------------------*- C++ -*-===//
//
// Moonshot AI 2025. As GPT-4o's, but runs of Chinese characters are words of
// their own and no part of others.
//
//===----------------------------------------------------------------------===//

#include "text/PreTokenizer.h"

namespace quern::tokenizer {

#define SUFFIX QUERN_CONTRACTION "?"
#define UPPER "(?:(?!\\p{Han})" QUERN_UPPER ")"
#define LOWER "(?:(?!\\p{Han})" QUERN_LOWER ")"

static constexpr std::string_view names[] = {"kimi-k2"};
static constexpr std::string_view patterns[] = {
    "\\p{Han}+"
    "|[^\\r\\n\\p{L}\\p{N}]?" UPPER "*" LOWER "+" SUFFIX
    "|[^\\r\\n\\p{L}\\p{N}]?" UPPER "+" LOWER "*" SUFFIX
    "|\\p{N}{1,3}|" QUERN_MARKS "[\\r\\n]*" QUERN_TAIL};

extern constinit const PreTokenizer preKimiK2{names, patterns};

} // namespace quern::tokenizer
