//===- DeepSeekCoder.cpp - DeepSeek-Coder's pre-tokenizer -------*- C++ -*-===//
//
// Guo et al. 2024: line breaks, words and marks with one white space before
// them, East Asian text in runs, digits one by one.
//
//===----------------------------------------------------------------------===//

#include "text/PreTokenizer.h"

namespace quern::tokenizer {

static constexpr std::string_view names[] = {"deepseek-coder"};
static constexpr std::string_view patterns[] = {"[\\r\\n]", QUERN_S "?\\p{L}+",
                                                QUERN_S "?\\p{P}+",
                                                QUERN_EAST_ASIAN, "\\p{N}"};

extern constinit const PreTokenizer preDeepSeekCoder{names, patterns};

} // namespace quern::tokenizer
