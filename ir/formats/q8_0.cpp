//===- q8_0.cpp - 8 bits, f16 scale per 32 ----------------------*- C++ -*-===//
#include "ir/Format.h"

namespace quern::formats {

/// f16 d | 32 x i8
Format q8_0() {
  return {.name = "q8_0", .gguf = 8, .weights = 32, .bytes = 34,
          .codes = word(2, 8, 32), .codesSigned = true,
          .scale = {.super = word(0, 16)}};
}

} // namespace quern::formats
