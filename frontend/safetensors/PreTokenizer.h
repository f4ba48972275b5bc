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

/// Sets tokenizer.huggingface.pre_tokenizer, .normalizer and .decoder (JSON,
/// none of them if it is null), tokenizer.ggml.pre (if it is a known rule) and,
/// for byte-level rules, tokenizer.ggml.add_space_prefix. Returns whether the
/// rule is byte-level.
llvm::Expected<bool> translatePreTokenizer(const JsonObject &tokenizer,
                                           MetaWriter &meta);

} // namespace quern
