//===- Gemma4.cpp - BPE over characters in GGUF files -----------*- C++ -*-===//
//
// Gemma 4 and others that were trained with SentencePiece's BPE, converted with
// their merges in place of scores: a space is U+2581, characters that are no
// token are byte tokens, and nothing is cut before merging. The first of the
// names is a GGUF file's tokenizer.ggml.model, the others tokenizer.ggml.pre.
//
//===----------------------------------------------------------------------===//

#include "text/PreTokenizer.h"

namespace quern::tokenizer {

static constexpr std::string_view names[] = {
    "gemma4", "granite-embed-multi-311m", "sarvam-moe"};

extern constinit const PreTokenizer preGemma4{names,
                                              {},
                                              /*ignoreMerges=*/false,
                                              /*characters=*/true};

} // namespace quern::tokenizer
