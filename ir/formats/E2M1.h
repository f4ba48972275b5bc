//===- E2M1.h - The values of e2m1 codes ------------------------*- C++ -*-===//
#pragma once
#include <cstdint>
#include <vector>

namespace quern::formats {

/// Twice the values of the 4-bit floats of the OCP Microscaling specification,
/// so that they are integers; the codec of the scale halves.
inline std::vector<int8_t> e2m1Doubled() {
  return {0, 1, 2, 3, 4, 6, 8, 12, 0, -1, -2, -3, -4, -6, -8, -12};
}

} // namespace quern::formats
