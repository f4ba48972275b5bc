//===- TokenizerImpl.h - Encoding over a table -----------------*- C++ -*-===//
//
// Internal: the part of the tokenizer that the builder needs as well, which
// asks of every token what merging its own bytes gives.
//
//===----------------------------------------------------------------------===//
#pragma once

#include "text/Merge.h"
#include "text/PreTokenizer.h"
#include "text/TokenizerTable.h"

namespace quern::tokenizer {

/// The best way to reach a position of the text (Unigram).
struct PathEnd {
  double score;
  uint32_t from, id; ///< `from` is none where nothing has led here yet
};

/// Memory of one `encode`, so that words share it.
struct EncodeScratch {
  std::vector<Symbol> symbols;
  MergeScratch merge;
  std::vector<PathEnd> paths;
  /// How unused tokens came about, to take them apart again.
  std::vector<std::pair<uint32_t, std::pair<Symbol, Symbol>>> unused;
};

/// Merges all of `word` (valid UTF-8 for SentencePiece) and leaves the result
/// in `scratch.symbols`. Looks neither at special tokens nor at whole words.
void mergeWord(const TableView &table, std::string_view word,
               EncodeScratch &scratch);

} // namespace quern::tokenizer
