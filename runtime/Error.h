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
#include <utility>

namespace quern {

/// The only exception that code in runtime/ throws on purpose. Control
/// characters in the message, which may quote any file, become spaces: it stays
/// one line, and nothing in it is an order to the terminal.
struct Error : std::runtime_error {
  explicit Error(std::string message)
      : std::runtime_error(oneLine(std::move(message))) {}

private:
  static std::string oneLine(std::string text) {
    for (char &c : text)
      if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f)
        c = ' ';
    return text;
  }
};

} // namespace quern
