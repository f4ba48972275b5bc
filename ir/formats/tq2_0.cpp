//===- tq2_0.cpp - Ternary, 2 bits ------------------------------*- C++ -*-===//
#include "ir/Format.h"

namespace quern::formats {

/// 64 bytes of pairs | f16 d
Format tq2_0() {
  return {.name = "tq2_0", .gguf = 35, .weights = 256, .bytes = 66,
          .codes = bits(256, 2, [](unsigned i, unsigned b) {
            return 8 * (i / 128 * 32 + i % 32) + 2 * (i / 32 % 4) + b; }),
          .bias = 1,
          .scale = {.super = word(64, 16)}};
}

} // namespace quern::formats
