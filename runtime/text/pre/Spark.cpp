//===- Spark.cpp - Spark 2.5's pre-tokenizer --------------------*- C++ -*-===//
//
// DeepSeek V3's, with line breaks and digits one by one.
//
//===----------------------------------------------------------------------===//

#include "text/PreTokenizer.h"

namespace quern::tokenizer {

static constexpr std::string_view names[] = {"spark2_5"};
static constexpr std::string_view patterns[] = {
    "\\p{N}{1,3}", "[\\x{4e00}-\\x{9fa5}\\x{3040}-\\x{30ff}]+",
    "[!-/:-@\\[-`{-~][A-Za-z]+"
    "|[^\\r\\n\\p{L}\\p{P}\\p{S}]?[\\p{L}\\p{M}]+| "
    "?[\\p{P}\\p{S}]+|[\\r\\n]|" QUERN_S "+" QUERN_NO_WORD "|" QUERN_S "+",
    "\\p{N}"};

extern constinit const PreTokenizer preSpark{names, patterns};

} // namespace quern::tokenizer
