//===- DeepSeekCoder.cpp - DeepSeek-Coder's pre-tokenizer -------*- C++ -*-===//
//
// Guo et al. 2024: line breaks, words and marks with one white space before
// them, East Asian text in runs, digits one by one.
//
//===----------------------------------------------------------------------===//

#include "text/PreTokenizer.h"

namespace quern::tokenizer {

// Line breaks, words and marks, and then East Asian runs and digits, are cut by
// a pattern each in the model's tokenizer. No match of one is in the way of the
// next, so that each group is one pattern here.
#define BLANK "(?:(?![\\r\\n])" QUERN_S ")"
#define EAST_ASIAN "[\\x{800}-\\x{9fa5}\\x{ac00}-\\x{d7ff}]"

static constexpr std::string_view names[] = {"deepseek-coder"};
static constexpr std::string_view patterns[] = {
    "[\\r\\n]|" BLANK "?\\p{L}+|" BLANK "?\\p{P}+",
    "\\p{N}|(?:(?!\\p{N})" EAST_ASIAN ")+"};

extern constinit const PreTokenizer preDeepSeekCoder{names, patterns};

} // namespace quern::tokenizer
