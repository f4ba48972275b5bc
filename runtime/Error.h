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

namespace quern {

/// The only exception that code in runtime/ throws on purpose.
struct Error : std::runtime_error {
  explicit Error(const std::string &message) : std::runtime_error(message) {}
};

} // namespace quern
