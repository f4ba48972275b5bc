//===- CharsMap.cpp - SentencePiece's character map -------------*- C++ -*-===//

#include "text/CharsMap.h"

#include "Error.h"
#include "text/Utf8.h"

#include <algorithm>
#include <cstring>
#include <utf8proc.h>

namespace quern::tokenizer {

static uint32_t readUnit(std::string_view bytes, size_t index) {
  uint32_t value;
  std::memcpy(&value, bytes.data() + index * 4, 4);
  return value;
}

void CharsMap::check(std::string_view bytes) {
  if (bytes.size() < 4)
    throw Error("cut short");
  uint32_t size = readUnit(bytes, 0);
  if (size == 0 || size % 4 != 0 || size > bytes.size() - 4)
    throw Error("size " + std::to_string(size) + " of a trie in " +
                std::to_string(bytes.size() - 4) + " bytes");
  // A replacement that has no end would run out of the table.
  if (bytes.size() - 4 > size && bytes.back() != '\0')
    throw Error("the last replacement has no end");
}

CharsMap::CharsMap(std::string_view bytes) {
  if (bytes.size() < 4)
    return;
  size_t size = std::min<size_t>(readUnit(bytes, 0), bytes.size() - 4);
  trie = bytes.substr(4, size / 4 * 4);
  texts = bytes.substr(4 + size);
}

/// A unit outside of the array has a label that no byte has.
uint32_t CharsMap::unit(size_t index) const {
  return index < trie.size() / 4 ? readUnit(trie, index) : 0x80000000u;
}

CharsMap::Found CharsMap::find(std::string_view text, bool longest) const {
  auto offsetOf = [](uint32_t unit) -> size_t {
    return size_t{unit >> 10} << ((unit & 0x200) >> 6);
  };
  Found out;
  uint32_t node = unit(0);
  size_t at = offsetOf(node);
  for (size_t i = 0; i < text.size(); ++i) {
    auto byte = static_cast<uint8_t>(text[i]);
    // A null byte would be taken for the value of the node.
    if (byte == 0)
      break;
    at ^= byte;
    node = unit(at);
    if ((node & 0x800000ffu) != byte)
      break;
    at ^= offsetOf(node);
    if (!(node & 0x100))
      continue;
    size_t value = unit(at) & 0x7fffffffu;
    if (value >= texts.size())
      continue;
    std::string_view rest = texts.substr(value);
    out = {i + 1, rest.substr(0, rest.find('\0'))};
    if (!longest)
      break;
  }
  return out;
}

void CharsMap::applyLongest(std::string_view text, std::string &out) const {
  out.clear();
  out.reserve(text.size());
  for (size_t pos = 0; pos < text.size();) {
    Found found = find(text.substr(pos), true);
    if (found.size == 0) {
      found.size = utf8::decode(text.substr(pos, 4)).size;
      found.replacement = text.substr(pos, found.size);
    }
    out += found.replacement;
    pos += found.size;
  }
}

void CharsMap::replacePart(std::string_view part, std::string &out) const {
  if (part.size() < 6) {
    Found found = find(part, false);
    if (found.size > 0) {
      out += found.replacement;
      return;
    }
  }
  for (size_t pos = 0; pos < part.size();) {
    std::string_view one =
        part.substr(pos, utf8::decode(part.substr(pos, 4)).size);
    Found found = find(one, false);
    out += found.size > 0 ? found.replacement : one;
    pos += one.size();
  }
}

void CharsMap::applyClusters(std::string_view text, std::string &out) const {
  out.clear();
  out.reserve(text.size());
  utf8proc_int32_t state = 0;
  size_t begin = 0;
  char32_t previous = 0;
  for (size_t pos = 0; pos < text.size();) {
    utf8::Char c = utf8::decode(text.substr(pos, 4));
    if (pos > 0 && utf8proc_grapheme_break_stateful(
                       static_cast<utf8proc_int32_t>(previous),
                       static_cast<utf8proc_int32_t>(c.code), &state)) {
      replacePart(text.substr(begin, pos - begin), out);
      begin = pos;
    }
    previous = c.code;
    pos += c.size;
  }
  replacePart(text.substr(begin), out);
}

} // namespace quern::tokenizer
