//===- Gpt4o.cpp - The pre-tokenizer of o200k_base --------------*- C++ -*-===//
//
// tiktoken's o200k_base, of GPT-4o, gpt-oss, Llama 4 and Phi-4-mini: a word is
// capitals then small letters, with its contraction; digits come in threes.
//
//===----------------------------------------------------------------------===//

#include "text/PreTokenizer.h"

namespace quern::tokenizer {

#define UPPER "\\p{Lu}\\p{Lt}\\p{Lm}\\p{Lo}\\p{M}"
#define LOWER "\\p{Ll}\\p{Lm}\\p{Lo}\\p{M}"
#define SUFFIX "(?i:'s|'t|'re|'ve|'m|'ll|'d)?"

static constexpr std::string_view names[] = {"gpt-4o", "llama4", "kanana2"};
static constexpr std::string_view patterns[] = {
    "[^\\r\\n\\p{L}\\p{N}]?[" UPPER "]*[" LOWER "]+" SUFFIX
    "|[^\\r\\n\\p{L}\\p{N}]?[" UPPER "]+[" LOWER "]*" SUFFIX "|\\p{N}{1,3}"
    "| ?[^" QUERN_SPACE "\\p{L}\\p{N}]+[\\r\\n/]*"
    "|" QUERN_S "*[\\r\\n]+|" QUERN_S "+(?![^" QUERN_SPACE "])|" QUERN_S "+"};

extern constinit const PreTokenizer preGpt4o{names, patterns};

} // namespace quern::tokenizer
