//===- Program.h - A linked program that knows its length -------*- C++ -*-===//
#pragma once
#include "llvm/Support/Error.h"
#include <cstdint>
#include <string>

namespace quern {

/// Makes the program in the open `file` refuse to run if fewer bytes of it are
/// there than `length`, in words instead of by a bus error (runtime/start/).
/// `path` is for errors.
llvm::Error expectLength(int file, const std::string &path, uint64_t length);

} // namespace quern
