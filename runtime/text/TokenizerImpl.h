//===- TokenizerImpl.h - Encoding over a table -----------------*- C++ -*-===//
//
// Internal: the part of the tokenizer that the builder needs as well, which
// asks of every token what merging its own bytes gives.
//
//===----------------------------------------------------------------------===//
#pragma once

#include "text/Merge.h"
#include "text/TextNormalizer.h"
#include "text/TokenizerTable.h"
#include "text/WordSplitter.h"

namespace quern::tokenizer {

/// The best way to reach a position of the text (Unigram).
struct PathEnd {
  double score;
  uint32_t from, id; ///< `from` is none where nothing has led here yet
};

/// A character of a word, and where it ends.
struct WordChar {
  char32_t code;
  uint32_t end;
};

/// Memory of one `encode`, so that words share it.
struct EncodeScratch {
  std::vector<Symbol> symbols;
  MergeScratch merge;
  std::vector<WordChar> chars;
  std::vector<PathEnd> paths;
  /// Unigram: the sum so far in this word. Words are cut where all paths meet,
  /// but sums are rounded, and ties would be decided another way from zero.
  double score = 0;
  uint32_t excluded = UINT32_MAX; ///< Unigram: a token not to take
  /// How unused tokens came about, to take them apart again.
  std::vector<std::pair<uint32_t, std::pair<Symbol, Symbol>>> unused;
};

/// Merges all of `word` (valid UTF-8 but for byte BPE) and leaves the result
/// in `scratch.symbols`. Looks neither at special tokens nor at whole words.
void mergeWord(const TableView &table, std::string_view word,
               EncodeScratch &scratch);

/// The ids of `text`, without BOS and EOS.
std::vector<int32_t> encodeText(const TableView &table,
                                const TextNormalizer &normalizer,
                                const WordSplitter &splitter,
                                std::string_view text, bool parseSpecial);

} // namespace quern::tokenizer
