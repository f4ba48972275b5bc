//===- TokenizerBuild.h - Pieces of the tokenizer's builder ----*- C++ -*-===//
//
// Internal: the parts of `buildTokenizer` that stand on their own.
//
//===----------------------------------------------------------------------===//
#pragma once

#include "text/TokenizerTable.h"

namespace quern::tokenizer {

/// A vocabulary after validation: what each token decodes to, and its type.
struct Vocabulary {
  std::vector<std::string> texts;
  std::vector<TokenType> types;
  std::vector<bool> mergeable;
  uint32_t byteToken[256];
};

/// Checks ids, counts and types of `source` and decodes its token texts.
Vocabulary readVocabulary(const TokenizerSource &source, Model model);

/// The trie of control, unknown and user-defined tokens.
void buildTrie(const Vocabulary &vocabulary, std::vector<TrieNode> &nodes,
               std::vector<uint32_t> &edges);

/// All tokens that end a generation, ascending.
std::vector<int32_t> findEndTokens(const TokenizerSource &source,
                                   const Vocabulary &vocabulary);

} // namespace quern::tokenizer
