//===- q5_1.cpp - 5 bits, f16 scale and offset per 32 -----------*- C++ -*-===//
#include "ir/Format.h"

namespace quern::formats {

/// f16 d | f16 m | 32 fifth bits | 16 bytes of nibbles, weight j low and
/// j+16 high
Format q5_1() {
  return {.name = "q5_1", .gguf = 7, .weights = 32, .bytes = 24,
          .codes = bits(32, 5, [](unsigned i, unsigned b) {
            return b < 4 ? 8 * (8 + i % 16) + 4 * (i / 16) + b : 8 * 4 + i; }),
          .scale = {.super = word(0, 16)},
          .offset = Factor{.super = word(2, 16)}};
}

} // namespace quern::formats
