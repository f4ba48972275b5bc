//===- nvfp4.cpp - e2m1, ue4m3 scale per 16 ---------------------*- C++ -*-===//
#include "E2M1.h"
#include "ir/Format.h"

namespace quern::formats {

/// 4 x ue4m3 d | 4 x 8 bytes of e2m1 nibbles, weight j low and j+8 high
Format nvfp4() {
  return {.name = "nvfp4", .gguf = 40, .weights = 64, .bytes = 36,
          .codes = bits(64, 4, [](unsigned i, unsigned b) {
            return 8 * (4 + i / 16 * 8 + i % 8) + 4 * (i / 8 % 2) + b; }),
          .table = e2m1Doubled(),
          .scale = {.codec = Codec::UE4M3Half, .super = word(0, 8, 4)}};
}

} // namespace quern::formats
