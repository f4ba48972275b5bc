//===- BailingMoe.cpp - Ling's pre-tokenizer --------------------*- C++ -*-===//
//
// Qwen 2's, but line breaks come one by one.
//
//===----------------------------------------------------------------------===//

#include "text/PreTokenizer.h"

namespace quern::tokenizer {

static constexpr std::string_view names[] = {"bailingmoe", "bailingmoe2",
                                             "llada-moe"};
static constexpr std::string_view patterns[] = {
    "'(?i:[sdmt]|ll|ve|re)|" QUERN_WORD "|\\p{N}|" QUERN_MARKS "[\\r\\n]*"
    "|" QUERN_S "*[\\r\\n]|" QUERN_S "+" QUERN_NO_WORD "|" QUERN_S "+"};

extern constinit const PreTokenizer preBailingMoe{names, patterns};

} // namespace quern::tokenizer
