//===- Tekken.cpp - Mistral's Tekken ----------------------------*- C++ -*-===//
//
// o200k_base's words without contractions, and digits one by one.
//
//===----------------------------------------------------------------------===//

#include "text/PreTokenizer.h"

namespace quern::tokenizer {

static constexpr std::string_view names[] = {"tekken"};
static constexpr std::string_view patterns[] = {
    "[^\\r\\n\\p{L}\\p{N}]?" QUERN_UPPER "*" QUERN_LOWER "+"
    "|[^\\r\\n\\p{L}\\p{N}]?" QUERN_UPPER "+" QUERN_LOWER "*"
    "|\\p{N}|" QUERN_MARKS "[\\r\\n/]*" QUERN_TAIL};

extern constinit const PreTokenizer preTekken{names, patterns,
                                              /*ignoreMerges=*/true};

} // namespace quern::tokenizer
