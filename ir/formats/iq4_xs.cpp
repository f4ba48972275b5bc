//===- iq4_xs.cpp - 4 bits by table, 6-bit scales ---------------*- C++ -*-===//
#include "IQ4Table.h"
#include "ir/Format.h"

namespace quern::formats {

/// f16 d | 8 x high pairs of scales | 8 x low nibbles of scales | 8 x 16
/// bytes of nibbles
Format iq4_xs() {
  return {.name = "iq4_xs", .gguf = 23, .weights = 256, .bytes = 136,
          .codes = bits(256, 4, [](unsigned i, unsigned b) {
            return 8 * (8 + i / 32 * 16 + i % 16) + 4 * (i / 16 % 2) + b; }),
          .table = iq4Table(),
          .scale = {.super = word(0, 16),
                    .sub = bits(8, 6, [](unsigned g, unsigned b) {
                      return b < 4 ? 8 * 4 + 4 * g + b
                                   : 8 * 2 + 2 * g + b - 4; }),
                    .subBias = 32}};
}

} // namespace quern::formats
