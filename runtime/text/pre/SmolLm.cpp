//===- SmolLm.cpp - GPT-2's words with single digits ------------*- C++ -*-===//
//
// SmolLM, StarCoder and others first set every digit apart and then cut what
// lies between by GPT-2's pattern. One pattern does both: digits are words of
// one, and a run of spaces before a digit is whole, as at the end of a text.
//
//===----------------------------------------------------------------------===//

#include "text/PreTokenizer.h"

namespace quern::tokenizer {

static constexpr std::string_view names[] = {
    "smollm",    "starcoder", "refact",     "command-r",
    "codeshell", "exaone",    "minerva-7b", "mellum2"};
static constexpr std::string_view patterns[] = {
    "'s|'t|'re|'ve|'m|'ll|'d"
    "| ?\\p{L}+|\\p{N}| ?[^" QUERN_SPACE "\\p{L}\\p{N}]+"
    "|" QUERN_S "+(?![^" QUERN_SPACE "\\p{N}])|" QUERN_S "+"};

extern constinit const PreTokenizer preSmolLm{names, patterns};

} // namespace quern::tokenizer
