//===- q4_k.cpp - 4 bits, 6-bit scales per 32 -------------------*- C++ -*-===//
#include "KScales.h"

namespace quern::formats {

/// f16 d | f16 dmin | 12 bytes: 8 x (6-bit scale, 6-bit min) | 128 bytes of
/// nibbles
Format q4_k() {
  return {.name = "q4_k", .gguf = 12, .weights = 256, .bytes = 144,
          .codes = bits(256, 4, [](unsigned i, unsigned b) {
            return 8 * (16 + i / 64 * 32 + i % 32) + 4 * (i / 32 % 2) + b; }),
          .scale = {.super = word(0, 16), .sub = kScales(4, 0)},
          .offset = Factor{.super = word(2, 16), .sub = kScales(4, 1),
                           .unit = -1}};
}

} // namespace quern::formats
