//===- SamplerMath.h - exp and log, the same everywhere --------*- C++ -*-===//
//
// The C library's exp, log and pow differ in their last bits from one version
// and one CPU to the next; a sampler built on them would not give the same
// token everywhere. These use only operations that IEEE 754 defines exactly
// (addition, multiplication, division, comparison) in a fixed order, so that
// they have one result. Whoever includes this is compiled without contraction
// into fused operations. All are good to about 1e-15, relative.
//
//===----------------------------------------------------------------------===//
#pragma once

#include <bit>
#include <cstdint>
#include <limits>

namespace quern::sampling {

inline constexpr double log2e = 1.4426950408889634;
inline constexpr double ln2 = 0x1.62e42fefa39efp-1;
/// ln 2 in two parts; the product of the first with a small integer is exact.
inline constexpr double ln2High = 0x1.62e42fee00000p-1;
inline constexpr double ln2Low = 0x1.a39ef35793c76p-33;

/// exp(x) for x in [-700, 700]: x = k ln 2 + r with |r| <= ln(2) / 2, a Taylor
/// polynomial for exp(r), and k put into the exponent. No branches and no
/// calls, so that loops over it vectorize.
[[gnu::always_inline]] inline double expInRange(double x) {
  // Adding this rounds to an integer and leaves it in the low bits.
  constexpr double shift = 0x1.8p52;
  double shifted = x * log2e + shift;
  double k = shifted - shift;
  double r = (x - k * ln2High) - k * ln2Low;
  double sum = 1.0 / 6227020800;
  sum = sum * r + 1.0 / 479001600;
  sum = sum * r + 1.0 / 39916800;
  sum = sum * r + 1.0 / 3628800;
  sum = sum * r + 1.0 / 362880;
  sum = sum * r + 1.0 / 40320;
  sum = sum * r + 1.0 / 5040;
  sum = sum * r + 1.0 / 720;
  sum = sum * r + 1.0 / 120;
  sum = sum * r + 1.0 / 24;
  sum = sum * r + 1.0 / 6;
  sum = sum * r + 1.0 / 2;
  sum = sum * r + 1.0;
  sum = sum * r + 1.0;
  uint64_t exponent = (std::bit_cast<uint64_t>(shifted) + 1023) << 52;
  return sum * std::bit_cast<double>(exponent);
}

/// exp(x) for x <= 0; 0 below -700 and for what is no number.
[[gnu::always_inline]] inline double expNonPositive(double x) {
  double out = expInRange(x > -700.0 ? x : -700.0);
  return x > -700.0 ? out : 0.0;
}

/// exp(x) for any x; infinite above 700.
inline double expAny(double x) {
  if (x > 700.0)
    return std::numeric_limits<double>::infinity();
  return expNonPositive(x);
}

/// log(x) for x >= 0. x = m 2^k with m in [sqrt(1/2), sqrt(2)), and the series
/// log(m) = 2 (f + f^3 / 3 + f^5 / 5 + ...) with f = (m - 1) / (m + 1).
inline double logPositive(double x) {
  if (!(x > 0.0))
    return x == 0.0 ? -std::numeric_limits<double>::infinity()
                    : std::numeric_limits<double>::quiet_NaN();
  if (x > std::numeric_limits<double>::max())
    return x;
  int64_t k = 0;
  if (x < std::numeric_limits<double>::min()) { // make it normal
    x *= 0x1p54;
    k = -54;
  }
  // Taking sqrt(1/2) off the bits moves the cut between two exponents there.
  constexpr uint64_t cut = 0x3fe6a09e667f3bcd;
  uint64_t bits = std::bit_cast<uint64_t>(x);
  int64_t exponent = static_cast<int64_t>(bits - cut) >> 52;
  k += exponent;
  double m =
      std::bit_cast<double>(bits - (static_cast<uint64_t>(exponent) << 52));
  double f = (m - 1.0) / (m + 1.0), s = f * f, sum = 1.0 / 25;
  for (int n = 23; n >= 3; n -= 2)
    sum = sum * s + 1.0 / n;
  double power = static_cast<double>(k);
  return power * ln2High + (2.0 * f + (2.0 * f * s * sum + power * ln2Low));
}

/// base^exponent for base >= 0.
inline double powPositive(double base, double exponent) {
  if (exponent == 0.0 || base == 1.0)
    return 1.0;
  if (base == 0.0)
    return exponent > 0.0 ? 0.0 : std::numeric_limits<double>::infinity();
  return expAny(exponent * logPositive(base));
}

} // namespace quern::sampling
