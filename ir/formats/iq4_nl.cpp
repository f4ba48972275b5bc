//===- iq4_nl.cpp - 4 bits by table, f16 scale per 32 -----------*- C++ -*-===//
#include "IQ4Table.h"
#include "ir/Format.h"

namespace quern::formats {

/// f16 d | 16 bytes of nibbles, weight j low and j+16 high
Format iq4_nl() {
  return {.name = "iq4_nl", .gguf = 20, .weights = 32, .bytes = 18,
          .codes = bits(32, 4, [](unsigned i, unsigned b) {
            return 8 * (2 + i % 16) + 4 * (i / 16) + b; }),
          .table = iq4Table(),
          .scale = {.super = word(0, 16)}};
}

} // namespace quern::formats
