//===- RankedLogits.h - The best of a row of logits -------------*- C++ -*-===//
#pragma once
#include <span>

namespace quern {

/// The largest logits of a row, best first and of equal ones the smaller token's: all
/// that a sampler looks at which has no use for the others. Behind all numbers come
/// those that are NaN.
struct RankedLogits {
  std::span<const float> logits;
  std::span<const float> tokens; // of each its token, a whole number
};

} // namespace quern
