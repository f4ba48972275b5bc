//===- q4_1.cpp - 4 bits, f16 scale and offset per 32 -----------*- C++ -*-===//
#include "ir/Format.h"

namespace quern::formats {

/// f16 d | f16 m | 16 bytes of nibbles, weight j low and j+16 high
Format q4_1() {
  return {.name = "q4_1", .gguf = 3, .weights = 32, .bytes = 20,
          .codes = bits(32, 4, [](unsigned i, unsigned b) {
            return 8 * (4 + i % 16) + 4 * (i / 16) + b; }),
          .scale = {.super = word(0, 16)},
          .offset = Factor{.super = word(2, 16)}};
}

} // namespace quern::formats
