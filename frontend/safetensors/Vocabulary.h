//===- Vocabulary.h - The vocabulary of a tokenizer.json -------*- C++ -*-===//
//
// Tokens, their kinds and the BPE merges or Unigram scores of Hugging Face's
// `tokenizers`, in the terms of GGUF: tokens, kinds and scores by id, merges as
// "left right" by rank.
//
//===----------------------------------------------------------------------===//
#pragma once
#include "frontend/safetensors/Json.h"
#include "frontend/safetensors/MetaWriter.h"
#include "llvm/ADT/StringMap.h"

namespace quern {

/// tokenizer.ggml.token_type of GGUF.
enum class TokenKind : int64_t {
  Normal = 1,
  Control = 3,     // a special added token
  UserDefined = 4, // another added token
  Unused = 5,      // fills the ids that have no token
  Byte = 6,        // <0xXX>, where the model falls back to bytes
};

/// Attributes of an added token; the values are those of the runtime's
/// AddedToken (text/Tokenizer.h).
enum AddedAttribute : int64_t {
  AttributeLStrip = 1,
  AttributeRStrip = 2,
  AttributeSingleWord = 4,
  AttributeNormalized = 8,
  AttributeInModel = 16,
};

class Vocabulary {
public:
  /// Reads "model" and "added_tokens" of a tokenizer.json, which must be a BPE
  /// or Unigram model. `rows` are those of the embedding, if it is known:
  /// an id beyond them is an error, and ids without a token up to them are
  /// filled with unused tokens "[PAD<id>]". Strings are owned by `strings`.
  static llvm::Expected<Vocabulary> read(const JsonObject &tokenizer,
                                         std::optional<uint64_t> rows,
                                         MetaWriter &strings);

  uint64_t size() const { return tokens.size(); }
  std::optional<uint64_t> find(llvm::StringRef token) const;

  std::vector<llvm::StringRef> tokens; // by id
  std::vector<int64_t> kinds;          // by id, TokenKind
  std::vector<int64_t> added;          // by id, bits of AddedAttribute
  std::vector<double> scores;          // by id, Unigram
  std::vector<llvm::StringRef> merges; // by rank, "left right"
  bool unigram = false, ignoreMerges = false, fuseUnknown = false;
  std::optional<uint64_t> unknown; // what stands for unknown characters

private:
  llvm::Error readBpe(const JsonObject &model, MetaWriter &strings);
  llvm::Error readUnigram(const JsonObject &model);
  llvm::Error readByteFallback(const JsonObject &model);
  llvm::Error readTokens(const JsonObject &model);
  llvm::Error readAdded(const JsonObject &tokenizer);
  llvm::Error readAddedToken(const JsonObject &tokenizer, const Json &entry,
                             size_t index);
  llvm::Error readMerges(const JsonObject &model, MetaWriter &strings);
  llvm::Error add(const JsonObject &where, llvm::StringRef key,
                  llvm::StringRef token, const Json &id, TokenKind kind);
  llvm::Error place(const JsonObject &tokenizer, std::optional<uint64_t> rows,
                    MetaWriter &strings);

  struct Entry {
    uint64_t id;
    TokenKind kind;
    int64_t added = 0;
    double score = 0;
  };
  llvm::StringMap<Entry> entries;
};

} // namespace quern
