//===- MiniCpm5.cpp - MiniCPM 5's pre-tokenizer -----------------*- C++ -*-===//
//
// Digits in threes, then cl100k_base's words.
//
//===----------------------------------------------------------------------===//

#include "text/PreTokenizer.h"

namespace quern::tokenizer {

static constexpr std::string_view names[] = {"minicpm5"};
static constexpr std::string_view patterns[] = {
    "\\p{N}{1,3}", QUERN_CONTRACTION "|" QUERN_WORD "|"
                                     "\\p{N}+"
                                     "|" QUERN_MARKS "[\\r\\n]*" QUERN_TAIL};

extern constinit const PreTokenizer preMiniCpm5{names, patterns,
                                                /*ignoreMerges=*/true};

} // namespace quern::tokenizer
