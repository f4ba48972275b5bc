//===- Cl100k.cpp - The pre-tokenizer of cl100k_base ------------*- C++ -*-===//
//
// Llama 3's words, all of which are merged: DBRX, Smaug, ChatGLM 4.
//
//===----------------------------------------------------------------------===//

#include "text/PreTokenizer.h"

namespace quern::tokenizer {

static constexpr std::string_view names[] = {"dbrx", "smaug-bpe",
                                             "chatglm-bpe"};
static constexpr std::string_view patterns[] = {
    QUERN_CONTRACTION "|" QUERN_WORD "|"
                      "\\p{N}{1,3}"
                      "|" QUERN_MARKS "[\\r\\n]*" QUERN_TAIL};

extern constinit const PreTokenizer preCl100k{names, patterns};

} // namespace quern::tokenizer
