//===- Message.h - What must hold of an error ------------------*- C++ -*-===//
//
// A user reads it as one line, whatever bytes of the input it quotes.
//
//===----------------------------------------------------------------------===//
#pragma once
#include "runtime/Error.h"

#include <cstdio>
#include <cstdlib>
#include <string_view>

namespace quern::test {

inline void checkMessage(const Error &error) {
  std::string_view what = error.what();
  if (!what.empty() && what.find_first_of("\n\r") == what.npos)
    return;
  std::fprintf(stderr, "message: '%s'\n", error.what());
  std::abort();
}

} // namespace quern::test
