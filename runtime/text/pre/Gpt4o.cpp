//===- Gpt4o.cpp - The pre-tokenizer of o200k_base --------------*- C++ -*-===//
//
// tiktoken's o200k_base, of GPT-4o, gpt-oss, Llama 4 and Phi-4-mini: a word is
// capitals then small letters, with its contraction; digits come in threes.
//
//===----------------------------------------------------------------------===//

#include "text/PreTokenizer.h"

namespace quern::tokenizer {

#define SUFFIX QUERN_CONTRACTION "?"

static constexpr std::string_view names[] = {"gpt-4o", "llama4", "kanana2",
                                             "talkie", "minimax-m2"};
static constexpr std::string_view patterns[] = {
    "[^\\r\\n\\p{L}\\p{N}]?" QUERN_UPPER "*" QUERN_LOWER "+" SUFFIX
    "|[^\\r\\n\\p{L}\\p{N}]?" QUERN_UPPER "+" QUERN_LOWER "*" SUFFIX
    "|\\p{N}{1,3}|" QUERN_MARKS "[\\r\\n/]*" QUERN_TAIL};

extern constinit const PreTokenizer preGpt4o{names, patterns};

} // namespace quern::tokenizer
