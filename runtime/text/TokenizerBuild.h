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
/// `marked`: U+2581 in them is a space.
Vocabulary readVocabulary(const TokenizerSource &source, Model model,
                          bool marked);

/// A special token and the text that it is found by.
struct SpecialKey {
  std::string_view text; ///< not empty
  uint32_t id;
  uint8_t added; ///< bits of AddedToken
  bool always;   ///< not only where the caller asks for control tokens
};

/// Appends a trie and returns its root.
uint32_t buildTrie(std::vector<SpecialKey> keys, std::vector<TrieNode> &nodes,
                   std::vector<uint32_t> &edges);

/// The table of all that tokens start with, for Unigram.
struct PrefixTable {
  std::vector<PrefixSlot> slots;
  uint32_t probes = 0, seed = 0;
};
PrefixTable buildPrefixes(const Vocabulary &vocabulary);

/// All tokens that end a generation, ascending.
std::vector<int32_t> findEndTokens(const TokenizerSource &source,
                                   const Vocabulary &vocabulary);

} // namespace quern::tokenizer
