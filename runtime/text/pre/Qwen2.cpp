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
    "qwen2", "stablelm2", "deepseek-r1-qwen", "hunyuan", "megrez"};
static constexpr std::string_view patterns[] = {
    "(?i:'s|'t|'re|'ve|'m|'ll|'d)"
    "|[^\\r\\n\\p{L}\\p{N}]?\\p{L}+|\\p{N}"
    "| ?[^" QUERN_SPACE "\\p{L}\\p{N}]+[\\r\\n]*"
    "|" QUERN_S "*[\\r\\n]+|" QUERN_S "+(?![^" QUERN_SPACE "])|" QUERN_S "+"};

extern constinit const PreTokenizer preQwen2{names, patterns};

} // namespace quern::tokenizer
