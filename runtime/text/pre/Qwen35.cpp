//===- Qwen35.cpp - Qwen 3.5's pre-tokenizer --------------------*- C++ -*-===//
//
// Qwen 2's, with combining marks as parts of words.
//
//===----------------------------------------------------------------------===//

#include "text/PreTokenizer.h"

namespace quern::tokenizer {

static constexpr std::string_view names[] = {"qwen35"};
static constexpr std::string_view patterns[] = {
    QUERN_CONTRACTION "|[^\\r\\n\\p{L}\\p{N}]?[\\p{L}\\p{M}]+|\\p{N}"
                      "| ?[^" QUERN_SPACE
                      "\\p{L}\\p{M}\\p{N}]+[\\r\\n]*" QUERN_TAIL};

extern constinit const PreTokenizer preQwen35{names, patterns};

} // namespace quern::tokenizer
