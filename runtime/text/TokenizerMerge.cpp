//===- TokenizerMerge.cpp - From a word to tokens ---------------*- C++ -*-===//
//
// The four models. None of them looks at more than one word.
//
//===----------------------------------------------------------------------===//

#include "text/TokenizerImpl.h"
#include "text/Utf8.h"

#include <algorithm>

namespace quern::tokenizer {

static void mergeListed(const TableView &table, EncodeScratch &scratch) {
  auto pairOf = [&](const Symbol &left, const Symbol &right) -> Merged {
    const MergeSlot *slot = table.findMerge(left.id, right.id);
    return slot ? Merged{slot->rank, slot->id} : Merged{0, none};
  };
  mergeSymbols(scratch.symbols, pairOf, scratch.merge);
}

static void mergeBytes(const TableView &table, std::string_view word,
                       EncodeScratch &scratch) {
  auto &symbols = scratch.symbols;
  symbols.clear();
  bool keep = table.header().flags & FlagUnknownBytes;
  for (uint32_t i = 0; i < word.size(); ++i) {
    // A byte that the vocabulary lacks is left out before merging, as the
    // `tokenizers` package does where a model has no unknown token.
    uint32_t id = table.header().byteToken[static_cast<uint8_t>(word[i])];
    if (id != none || keep)
      symbols.push_back({i, i + 1, id});
  }
  mergeListed(table, scratch);
}

/// The characters of `word` as symbols; those that are no token have no id.
static void cutCharacters(const TableView &table, std::string_view word,
                          EncodeScratch &scratch) {
  auto &symbols = scratch.symbols;
  symbols.clear();
  for (uint32_t i = 0; i < word.size();) {
    uint32_t size = utf8::decode(word.substr(i, 4)).size;
    symbols.push_back({i, i + size, table.find(word.substr(i, size))});
    i += size;
  }
}

static void mergePieces(const TableView &table, std::string_view word,
                        EncodeScratch &scratch) {
  scratch.unused.clear();
  cutCharacters(table, word, scratch);
  auto pairOf = [&](const Symbol &left, const Symbol &right) -> Merged {
    uint32_t id = table.find(word.substr(left.begin, right.end - left.begin));
    if (id == none)
      return {0, none};
    if (table.type(id) == TokenType::Unused)
      scratch.unused.push_back({id, {left, right}});
    return {table.rank(id), id};
  };
  mergeSymbols(scratch.symbols, pairOf, scratch.merge);
}

/// Viterbi's algorithm over character boundaries. The first of equal paths
/// stays, as in SentencePiece. From each boundary the characters behind it are
/// followed as long as some token starts so.
static void bestPath(const TableView &table, std::string_view word,
                     EncodeScratch &scratch) {
  auto &paths = scratch.paths;
  auto &chars = scratch.chars;
  auto size = static_cast<uint32_t>(word.size());
  chars.clear();
  for (uint32_t at = 0; at < size;) {
    utf8::Char c = utf8::decode(word.substr(at, 4));
    at += c.size;
    chars.push_back({c.code, at});
  }
  paths.assign(chars.size() + 1, {scratch.score, none, none});
  auto step = [&](size_t from, size_t to, uint32_t id, double score) {
    double sum = paths[from].score + score;
    if (paths[to].from == none || sum > paths[to].score)
      paths[to] = {sum, static_cast<uint32_t>(from), id};
  };
  for (size_t first = 0; first < chars.size(); ++first) {
    uint32_t begin = first == 0 ? 0 : chars[first - 1].end;
    bool single = false;
    uint64_t hash = table.header().prefixSeed;
    for (size_t last = first; last < chars.size(); ++last) {
      hash = hashNext(hash, chars[last].code);
      const PrefixSlot *slot = table.findPrefix(hash);
      if (!slot)
        break;
      uint32_t id = slot->id;
      if (id == none || id == scratch.excluded ||
          table.type(id) == TokenType::Unused ||
          table.text(id) != word.substr(begin, chars[last].end - begin))
        continue;
      step(first, last + 1, id, table.score(id));
      single |= last == first;
    }
    if (!single)
      step(first, first + 1, none, table.header().unknownScore);
  }
  scratch.score = paths.back().score;
  auto &symbols = scratch.symbols;
  symbols.clear();
  auto endOf = [&](size_t at) { return at == 0 ? 0 : chars[at - 1].end; };
  for (size_t end = chars.size(); end > 0; end = paths[end].from)
    symbols.push_back({endOf(paths[end].from), endOf(end), paths[end].id});
  std::reverse(symbols.begin(), symbols.end());
}

void mergeWord(const TableView &table, std::string_view word,
               EncodeScratch &scratch) {
  switch (table.header().model) {
  case Model::ByteBpe:
    return mergeBytes(table, word, scratch);
  case Model::SentencePiece:
    return mergePieces(table, word, scratch);
  case Model::Unigram:
    return bestPath(table, word, scratch);
  case Model::CharacterBpe:
    cutCharacters(table, word, scratch);
    return mergeListed(table, scratch);
  }
}

} // namespace quern::tokenizer
