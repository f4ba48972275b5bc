//===- q3_k.cpp - 3 bits, 6-bit scales per 16 -------------------*- C++ -*-===//
#include "ir/Format.h"

namespace quern::formats {

/// 32 bytes of third bits | 64 bytes of pairs | 12 bytes: 16 x 6-bit scales
/// | f16 d
Format q3_k() {
  return {.name = "q3_k", .gguf = 11, .weights = 256, .bytes = 110,
          .codes = bits(256, 3, [](unsigned i, unsigned b) {
            unsigned pair = 32 + i / 128 * 32 + i % 32;
            return b < 2 ? 8 * pair + 2 * (i / 32 % 4) + b
                         : 8 * (i % 32) + i / 32; }),
          .bias = 4,
          .scale = {.super = word(108, 16),
                    .sub = bits(16, 6, [](unsigned g, unsigned b) {
                      return b < 4 ? 8 * (96 + g % 8) + 4 * (g / 8) + b
                                   : 8 * (104 + g % 4) + 2 * (g / 4) + b - 4;
                    }),
                    .subBias = 32}};
}

} // namespace quern::formats
