//===- Tokenizer.h - tokenizer.json to GGUF's keys -------------*- C++ -*-===//
//
// What a Hugging Face folder says about text, in up to five files, as GGUF's
// tokenizer.* keys:
//
//   tokenizer.ggml.model        "gpt2": byte-level BPE
//   tokenizer.ggml.{tokens,token_type,merges}
//   tokenizer.ggml.pre          a known rule; see PreTokenizer.h
//   tokenizer.ggml.{bos,eos,unknown,padding}_token_id
//   tokenizer.ggml.eos_token_ids  all ids that end a text, if more than one
//   tokenizer.ggml.{add_bos_token,add_eos_token}
//   tokenizer.chat_template, tokenizer.chat_template.NAME
//   tokenizer.huggingface.{pre_tokenizer,normalizer}  JSON
//   tokenizer.huggingface.ignore_merges  true: a whole word that is a token is
//                               taken without merging
//
//===----------------------------------------------------------------------===//
#pragma once
#include "frontend/safetensors/Json.h"
#include "frontend/safetensors/MetaWriter.h"

namespace quern {

/// The files; those that need not be there are optional.
struct TextFiles {
  JsonObject tokenizer;                        // tokenizer.json
  JsonObject config;                           // config.json
  std::optional<JsonObject> generation;        // generation_config.json
  std::optional<JsonObject> tokenizerConfig;   // tokenizer_config.json
  std::optional<llvm::StringRef> chatTemplate; // chat_template.jinja
};

/// `rows` are those of the embedding, if it is known.
llvm::Error translateTokenizer(const TextFiles &files,
                               std::optional<uint64_t> rows, MetaWriter &meta);

} // namespace quern
