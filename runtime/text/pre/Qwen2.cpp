//===- Qwen2.cpp - Qwen 2's pre-tokenizer -----------------------*- C++ -*-===//
//
// cl100k_base's pattern with digits one by one. Qwen's own tokenizer composes
// characters (NFC) first, which is left to whoever makes the text, as in
// llama.cpp: nearly all text is composed already, and decoding gives back what
// was encoded.
//
//===----------------------------------------------------------------------===//

#include "text/PreTokenizer.h"

namespace quern::tokenizer {

static constexpr std::string_view names[] = {
    "qwen2",   "stablelm2", "deepseek-r1-qwen", "kormo", "f2llmv2",
    "hunyuan", "megrez",    "solar-open",       "grok-2"};
static constexpr std::string_view patterns[] = {
    QUERN_CONTRACTION "|" QUERN_WORD "|"
                      "\\p{N}"
                      "|" QUERN_MARKS "[\\r\\n]*" QUERN_TAIL};

extern constinit const PreTokenizer preQwen2{names, patterns};

} // namespace quern::tokenizer
