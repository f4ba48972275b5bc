//===- IQ4Table.h - The values of non-linear 4-bit codes --------*- C++ -*-===//
#pragma once
#include <cstdint>
#include <vector>

namespace quern::formats {

/// Denser near zero, as weights are.
inline std::vector<int8_t> iq4Table() {
  return {-127, -104, -83, -65, -49, -35, -22, -10,
          1,    13,   25,  38,  53,  69,  89,  113};
}

} // namespace quern::formats
