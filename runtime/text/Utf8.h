//===- Utf8.h - Small tools on UTF-8 bytes ---------------------*- C++ -*-===//
//
// Decoding that never reads out of bounds and never fails: what is not a valid
// character is reported as one invalid byte, so that callers decide what to do
// with it. Validity is that of Unicode 15, table 3-7 (no surrogates, no
// overlong forms, nothing above U+10FFFF).
//
//===----------------------------------------------------------------------===//
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace quern::utf8 {

/// A code point and the bytes it takes, or `valid == false` and `size` the
/// length of the maximal invalid part (1 to 3 bytes).
struct Char {
  char32_t code;
  uint8_t size;
  bool valid;
  bool cut; ///< invalid only because the text ends: more bytes could fix it
};

/// The character at the start of `text`, which must not be empty.
Char decode(std::string_view text);

/// Length of the longest prefix of `text` that is valid UTF-8.
size_t validPrefix(std::string_view text);

/// `text` with U+FFFD for every maximal invalid part (Unicode 15, section 3.9).
std::string replaceInvalid(std::string_view text);

/// Where the last character of `text`, which must not be empty, begins.
size_t lastBegin(std::string_view text);

void append(std::string &out, char32_t code);

/// Python's str.isspace for one character.
bool isSpace(char32_t code);
/// `text` without the white space of both, or one of the, ends.
std::string_view trimLeft(std::string_view text);
std::string_view trimRight(std::string_view text);

/// Number of characters; an invalid part counts as one.
size_t length(std::string_view text);
/// Byte offset of character `index`, or text.size() if there are fewer.
size_t offsetOf(std::string_view text, size_t index);

inline constexpr std::string_view replacement = "\xef\xbf\xbd"; // U+FFFD

} // namespace quern::utf8
