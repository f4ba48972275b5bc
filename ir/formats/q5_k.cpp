//===- q5_k.cpp - 5 bits, 6-bit scales per 32 -------------------*- C++ -*-===//
#include "KScales.h"

namespace quern::formats {

/// f16 d | f16 dmin | 12 bytes: 8 x (6-bit scale, 6-bit min) | 32 bytes of
/// fifth bits | 128 bytes of nibbles
Format q5_k() {
  return {.name = "q5_k", .gguf = 13, .weights = 256, .bytes = 176,
          .codes = bits(256, 5, [](unsigned i, unsigned b) {
            unsigned nibble = 48 + i / 64 * 32 + i % 32;
            return b < 4 ? 8 * nibble + 4 * (i / 32 % 2) + b
                         : 8 * (16 + i % 32) + i / 32; }),
          .scale = {.super = word(0, 16), .sub = kScales(4, 0)},
          .offset = Factor{.super = word(2, 16), .sub = kScales(4, 1),
                           .unit = -1}};
}

} // namespace quern::formats
