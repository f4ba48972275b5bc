//===- tq1_0.cpp - Ternary digits, five to a byte ---------------*- C++ -*-===//
#include "ir/Format.h"

namespace quern::formats {

/// 48 bytes of five trits | 4 bytes of four trits | f16 d
Format tq1_0() {
  TritArray trits;
  for (unsigned i = 0; i < 256; ++i)
    trits.push_back(i < 160   ? std::pair(i % 32, i / 32)
                    : i < 240 ? std::pair(32 + i % 16, (i - 160) / 16)
                              : std::pair(48 + i % 4, (i - 240) / 4));
  return {.name = "tq1_0", .gguf = 34, .weights = 256, .bytes = 54,
          .bias = 1, .trits = trits,
          .scale = {.super = word(52, 16)}};
}

} // namespace quern::formats
