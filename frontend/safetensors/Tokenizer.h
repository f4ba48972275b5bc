//===- Tokenizer.h - tokenizer.json to GGUF's keys -------------*- C++ -*-===//
//
// What a Hugging Face folder says about text, in up to five files, as GGUF's
// tokenizer.* keys:
//
//   tokenizer.ggml.model        "gpt2": byte-level BPE; "bpe": BPE over
//                               characters; "t5": Unigram
//   tokenizer.ggml.{tokens,token_type,merges,scores}
//   tokenizer.ggml.pre          a known rule; see PreTokenizer.h
//   tokenizer.ggml.{bos,eos,unknown,padding}_token_id
//   tokenizer.ggml.eos_token_ids  all ids that end a text, if more than one
//   tokenizer.ggml.{add_bos_token,add_eos_token}
//   tokenizer.chat_template, tokenizer.chat_template.NAME
//   tokenizer.huggingface.{pre_tokenizer,normalizer,decoder}  JSON
//   tokenizer.huggingface.ignore_merges  true: a whole word that is a token is
//                               taken without merging
//   tokenizer.huggingface.fuse_unk  true: a run of unknown characters is one
//   tokenizer.huggingface.unknown_token_id  what stands for those, if anything
//   tokenizer.huggingface.added  by id: bits of AddedAttribute (Vocabulary.h)
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
