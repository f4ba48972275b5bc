//===- TemplateText.h - Python's string functions --------------*- C++ -*-===//
//
// Internal: what filters and methods on strings share. Characters are code
// points; case mapping is Unicode's simple one, and Python's for U+00DF.
//
//===----------------------------------------------------------------------===//
#pragma once

#include "text/Utf8.h"
#include "text/Value.h"

#include <algorithm>
#include <string>
#include <string_view>

namespace quern::chat {

std::string upper(std::string_view text);
std::string lower(std::string_view text);
/// First character in upper case, the rest in lower case.
std::string capitalize(std::string_view text);
/// str.title(): capitalizes after every character without case.
std::string title(std::string_view text);
/// Whether the character is a letter with case, or any letter.
bool isCased(char32_t code);
bool isLetter(char32_t code);
bool isDigit(char32_t code);
bool isNumeric(char32_t code);
bool isAlphanumeric(char32_t code);
/// Without the characters of `set` at the ends; no set: white space.
std::string_view strip(std::string_view text, const Value *set, bool left,
                       bool right);
/// At most `count` replacements, all if negative.
std::string replaceAll(std::string_view text, std::string_view from,
                       std::string_view to, int64_t count);
/// str.splitlines() without its rarer separators.
std::vector<std::string_view> splitLines(std::string_view text);
/// Counts them before they are made.
template <typename InterpreterT>
void chargeLines(InterpreterT &in, std::string_view text) {
  auto breaks = std::count_if(text.begin(), text.end(),
                              [](char c) { return c == '\n' || c == '\r'; });
  in.charge(text.size() / 32 + static_cast<uint64_t>(breaks));
}
/// Appends `prefix` and `digits` hexadecimal digits of `code`.
void appendHex(std::string &out, const char *prefix, uint32_t code,
               unsigned digits);
/// repr() of a float, e.g. 1.0, 1e-07, inf.
std::string floatText(double value);

/// Calls `each` for all characters; invalid bytes are copied as they are.
template <typename EachFn>
std::string mapped(std::string_view text, EachFn &&each) {
  std::string out;
  out.reserve(text.size());
  while (!text.empty()) {
    utf8::Char c = utf8::decode(text);
    if (c.valid)
      each(out, c.code);
    else
      out += text.substr(0, c.size);
    text.remove_prefix(c.size);
  }
  return out;
}

} // namespace quern::chat
