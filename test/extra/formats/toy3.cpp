//===- toy3.cpp - A format that nobody uses: 3 bits per weight --*- C++ -*-===//
//
// It shows that a format costs one file, and leaves the beaten path on purpose:
// codes that cross bytes, and blocks shorter than a step.
//
//===----------------------------------------------------------------------===//
#include "ir/Format.h"

namespace quern::formats {

/// f16 d | 16 x 3 bits in order
Format toy3() {
  return {.name = "toy3", .gguf = 1000, .weights = 16, .bytes = 8,
          .codes = word(2, 3, 16), .bias = 4,
          .scale = {.super = word(0, 16)}};
}

} // namespace quern::formats
