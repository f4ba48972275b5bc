//===- SamplerKernels.h - Passes over a vocabulary of logits ---*- C++ -*-===//
//
// The few loops that touch every logit. They are written so that the compiler
// vectorizes them: no branches, and sums in `lanes` running sums, whose order
// is part of the result. On x86-64 there is a second copy of each for AVX2,
// picked by the CPU: twice as fast, the same operations in the same order, thus
// the same bits. No copy contracts a multiplication and an addition.
//
// NaN counts as minus infinity everywhere.
//
//===----------------------------------------------------------------------===//
#pragma once

#include <cstddef>
#include <cstdint>

namespace quern::sampling {

/// A token that may still be drawn. `logit` is neither NaN, nor minus infinity,
/// nor the negative zero.
struct Candidate {
  float logit;
  int32_t id;
};

/// Best first: larger logits, then lower ids.
inline bool better(const Candidate &a, const Candidate &b) {
  return a.logit != b.logit ? a.logit > b.logit : a.id < b.id;
}

/// Logits whose maxima are kept together.
inline constexpr size_t maximaBlock = 128;
/// Candidates whose weights are computed together.
inline constexpr size_t weightBlock = 64;
/// Running sums of a kernel that sums.
inline constexpr size_t lanes = 8;

/// Sums over all logits above minus infinity of d = logit - best.
struct Moments {
  double count, sum, squares;
};

struct SamplerKernels {
  /// out[b] = the largest of block b's logits, minus infinity if there is none;
  /// ceil(n / maximaBlock) of them.
  void (*maxima)(const float *logits, size_t n, float *out);
  Moments (*moments)(const float *logits, size_t n, float best);
  /// Sum of exp(logit - best): the softmax's denominator.
  double (*sumWeights)(const float *logits, size_t n, float best);
  /// out[i] = exp((list[i].logit - best) * heat), for n <= weightBlock. No
  /// logit is above `best`; equal ones weigh 1 even if infinite.
  void (*weigh)(const Candidate *list, size_t n, float best, double heat,
                double *out);
};

const SamplerKernels &plainKernels();
/// Null where this build or this CPU has none.
const SamplerKernels *wideKernels();
/// Those to use.
const SamplerKernels &samplerKernels();

} // namespace quern::sampling
