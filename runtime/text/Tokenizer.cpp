//===- Tokenizer.cpp - Encoding and decoding --------------------*- C++ -*-===//
//
// Text is cut three times before anything is merged: at special tokens, then
// into words, and a word that is a token by itself (most are; the builder has
// marked them) is done. SentencePiece knows no words: there the text is cut
// wherever no token of the vocabulary could reach across, which is nearly
// everywhere before a space, and gives the very same tokens.
//
//===----------------------------------------------------------------------===//

#include "text/Tokenizer.h"

#include "Error.h"
#include "text/TokenizerImpl.h"
#include "text/Utf8.h"

#include <algorithm>

namespace quern {
using namespace tokenizer;

namespace tokenizer {

static void mergeBytes(const TableView &table, std::string_view word,
                       EncodeScratch &scratch) {
  auto &symbols = scratch.symbols;
  symbols.clear();
  for (uint32_t i = 0; i < word.size(); ++i) {
    // A byte that the vocabulary lacks is left out before merging, as the
    // `tokenizers` package does where a model has no unknown token.
    uint32_t id = table.header().byteToken[static_cast<uint8_t>(word[i])];
    if (id != none)
      symbols.push_back({i, i + 1, id});
  }
  auto pairOf = [&](const Symbol &left, const Symbol &right) -> Merged {
    const MergeSlot *slot = table.findMerge(left.id, right.id);
    return slot ? Merged{slot->rank, slot->id} : Merged{0, none};
  };
  mergeSymbols(symbols, pairOf, scratch.merge);
}

static void mergePieces(const TableView &table, std::string_view word,
                        EncodeScratch &scratch) {
  auto &symbols = scratch.symbols;
  symbols.clear();
  scratch.unused.clear();
  for (uint32_t i = 0; i < word.size();) {
    uint32_t size = utf8::decode(word.substr(i, 4)).size;
    symbols.push_back({i, i + size, table.find(word.substr(i, size))});
    i += size;
  }
  auto pairOf = [&](const Symbol &left, const Symbol &right) -> Merged {
    uint32_t id = table.find(word.substr(left.begin, right.end - left.begin));
    if (id == none)
      return {0, none};
    if (table.type(id) == TokenType::Unused)
      scratch.unused.push_back({id, {left, right}});
    return {table.rank(id), id};
  };
  mergeSymbols(symbols, pairOf, scratch.merge);
}

/// Viterbi's algorithm over character boundaries. The first of equal paths
/// stays, as in SentencePiece.
static void bestPath(const TableView &table, std::string_view word,
                     EncodeScratch &scratch) {
  auto &paths = scratch.paths;
  auto size = static_cast<uint32_t>(word.size());
  paths.assign(size_t{size} + 1, {0, none, none});
  auto step = [&](uint32_t from, uint32_t to, uint32_t id, float score) {
    double sum = paths[from].score + score;
    if (paths[to].from == none || sum > paths[to].score)
      paths[to] = {sum, from, id};
  };
  for (uint32_t begin = 0; begin < size;) {
    utf8::Char first = utf8::decode(word.substr(begin, 4));
    utf8::Char last = first;
    bool single = false;
    for (uint32_t end = begin + first.size;;) {
      uint32_t id = table.find(word.substr(begin, end - begin));
      if (id != none && table.type(id) != TokenType::Unused) {
        step(begin, end, id, table.score(id));
        single |= end == begin + first.size;
      }
      if (end == size || end - begin >= table.header().longestPiece)
        break;
      utf8::Char next = utf8::decode(word.substr(end, 4));
      if (!table.bridged(last.code, next.code))
        break;
      last = next;
      end += next.size;
    }
    if (!single)
      step(begin, begin + first.size, none, table.header().unknownScore);
    begin += first.size;
  }
  auto &symbols = scratch.symbols;
  symbols.clear();
  for (uint32_t end = size; end > 0; end = paths[end].from)
    symbols.push_back({paths[end].from, end, paths[end].id});
  std::reverse(symbols.begin(), symbols.end());
}

void mergeWord(const TableView &table, std::string_view word,
               EncodeScratch &scratch) {
  if (table.header().model == Model::Unigram)
    bestPath(table, word, scratch);
  else if (table.header().model == Model::ByteBpe)
    mergeBytes(table, word, scratch);
  else
    mergePieces(table, word, scratch);
}

} // namespace tokenizer

namespace {
/// One call of `encode`.
class Encoder {
public:
  Encoder(const TableView &table, const WordSplitter &splitter)
      : table(table), splitter(splitter) {}

  std::vector<int32_t> out;

  void encodeAll(std::string_view text, bool parseSpecial);

private:
  void plain(std::string_view text);
  void plainBytes(std::string_view text);
  void plainPieces(std::string_view text);
  void byteWord(std::string_view word);
  void pieceWord(std::string_view word);
  void emit(std::string_view word, const Symbol &symbol, unsigned depth);
  void emitBytes(std::string_view bytes);
  void put(uint32_t id) {
    out.push_back(static_cast<int32_t>(id));
    afterUnknown = false;
  }

  const TableView &table;
  const WordSplitter &splitter;
  WordSplitter::Scratch match;
  EncodeScratch scratch;
  std::string unmarked, prefixed;
  bool afterUnknown = false;
};
} // namespace

void Encoder::encodeAll(std::string_view text, bool parseSpecial) {
  out.reserve(text.size() / 4 + 8);
  // Pieces are stored with plain spaces, so text is as it should be unless it
  // has U+2581 itself, which means a space too.
  if (table.header().model != Model::ByteBpe &&
      text.find(spaceMarker) != text.npos) {
    unmarked = unmarkSpaces(text);
    text = unmarked;
  }
  size_t start = 0, pos = 0;
  if (table.anySpecial(parseSpecial)) {
    while (pos < text.size()) {
      if (!table.startsSpecial(static_cast<uint8_t>(text[pos]), parseSpecial)) {
        ++pos;
        continue;
      }
      // Not the token's own text, which a damaged table may have elsewhere.
      size_t size = 0;
      uint32_t id = table.matchSpecial(text.substr(pos), parseSpecial, &size);
      if (id == none) {
        ++pos;
        continue;
      }
      plain(text.substr(start, pos - start));
      put(id);
      pos += size;
      start = pos;
    }
  }
  plain(text.substr(start));
}

void Encoder::plain(std::string_view text) {
  if (text.empty())
    return;
  if (table.header().model == Model::ByteBpe)
    return plainBytes(text);
  uint32_t flags = table.header().flags;
  if (!(flags & (FlagSpacePrefix | FlagMergeSpaces)))
    return plainPieces(text);
  prefixed.assign(flags & FlagSpacePrefix ? 1 : 0, ' ');
  if (!(flags & FlagMergeSpaces)) {
    prefixed += text;
    return plainPieces(prefixed);
  }
  bool space = false, any = false;
  for (char c : text) {
    if (c == ' ') {
      space = true;
      continue;
    }
    if (space && any)
      prefixed += ' ';
    space = false, any = true;
    prefixed += c;
  }
  if (any)
    plainPieces(prefixed);
}

void Encoder::plainBytes(std::string_view text) {
  while (!text.empty()) {
    size_t valid = utf8::validPrefix(text);
    std::string_view good = text.substr(0, valid);
    if (valid > 0)
      splitter.split(good, match, [&](size_t begin, size_t end) {
        byteWord(good.substr(begin, end - begin));
      });
    text.remove_prefix(valid);
    if (text.empty())
      break;
    // Each invalid part is a word of its own.
    size_t bad = utf8::decode(text).size;
    byteWord(text.substr(0, bad));
    text.remove_prefix(bad);
  }
}

void Encoder::byteWord(std::string_view word) {
  uint32_t id = table.find(word);
  if (id != none && (table.flags(id) & FlagWhole))
    return put(id);
  mergeWord(table, word, scratch);
  for (const Symbol &symbol : scratch.symbols)
    put(symbol.id);
}

void Encoder::plainPieces(std::string_view text) {
  size_t start = 0, pos = 0;
  char32_t previous = 0;
  bool open = false; // whether [start, pos) may go on
  while (pos < text.size()) {
    utf8::Char c = utf8::decode(text.substr(pos, 4));
    if (open && (!c.valid || !table.bridged(previous, c.code))) {
      pieceWord(text.substr(start, pos - start));
      open = false;
    }
    if (!c.valid) {
      emitBytes(text.substr(pos, c.size));
    } else if (!open) {
      start = pos;
      open = true;
    }
    previous = c.code;
    pos += c.size;
  }
  if (open)
    pieceWord(text.substr(start));
}

void Encoder::pieceWord(std::string_view word) {
  uint32_t id = table.find(word);
  if (id != none && (table.flags(id) & FlagWhole))
    return put(id);
  mergeWord(table, word, scratch);
  if (!scratch.unused.empty())
    std::stable_sort(
        scratch.unused.begin(), scratch.unused.end(),
        [](const auto &a, const auto &b) { return a.first < b.first; });
  for (const Symbol &symbol : scratch.symbols)
    emit(word, symbol, 0);
}

void Encoder::emit(std::string_view word, const Symbol &symbol,
                   unsigned depth) {
  if (symbol.id == none)
    return emitBytes(word.substr(symbol.begin, symbol.end - symbol.begin));
  if (table.type(symbol.id) != TokenType::Unused)
    return put(symbol.id);
  // Unused tokens serve as steps of merging and are taken apart in the end, the
  // way they were last seen to come about.
  auto made = std::upper_bound(
      scratch.unused.begin(), scratch.unused.end(), symbol.id,
      [](uint32_t id, const auto &entry) { return id < entry.first; });
  if (made == scratch.unused.begin() || (--made)->first != symbol.id ||
      depth > 64)
    return put(symbol.id);
  auto parts = made->second;
  emit(word, parts.first, depth + 1);
  emit(word, parts.second, depth + 1);
}

void Encoder::emitBytes(std::string_view bytes) {
  const Header &header = table.header();
  bool complete = std::all_of(bytes.begin(), bytes.end(), [&](char c) {
    return header.byteToken[static_cast<uint8_t>(c)] != none;
  });
  if (complete) {
    for (char c : bytes)
      put(header.byteToken[static_cast<uint8_t>(c)]);
  } else if (header.unknown >= 0 && !afterUnknown) {
    // A run of unknown characters is one unknown token.
    put(static_cast<uint32_t>(header.unknown));
    afterUnknown = true;
  }
}

struct Tokenizer::Impl {
  explicit Impl(std::span<const uint8_t> bytes)
      : table(bytes), splitter(table.patterns()) {}
  TableView table;
  WordSplitter splitter;

  bool has(int32_t id) const {
    return id >= 0 && static_cast<size_t>(id) < table.size();
  }
};

Tokenizer::Tokenizer(std::span<const uint8_t> table)
    : impl(std::make_unique<Impl>(table)) {}
Tokenizer::~Tokenizer() = default;
Tokenizer::Tokenizer(Tokenizer &&) noexcept = default;
Tokenizer &Tokenizer::operator=(Tokenizer &&) noexcept = default;

std::vector<int32_t> Tokenizer::encode(std::string_view text, bool parseSpecial,
                                       bool addBos) const {
  if (text.size() >= UINT32_MAX)
    throw Error("text to tokenize: 4 GiB or more");
  Encoder encoder(impl->table, impl->splitter);
  if (addBos && addsBos())
    encoder.out.push_back(bos());
  encoder.encodeAll(text, parseSpecial);
  if (addBos && addsEos())
    encoder.out.push_back(eos());
  return std::move(encoder.out);
}

std::string_view Tokenizer::piece(int32_t id) const {
  return impl->has(id) ? impl->table.text(static_cast<uint32_t>(id))
                       : std::string_view();
}

std::string Tokenizer::decode(std::span<const int32_t> ids,
                              bool special) const {
  std::string out;
  bool first = true;
  for (int32_t id : ids) {
    if (!impl->has(id) || (!special && isControl(id)))
      continue;
    std::string_view text = piece(id);
    if (first && !isControl(id)) {
      if ((impl->table.header().flags & FlagSpacePrefix) &&
          text.starts_with(' '))
        text.remove_prefix(1);
      first = false;
    }
    out += text;
  }
  return out;
}

bool Tokenizer::isEnd(int32_t id) const {
  return impl->has(id) &&
         (impl->table.flags(static_cast<uint32_t>(id)) & FlagEnd);
}

std::span<const int32_t> Tokenizer::endTokens() const {
  return impl->table.endTokens();
}

bool Tokenizer::isControl(int32_t id) const {
  if (!impl->has(id))
    return false;
  TokenType type = impl->table.type(static_cast<uint32_t>(id));
  return type == TokenType::Control || type == TokenType::Unknown;
}

int32_t Tokenizer::findSpecial(std::string_view text) const {
  uint32_t id = impl->table.findSpecial(text);
  return id == none ? -1 : static_cast<int32_t>(id);
}

bool Tokenizer::startsWithControl(std::string_view text) const {
  uint32_t id = impl->table.matchSpecial(text, /*all=*/true);
  return id != none && isControl(static_cast<int32_t>(id));
}

int32_t Tokenizer::bos() const { return impl->table.header().bos; }
int32_t Tokenizer::eos() const { return impl->table.header().eos; }
int32_t Tokenizer::unknown() const { return impl->table.header().unknown; }
int32_t Tokenizer::padding() const { return impl->table.header().padding; }
bool Tokenizer::addsBos() const {
  return (impl->table.header().flags & FlagAddBos) && bos() >= 0;
}
bool Tokenizer::addsEos() const {
  return (impl->table.header().flags & FlagAddEos) && eos() >= 0;
}
size_t Tokenizer::size() const { return impl->table.size(); }

} // namespace quern
