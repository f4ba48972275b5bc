//===- q6_k.cpp - 6 bits, 8-bit scales per 16 -------------------*- C++ -*-===//
#include "ir/Format.h"

namespace quern::formats {

/// 128 bytes of low nibbles | 64 bytes of high pairs | 16 x i8 scales | f16
/// d
Format q6_k() {
  return {.name = "q6_k", .gguf = 14, .weights = 256, .bytes = 210,
          .codes = bits(256, 6, [](unsigned i, unsigned b) {
            unsigned nibble = i / 128 * 64 + i % 64;
            unsigned pair = 128 + i / 128 * 32 + i % 32;
            return b < 4 ? 8 * nibble + 4 * (i / 64 % 2) + b
                         : 8 * pair + 2 * (i / 32 % 4) + b - 4; }),
          .bias = 32,
          .scale = {.super = word(208, 16), .sub = word(192, 8, 16),
                    .subSigned = true}};
}

} // namespace quern::formats
