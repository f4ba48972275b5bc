//===- RandomWeights.h - Matrices of any format, at random ------*- C++ -*-===//
//
// Which bits of a block are super-scales is said by the format's description
// (ir/Format.h). They are set; all others, codes and sub-scales, are random.
// How large a super-scale has to be is not computed but measured: the reference
// decoder says what weights a sample of such blocks has. So any format that is
// described can be made, and none is named here.
//
//===----------------------------------------------------------------------===//
#pragma once
#include "Random.h"
#include "ir/Format.h"
#include "llvm/ADT/ArrayRef.h"
#include "llvm/Support/Error.h"
#include <functional>

namespace quern {

/// Writes the bytes of a matrix as little-endian words, a multiple of `period`
/// of them at a time.
struct Filler {
  size_t period = 1;
  std::function<void(Random &, llvm::MutableArrayRef<uint64_t>)> fill;
};

class RandomWeights {
public:
  /// An error says, in words that follow its name, why a format cannot be made.
  static llvm::Expected<RandomWeights> create(const Format &);

  /// Weights of that standard deviation and of mean 0, both but for chance.
  Filler filler(double deviation) const;

private:
  explicit RandomWeights(const Format &format) : format(&format) {}

  const Format *format;
  double deviationPerScale = 1;
  double offsetPerScale = 0; // super-scale of offsets to that of scales
};

} // namespace quern
