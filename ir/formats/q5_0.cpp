//===- q5_0.cpp - 5 bits, f16 scale per 32 ----------------------*- C++ -*-===//
#include "ir/Format.h"

namespace quern::formats {

/// f16 d | 32 fifth bits | 16 bytes of nibbles, weight j low and j+16 high
Format q5_0() {
  return {.name = "q5_0", .gguf = 6, .weights = 32, .bytes = 22,
          .codes = bits(32, 5, [](unsigned i, unsigned b) {
            return b < 4 ? 8 * (6 + i % 16) + 4 * (i / 16) + b : 8 * 2 + i; }),
          .bias = 16,
          .scale = {.super = word(0, 16)}};
}

} // namespace quern::formats
