//===- Llama3.cpp - Llama 3's pre-tokenizer ---------------------*- C++ -*-===//
//
// The pattern of tiktoken's cl100k_base: contractions in any case, digits in
// threes, line breaks with the marks and spaces before them.
//
//===----------------------------------------------------------------------===//

#include "text/PreTokenizer.h"

namespace quern::tokenizer {

static constexpr std::string_view names[] = {
    "llama-bpe", "llama3",  "llama-v3", "falcon3",     "dolphin-nope",
    "smaug-bpe", "pixtral", "lfm2",     "chatglm-bpe", "glm4"};
static constexpr std::string_view patterns[] = {
    "(?i:'s|'t|'re|'ve|'m|'ll|'d)"
    "|[^\\r\\n\\p{L}\\p{N}]?\\p{L}+|\\p{N}{1,3}"
    "| ?[^" QUERN_SPACE "\\p{L}\\p{N}]+[\\r\\n]*"
    "|" QUERN_S "*[\\r\\n]+|" QUERN_S "+(?![^" QUERN_SPACE "])|" QUERN_S "+"};

extern constinit const PreTokenizer preLlama3{names, patterns,
                                              /*ignoreMerges=*/true};

} // namespace quern::tokenizer
