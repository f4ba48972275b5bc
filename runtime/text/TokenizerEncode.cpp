//===- TokenizerEncode.cpp - From text to tokens ----------------*- C++ -*-===//
//
// Text is cut three times before anything is merged: at special tokens, then
// into words, and a word that is a token by itself (most are; the builder has
// marked them) is done. SentencePiece knows no words: there the text is cut
// wherever no token of the vocabulary could reach across, which is nearly
// everywhere before a space, and gives the very same tokens.
//
//===----------------------------------------------------------------------===//

#include "text/TokenizerImpl.h"
#include "text/Utf8.h"

#include <algorithm>

namespace quern::tokenizer {

namespace {
/// One call of `encode`.
class Encoder {
public:
  Encoder(const TableView &table, const TextNormalizer &normalizer,
          const WordSplitter &splitter)
      : table(table), flags(table.header().flags), normalizer(normalizer),
        splitter(splitter) {}

  std::vector<int32_t> out;

  void encodeAll(std::string_view text, bool parseSpecial);

private:
  template <typename PlainFn>
  void splitSpecial(std::string_view text, bool normalized, PlainFn &&plain);
  void changed(std::string_view text, bool atStart);
  void plain(std::string_view text, bool atStart);
  void spaced(std::string_view text);
  void words(std::string_view text, bool atStart);
  void byteWord(std::string_view word);
  void pieces(std::string_view text);
  void piece(std::string_view word);
  bool isDropped(std::string_view character) const;
  std::string_view known(std::string_view word);
  void emit(std::string_view word, const Symbol &symbol, unsigned depth);
  void emitBytes(std::string_view bytes);
  void put(uint32_t id) {
    out.push_back(static_cast<int32_t>(id));
    afterUnknown = false;
  }

  /// A run of unknown characters is one unknown token, if it is any.
  void putUnknown() {
    int32_t unknown = table.header().unknown;
    if (unknown < 0 || (afterUnknown && !(flags & FlagEachUnknown)))
      return;
    put(static_cast<uint32_t>(unknown));
    afterUnknown = true;
  }

  const TableView &table;
  const uint32_t flags;
  const TextNormalizer &normalizer;
  const WordSplitter &splitter;
  WordSplitter::Scratch match;
  EncodeScratch scratch;
  std::string valid, unmarked, prefixed, normal, unmarkedWord, knownWord;
  bool parse = false, afterUnknown = false;
};
} // namespace

void Encoder::encodeAll(std::string_view text, bool parseSpecial) {
  out.reserve(text.size() / 4 + 8);
  parse = parseSpecial;
  if (utf8::validPrefix(text) != text.size()) {
    valid = utf8::replaceInvalid(text);
    text = valid;
  }
  // Pieces are stored with plain spaces, so text is as it should be unless it
  // has U+2581 itself, which means a space too.
  bool atOnce = (flags & FlagMarked) && !(flags & FlagRules);
  if (atOnce && text.find(spaceMarker) != text.npos) {
    unmarked = unmarkSpaces(text);
    text = unmarked;
  }
  splitSpecial(
      text, /*normalized=*/false,
      [this](std::string_view part, bool atStart) { changed(part, atStart); });
}

/// Whether a part of a word ends, or starts, at `at`.
static bool wordBefore(std::string_view text, size_t at) {
  if (at == 0)
    return false;
  std::string_view before = text.substr(0, at);
  return isWordCharacter(
      utf8::decode(before.substr(utf8::lastBegin(before))).code);
}

static bool wordBehind(std::string_view text, size_t at) {
  return at < text.size() &&
         isWordCharacter(utf8::decode(text.substr(at, 4)).code);
}

/// Whether `at` is within a character of the valid `text`.
static bool cutsCharacter(std::string_view text, size_t at) {
  return at < text.size() && (text[at] & 0xc0) == 0x80;
}

/// Emits the special tokens in `text`, and calls `plain(part, atStart)` for
/// what lies between them.
template <typename PlainFn>
void Encoder::splitSpecial(std::string_view text, bool normalized,
                           PlainFn &&plain) {
  size_t start = 0, pos = 0;
  bool any = table.anySpecial(parse, normalized);
  while (any && pos < text.size()) {
    auto byte = static_cast<uint8_t>(text[pos]);
    SpecialMatch found;
    if (table.startsSpecial(byte, parse, normalized))
      found = table.matchSpecial(text.substr(pos), parse, normalized);
    // A token that is a part of a character is in no text.
    if (found.id == none || cutsCharacter(text, pos) ||
        cutsCharacter(text, pos + found.size)) {
      ++pos;
      continue;
    }
    size_t begin = pos, end = pos + found.size;
    pos = end;
    // One that is passed over is text, and so is what begins within it.
    if ((found.added & AddedSingleWord) &&
        (wordBefore(text, begin) || wordBehind(text, end)))
      continue;
    if (found.added & AddedLStrip)
      begin -= spaceBehind(
          text.substr(std::min(start, begin), begin - std::min(start, begin)));
    if (found.added & AddedRStrip)
      end += spaceAhead(text.substr(end));
    if (begin > start)
      plain(text.substr(start, begin - start), start == 0);
    put(found.id);
    start = end;
  }
  if (start < text.size())
    plain(text.substr(start), start == 0);
}

/// A part of the text as it was given.
void Encoder::changed(std::string_view text, bool atStart) {
  if (!normalizer.empty()) {
    normal.assign(text);
    normalizer.apply(normal, match.match);
    text = normal;
  }
  if (!table.anySpecial(parse, /*normalized=*/true))
    return plain(text, atStart);
  splitSpecial(text, /*normalized=*/true,
               [&](std::string_view part, bool first) {
                 plain(part, atStart && first);
               });
}

/// A part without special tokens.
void Encoder::plain(std::string_view text, bool atStart) {
  if (flags & (FlagSpacePrefix | FlagMergeSpaces))
    spaced(text);
  else
    words(text, atStart);
}

void Encoder::spaced(std::string_view text) {
  if (text.empty())
    return;
  prefixed.assign(flags & FlagSpacePrefix ? 1 : 0, ' ');
  if (!(flags & FlagMergeSpaces)) {
    prefixed += text;
    return words(prefixed, false);
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
    words(prefixed, false);
}

void Encoder::words(std::string_view text, bool atStart) {
  if (table.header().model == Model::ByteBpe)
    return splitter.split(text, atStart, match,
                          [this](std::string_view word) { byteWord(word); });
  splitter.split(text, atStart, match, [this](std::string_view word) {
    if ((flags & FlagMarked) && word.find(spaceMarker) != word.npos) {
      unmarkedWord = unmarkSpaces(word);
      word = unmarkedWord;
    }
    afterUnknown = false;
    scratch.score = 0;
    pieces(word);
  });
}

void Encoder::byteWord(std::string_view word) {
  uint32_t id = table.find(word);
  if (id != none && (table.flags(id) & FlagWhole))
    return put(id);
  mergeWord(table, word, scratch);
  afterUnknown = false;
  for (const Symbol &symbol : scratch.symbols) {
    if (symbol.id != none)
      put(symbol.id);
    else
      putUnknown();
  }
}

/// Whether no token stands for a character that is none.
bool Encoder::isDropped(std::string_view character) const {
  const Header &header = table.header();
  return table.find(character) == none &&
         std::any_of(character.begin(), character.end(), [&](char c) {
           return header.byteToken[static_cast<uint8_t>(c)] == none;
         });
}

/// A word without the characters that are nothing to the model: their
/// neighbours merge.
std::string_view Encoder::known(std::string_view word) {
  knownWord.clear();
  for (size_t pos = 0; pos < word.size();) {
    size_t size = utf8::decode(word.substr(pos, 4)).size;
    if (!isDropped(word.substr(pos, size)))
      knownWord += word.substr(pos, size);
    pos += size;
  }
  return knownWord;
}

/// A word of a model over characters, which may be the whole text.
void Encoder::pieces(std::string_view text) {
  if (flags & FlagIgnoreMerges) {
    uint32_t id = table.find(text);
    if (id != none)
      return put(id);
  }
  if (table.header().model == Model::CharacterBpe && table.header().unknown < 0)
    text = known(text);
  size_t start = 0;
  char32_t previous = 0;
  for (size_t pos = 0; pos < text.size();) {
    utf8::Char c = utf8::decode(text.substr(pos, 4));
    if (pos > start && !table.bridged(previous, c.code)) {
      piece(text.substr(start, pos - start));
      start = pos;
    }
    previous = c.code;
    pos += c.size;
  }
  if (start < text.size())
    piece(text.substr(start));
}

void Encoder::piece(std::string_view word) {
  uint32_t id = table.find(word);
  if (id != none && (table.flags(id) & FlagWhole)) {
    if (table.header().model == Model::Unigram)
      scratch.score += table.score(id);
    return put(id);
  }
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
  } else {
    putUnknown();
  }
}

std::vector<int32_t> encodeText(const TableView &table,
                                const TextNormalizer &normalizer,
                                const WordSplitter &splitter,
                                std::string_view text, bool parseSpecial) {
  Encoder encoder(table, normalizer, splitter);
  encoder.encodeAll(text, parseSpecial);
  return std::move(encoder.out);
}

} // namespace quern::tokenizer
