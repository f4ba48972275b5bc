//===- KScales.h - 6-bit scales of 4- and 5-bit k-quants --------*- C++ -*-===//
#pragma once
#include "ir/Format.h"

namespace quern::formats {

/// Eight 6-bit integers of the 12 bytes at `byte`: the first four lie in bytes
/// 0-3 (scales, part 0) or 4-7 (minimums, part 1); of the others the low four
/// bits are a nibble of bytes 8-11 and the high two the top of the first four.
inline BitArray kScales(unsigned byte, unsigned part) {
  return bits(8, 6, [=](unsigned g, unsigned b) {
    unsigned first = byte + 4 * part + g % 4;
    if (g < 4)
      return 8 * first + b;
    return b < 4 ? 8 * (byte + 8 + g % 4) + 4 * part + b
                 : 8 * first + 6 + b - 4;
  });
}

} // namespace quern::formats
