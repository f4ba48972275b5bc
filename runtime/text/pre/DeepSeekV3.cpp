//===- DeepSeekV3.cpp - DeepSeek V3's pre-tokenizer -------------*- C++ -*-===//
//
// DeepSeek-AI 2024, also of R1: digits in threes, runs of Chinese and Japanese,
// then words of letters and marks, where one ASCII mark goes to the Latin word
// behind it.
//
//===----------------------------------------------------------------------===//

#include "text/PreTokenizer.h"

namespace quern::tokenizer {

static constexpr std::string_view names[] = {
    "deepseek-v3", "deepseek-r1", "hunyuan-dense", "joyai-llm", "hy_v4"};
static constexpr std::string_view patterns[] = {
    "\\p{N}{1,3}", "[\\x{4e00}-\\x{9fa5}\\x{3040}-\\x{30ff}]+",
    "[!-/:-@\\[-`{-~][A-Za-z]+"
    "|[^\\r\\n\\p{L}\\p{P}\\p{S}]?[\\p{L}\\p{M}]+| "
    "?[\\p{P}\\p{S}]+[\\r\\n]*" QUERN_TAIL};

extern constinit const PreTokenizer preDeepSeekV3{names, patterns};

} // namespace quern::tokenizer
