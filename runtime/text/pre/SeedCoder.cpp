//===- SeedCoder.cpp - Seed-Coder's pre-tokenizer ---------------*- C++ -*-===//
//
// Qwen 2's, but line breaks never follow marks.
//
//===----------------------------------------------------------------------===//

#include "text/PreTokenizer.h"

namespace quern::tokenizer {

static constexpr std::string_view names[] = {"seed-coder"};
static constexpr std::string_view patterns[] = {
    QUERN_CONTRACTION "|" QUERN_WORD "|"
                      "\\p{N}"
                      "| ?[^" QUERN_SPACE "\\p{L}\\p{N}]+" QUERN_TAIL};

extern constinit const PreTokenizer preSeedCoder{names, patterns};

} // namespace quern::tokenizer
