//===- q4_0.cpp - 4 bits, f16 scale per 32 ----------------------*- C++ -*-===//
#include "ir/Format.h"

namespace quern::formats {

/// f16 d | 16 bytes of nibbles, weight j low and j+16 high
Format q4_0() {
  return {.name = "q4_0", .gguf = 2, .weights = 32, .bytes = 18,
          .codes = bits(32, 4, [](unsigned i, unsigned b) {
            return 8 * (2 + i % 16) + 4 * (i / 16) + b; }),
          .bias = 8,
          .scale = {.super = word(0, 16)}};
}

} // namespace quern::formats
