//===- Llama3.cpp - Llama 3's pre-tokenizer ---------------------*- C++ -*-===//
//
// The pattern of tiktoken's cl100k_base: contractions in any case, digits in
// threes, line breaks with the marks and spaces before them. A word that is a
// token is not merged.
//
//===----------------------------------------------------------------------===//

#include "text/PreTokenizer.h"

namespace quern::tokenizer {

static constexpr std::string_view names[] = {
    "llama-bpe", "llama3", "llama-v3",     "falcon3", "falcon-h1", "pixtral",
    "midm-2.0",  "lfm2",   "jina-v5-nano", "glm4",    "glm5"};
static constexpr std::string_view patterns[] = {
    QUERN_CONTRACTION "|" QUERN_WORD "|"
                      "\\p{N}{1,3}"
                      "|" QUERN_MARKS "[\\r\\n]*" QUERN_TAIL};

extern constinit const PreTokenizer preLlama3{names, patterns,
                                              /*ignoreMerges=*/true};

} // namespace quern::tokenizer
