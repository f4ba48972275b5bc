//===- mxfp4.cpp - OCP MX: e2m1, e8m0 scale per 32 --------------*- C++ -*-===//
#include "E2M1.h"
#include "ir/Format.h"

namespace quern::formats {

/// e8m0 d | 16 bytes of e2m1 nibbles, weight j low and j+16 high
Format mxfp4() {
  return {.name = "mxfp4", .gguf = 39, .weights = 32, .bytes = 17,
          .codes = bits(32, 4, [](unsigned i, unsigned b) {
            return 8 * (1 + i % 16) + 4 * (i / 16) + b; }),
          .table = e2m1Doubled(),
          .scale = {.codec = Codec::E8M0Half, .super = word(0, 8)}};
}

} // namespace quern::formats
