//===- Error.h - The runtime's exception -----------------------*- C++ -*-===//
//
// Everything in runtime/ reports failure by throwing one type. Its message is
// what a user sees: one line, lower case, no full stop, naming the file,
// tensor, key or flag that is wrong. A type of its own (and not plain
// runtime_error) lets the command line tell "this input is wrong" from a bug.
//
//===----------------------------------------------------------------------===//
#pragma once

#include <stdexcept>
#include <string>
#include <string_view>

namespace quern {

/// `message`, which may quote any file, as one line that a terminal only shows:
/// ends of lines become spaces, other control characters (those of ISO 6429's
/// upper half in UTF-8, too) are spelled "\x1b".
inline std::string oneLine(std::string_view message) {
  constexpr char digits[] = "0123456789abcdef";
  std::string line;
  unsigned char before = 0;
  for (unsigned char c : message) {
    bool upper = before == 0xc2 && c >= 0x80 && c < 0xa0;
    if (upper)
      line.replace(line.size() - 1, 1, "\\xc2");
    if (c == '\n' || c == '\r' || c == '\t')
      line += ' ';
    else if (c < 0x20 || c == 0x7f || upper)
      line += {'\\', 'x', digits[c >> 4], digits[c & 15]};
    else
      line += static_cast<char>(c);
    before = c;
  }
  return line;
}

/// The only exception that code in runtime/ throws on purpose. Its message is
/// one line, whatever it quotes.
struct Error : std::runtime_error {
  explicit Error(std::string_view message)
      : std::runtime_error(oneLine(message)) {}
};

} // namespace quern
