//===- Gpt2.cpp - GPT-2's pre-tokenizer -------------------------*- C++ -*-===//
//
// Radford et al. 2019: contractions, then letters, digits or other marks with
// at most one space in front; the last space of a run goes to the next word.
//
//===----------------------------------------------------------------------===//

#include "text/PreTokenizer.h"

namespace quern::tokenizer {

// "default" is what files say that do not know better.
static constexpr std::string_view names[] = {
    "gpt-2",          "gpt2",        "default",      "",
    "phi-2",          "olmo",        "jais",         "mpt",
    "dbrx",           "roberta-bpe", "gigachat-bpe", "trillion",
    "granite-docling"};
static constexpr std::string_view patterns[] = {
    "'s|'t|'re|'ve|'m|'ll|'d"
    "| ?\\p{L}+| ?\\p{N}+| ?[^" QUERN_SPACE "\\p{L}\\p{N}]+"
    "|" QUERN_S "+(?![^" QUERN_SPACE "])|" QUERN_S "+"};

extern constinit const PreTokenizer preGpt2{names, patterns};

} // namespace quern::tokenizer
