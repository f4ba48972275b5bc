//===- Report.h - What a target says of its kernels -------------*- C++ -*-===//
//
// For `quern compile --report`: facts about kernels that their code, or the compiler's
// choices, show by themselves, so that they can be read, and compared with a budget, on a
// machine without the hardware. Nothing in here was measured.
//
//===----------------------------------------------------------------------===//
#pragma once
#include "llvm/Support/JSON.h"
#include <string>

namespace quern {

/// The same for people, a heading and lines under it, and for programs, an object for
/// each line.
struct Report {
  std::string text;
  llvm::json::Array kernels;
};

} // namespace quern
