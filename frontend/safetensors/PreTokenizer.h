//===- PreTokenizer.h - Pre-tokenizers of tokenizer.json -------*- C++ -*-===//
//
// GGUF names the rule that cuts text before BPE ("smollm"); tokenizer.json
// writes it out. Known rules get their name, and every rule is passed on as it
// is written, so that a tokenizer can follow one nobody named.
//
//===----------------------------------------------------------------------===//
#pragma once
#include "frontend/safetensors/Json.h"
#include "frontend/safetensors/MetaWriter.h"

namespace quern {

/// Sets tokenizer.huggingface.pre_tokenizer and .normalizer (JSON),
/// tokenizer.ggml.pre (if it is a known rule) and
/// tokenizer.ggml.add_space_prefix. An error if the rule is not byte-level.
llvm::Error translatePreTokenizer(const JsonObject &tokenizer,
                                  MetaWriter &meta);

} // namespace quern
