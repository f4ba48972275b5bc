//===- Random.h - Random weights of any format -----------------*- C++ -*-===//
#pragma once
#include "ir/Format.h"
#include <cmath>
#include <cstring>
#include <ostream>
#include <random>
#include <vector>

namespace quern {

/// Names a format in messages of GoogleTest.
inline void PrintTo(const Format &f, std::ostream *os) { *os << f.name; }

inline std::vector<uint8_t> randomBytes(size_t n, unsigned seed) {
  std::mt19937 generator(seed);
  std::vector<uint8_t> bytes(n);
  for (uint8_t &b : bytes)
    b = static_cast<uint8_t>(generator() >> 24);
  return bytes;
}

/// The same bits, or two NaNs of whatever kind.
inline bool same(float a, float b) {
  return std::memcmp(&a, &b, sizeof a) == 0 || (std::isnan(a) && std::isnan(b));
}

} // namespace quern
