//===- q2_k.cpp - 2 bits, 4-bit scales per 16 -------------------*- C++ -*-===//
#include "ir/Format.h"

namespace quern::formats {

/// 16 x (4-bit scale, 4-bit min) | 64 bytes of pairs | f16 d | f16 dmin
Format q2_k() {
  auto nibble = [](unsigned part) {
    return bits(16, 4, [=](unsigned g, unsigned b) {
      return 8 * g + 4 * part + b; });
  };
  return {.name = "q2_k", .gguf = 10, .weights = 256, .bytes = 84,
          .codes = bits(256, 2, [](unsigned i, unsigned b) {
            return 8 * (16 + i / 128 * 32 + i % 32) + 2 * (i / 32 % 4) + b; }),
          .scale = {.super = word(80, 16), .sub = nibble(0)},
          .offset = Factor{.super = word(82, 16), .sub = nibble(1),
                           .unit = -1}};
}

} // namespace quern::formats
