//===- Gpt2.cpp - GPT-2's pre-tokenizer -------------------------*- C++ -*-===//
//
// Radford et al. 2019: contractions, then letters, digits or other marks with
// at most one space in front; the last space of a run goes to the next word.
//
//===----------------------------------------------------------------------===//

#include "text/PreTokenizer.h"

namespace quern::tokenizer {

static constexpr std::string_view names[] = {
    "gpt-2",       "gpt2",        "phi-2",       "olmo",
    "jais",        "mpt",         "trillion",    "granite-docling",
    "exaone4",     "roberta-bpe", "gigachat",    "gigachat-bpe",
    "a.x-4.0",     "mellum",      "modern-bert", "jina-es",
    "jina-de",     "jina-v1-en",  "jina-v2-es",  "jina-v2-de",
    "jina-v2-code"};
static constexpr std::string_view patterns[] = {QUERN_GPT2};

extern constinit const PreTokenizer preGpt2{names, patterns};

} // namespace quern::tokenizer
