//===- Laguna.cpp - Qwen 2's words within lines -----------------*- C++ -*-===//
//
// Line breaks are cut off first.
//
//===----------------------------------------------------------------------===//

#include "text/PreTokenizer.h"

namespace quern::tokenizer {

static constexpr std::string_view names[] = {"laguna"};
static constexpr std::string_view patterns[] = {
    "\\n+", QUERN_CONTRACTION "|" QUERN_WORD "|"
                              "\\p{N}"
                              "|" QUERN_MARKS "[\\r\\n]*" QUERN_TAIL};

extern constinit const PreTokenizer preLaguna{names, patterns};

} // namespace quern::tokenizer
