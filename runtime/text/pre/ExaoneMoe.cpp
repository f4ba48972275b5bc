//===- ExaoneMoe.cpp - EXAONE MoE's pre-tokenizer ---------------*- C++ -*-===//
//
// Qwen 2's, but letters set apart by single spaces are one word: the
// vocabulary has phrases. Nothing follows the group, so it never gives back.
//
//===----------------------------------------------------------------------===//

#include "text/PreTokenizer.h"

namespace quern::tokenizer {

static constexpr std::string_view names[] = {"exaone-moe"};
static constexpr std::string_view patterns[] = {
    QUERN_CONTRACTION "|[^\\r\\n\\p{L}\\p{N}]?(?:\\p{L}\\p{M}*+(?: "
                      "\\p{L}\\p{M}*+)*+)++|\\p{N}|" QUERN_MARKS "[\\r\\n/]?"
                      "|" QUERN_S "*[\\r\\n]|" QUERN_S "+" QUERN_NO_WORD
                      "|" QUERN_S "+"};

extern constinit const PreTokenizer preExaoneMoe{names, patterns};

} // namespace quern::tokenizer
