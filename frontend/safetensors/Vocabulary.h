//===- Vocabulary.h - The vocabulary of a tokenizer.json -------*- C++ -*-===//
//
// Tokens, their kinds and the BPE merges of Hugging Face's `tokenizers`, in the
// terms of GGUF: tokens and kinds by id, merges as "left right" by rank.
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
};

class Vocabulary {
public:
  /// Reads "model" and "added_tokens" of a tokenizer.json, which must be a BPE
  /// without byte fallback. `rows` are those of the embedding, if it is known:
  /// an id beyond them is an error, and ids without a token up to them are
  /// filled with unused tokens "[PAD<id>]". Strings are owned by `strings`.
  static llvm::Expected<Vocabulary> read(const JsonObject &tokenizer,
                                         std::optional<uint64_t> rows,
                                         MetaWriter &strings);

  uint64_t size() const { return tokens.size(); }
  std::optional<uint64_t> find(llvm::StringRef token) const;

  std::vector<llvm::StringRef> tokens; // by id
  std::vector<int64_t> kinds;          // by id, TokenKind
  std::vector<llvm::StringRef> merges; // by rank, "left right"

private:
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
  };
  llvm::StringMap<Entry> entries;
};

} // namespace quern
