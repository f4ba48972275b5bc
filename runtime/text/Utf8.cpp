//===- Utf8.cpp - Small tools on UTF-8 bytes --------------------*- C++ -*-===//

#include "text/Utf8.h"

#include "text/Tokenizer.h"

#include <cstring>

namespace quern {
namespace utf8 {

Char decode(std::string_view text) {
  auto byte = [&](size_t i) { return static_cast<uint8_t>(text[i]); };
  uint8_t lead = byte(0);
  if (lead < 0x80)
    return {lead, 1, true, false};
  // The second byte's range is what excludes overlong forms, surrogates and
  // code points that are too large; all further bytes are 80..BF.
  size_t size;
  uint8_t low = 0x80, high = 0xbf;
  char32_t code;
  if (lead >= 0xc2 && lead <= 0xdf) {
    size = 2, code = lead & 0x1fu;
  } else if (lead >= 0xe0 && lead <= 0xef) {
    size = 3, code = lead & 0x0fu;
    low = lead == 0xe0 ? 0xa0 : 0x80;
    high = lead == 0xed ? 0x9f : 0xbf;
  } else if (lead >= 0xf0 && lead <= 0xf4) {
    size = 4, code = lead & 0x07u;
    low = lead == 0xf0 ? 0x90 : 0x80;
    high = lead == 0xf4 ? 0x8f : 0xbf;
  } else {
    return {0xfffd, 1, false, false};
  }
  for (size_t i = 1; i < size; ++i) {
    if (i == text.size())
      return {0xfffd, static_cast<uint8_t>(i), false, true};
    if (byte(i) < low || byte(i) > high)
      return {0xfffd, static_cast<uint8_t>(i), false, false};
    code = code << 6 | (byte(i) & 0x3fu);
    low = 0x80, high = 0xbf;
  }
  return {code, static_cast<uint8_t>(size), true, false};
}

size_t validPrefix(std::string_view text) {
  size_t pos = 0;
  while (pos < text.size()) {
    // Eight ASCII bytes at a time: most text is mostly that.
    while (pos + 8 <= text.size()) {
      uint64_t word;
      std::memcpy(&word, text.data() + pos, 8);
      if (word & 0x8080808080808080u)
        break;
      pos += 8;
    }
    if (pos == text.size())
      break;
    Char c = decode(text.substr(pos, 4));
    if (!c.valid)
      return pos;
    pos += c.size;
  }
  return pos;
}

void append(std::string &out, char32_t code) {
  auto put = [&](char32_t byte) { out.push_back(static_cast<char>(byte)); };
  if (code < 0x80) {
    put(code);
  } else if (code < 0x800) {
    put(0xc0 | code >> 6), put(0x80 | (code & 0x3f));
  } else if (code < 0x10000) {
    put(0xe0 | code >> 12), put(0x80 | (code >> 6 & 0x3f));
    put(0x80 | (code & 0x3f));
  } else {
    put(0xf0 | code >> 18), put(0x80 | (code >> 12 & 0x3f));
    put(0x80 | (code >> 6 & 0x3f)), put(0x80 | (code & 0x3f));
  }
}

bool isSpace(char32_t c) {
  return (c >= 0x09 && c <= 0x0d) || (c >= 0x1c && c <= 0x20) || c == 0x85 ||
         c == 0xa0 || c == 0x1680 || (c >= 0x2000 && c <= 0x200a) ||
         c == 0x2028 || c == 0x2029 || c == 0x202f || c == 0x205f ||
         c == 0x3000;
}

std::string_view trimLeft(std::string_view text) {
  while (!text.empty()) {
    Char c = decode(text);
    if (!c.valid || !isSpace(c.code))
      break;
    text.remove_prefix(c.size);
  }
  return text;
}

size_t lastBegin(std::string_view text) {
  size_t start = text.size() - 1;
  while (start > 0 && text.size() - start < 4 &&
         (static_cast<uint8_t>(text[start]) & 0xc0) == 0x80)
    --start;
  return start;
}

std::string replaceInvalid(std::string_view text) {
  std::string out;
  out.reserve(text.size() + 16);
  while (!text.empty()) {
    size_t good = validPrefix(text);
    out += text.substr(0, good);
    text.remove_prefix(good);
    if (text.empty())
      break;
    out += replacement;
    text.remove_prefix(decode(text).size);
  }
  return out;
}

std::string_view trimRight(std::string_view text) {
  while (!text.empty()) {
    size_t start = lastBegin(text);
    Char c = decode(text.substr(start));
    if (!c.valid || start + c.size != text.size() || !isSpace(c.code))
      break;
    text = text.substr(0, start);
  }
  return text;
}

size_t length(std::string_view text) {
  size_t count = 0;
  for (size_t pos = 0; pos < text.size(); ++count)
    pos += decode(text.substr(pos)).size;
  return count;
}

size_t offsetOf(std::string_view text, size_t index) {
  size_t pos = 0;
  while (index-- > 0 && pos < text.size())
    pos += decode(text.substr(pos)).size;
  return pos;
}

} // namespace utf8

std::string Utf8Stream::push(std::string_view bytes) {
  std::string text = std::move(pending);
  text += bytes;
  pending.clear();
  std::string out;
  std::string_view rest = text;
  while (!rest.empty()) {
    size_t valid = utf8::validPrefix(rest);
    out += rest.substr(0, valid);
    rest.remove_prefix(valid);
    if (rest.empty())
      break;
    utf8::Char c = utf8::decode(rest);
    if (c.cut) {
      pending = rest;
      break;
    }
    out += utf8::replacement;
    rest.remove_prefix(c.size);
  }
  return out;
}

std::string Utf8Stream::finish() {
  bool cut = !pending.empty();
  pending.clear();
  return std::string(cut ? utf8::replacement : std::string_view());
}

} // namespace quern
