//===- SamplerKernels.cpp - Passes over a vocabulary of logits --*- C++ -*-===//
//
// Each pass is an always-inlined body that two functions contain: one compiled
// as everything is, one for AVX2 (which does not include fused operations).
//
//===----------------------------------------------------------------------===//

#include "text/SamplerKernels.h"

#include "text/SamplerMath.h"

#include <cstring>
#include <limits>

namespace quern::sampling {

#define QUERN_INLINE [[gnu::always_inline]] static inline

static constexpr float minusInfinity = -std::numeric_limits<float>::infinity();

QUERN_INLINE float larger(float a, float b) { return a > b ? a : b; }

/// Eight floats side by side: one register, or two.
using Floats [[gnu::vector_size(32)]] = float;

QUERN_INLINE void maximaBody(const float *logits, size_t n, float *out) {
  constexpr size_t width = sizeof(Floats) / sizeof(float), sets = 4;
  for (; n >= maximaBlock; n -= maximaBlock, logits += maximaBlock) {
    Floats best[sets], next;
    for (Floats &b : best)
      b = Floats{} + minusInfinity;
    for (size_t i = 0; i < maximaBlock; i += sets * width)
      for (size_t set = 0; set < sets; ++set) {
        std::memcpy(&next, logits + i + set * width, sizeof(next));
        best[set] = next > best[set] ? next : best[set]; // NaN: no
      }
    for (size_t set = 1; set < sets; ++set)
      best[0] = best[set] > best[0] ? best[set] : best[0];
    float all = best[0][0];
    for (size_t lane = 1; lane < width; ++lane)
      all = larger(best[0][lane], all);
    *out++ = all;
  }
  if (n == 0)
    return;
  float all = minusInfinity;
  for (size_t i = 0; i < n; ++i)
    all = larger(logits[i], all);
  *out = all;
}

/// Adds up lanes, in pairs.
QUERN_INLINE double folded(double *sums) {
  for (size_t half = lanes / 2; half > 0; half /= 2)
    for (size_t lane = 0; lane < half; ++lane)
      sums[lane] += sums[lane + half];
  return sums[0];
}

QUERN_INLINE Moments momentsBody(const float *logits, size_t n, float best) {
  double count[lanes] = {}, sum[lanes] = {}, squares[lanes] = {};
  auto add = [&](size_t lane, float logit) {
    bool live = logit > minusInfinity;
    double d = live ? double(logit) - double(best) : 0.0;
    count[lane] += live ? 1.0 : 0.0;
    sum[lane] += d;
    squares[lane] += d * d;
  };
  size_t i = 0;
  for (; i + lanes <= n; i += lanes)
    for (size_t lane = 0; lane < lanes; ++lane)
      add(lane, logits[i + lane]);
  for (size_t lane = 0; i + lane < n; ++lane)
    add(lane, logits[i + lane]);
  return {folded(count), folded(sum), folded(squares)};
}

/// The weight of a logit. Equal infinities have a difference that is no
/// number, hence the test.
QUERN_INLINE double weight(float logit, float best) {
  double d = double(logit) - double(best);
  return expNonPositive(logit == best ? 0.0 : d);
}

QUERN_INLINE double sumWeightsBody(const float *logits, size_t n, float best) {
  double sums[lanes] = {};
  size_t i = 0;
  for (; i + lanes <= n; i += lanes)
    for (size_t lane = 0; lane < lanes; ++lane)
      sums[lane] += weight(logits[i + lane], best);
  for (size_t lane = 0; i + lane < n; ++lane)
    sums[lane] += weight(logits[i + lane], best);
  return folded(sums);
}

QUERN_INLINE void weighBody(const Candidate *list, size_t n, float best,
                            double heat, double *out) {
  for (size_t i = 0; i < n; ++i) {
    double d = double(list[i].logit) - double(best);
    out[i] = expNonPositive(list[i].logit == best ? 0.0 : d * heat);
  }
}

#define QUERN_KERNELS(suffix, attribute)                                       \
  attribute static void maxima##suffix(const float *logits, size_t n,          \
                                       float *out) {                           \
    maximaBody(logits, n, out);                                                \
  }                                                                            \
  attribute static Moments moments##suffix(const float *logits, size_t n,      \
                                           float best) {                       \
    return momentsBody(logits, n, best);                                       \
  }                                                                            \
  attribute static double sumWeights##suffix(const float *logits, size_t n,    \
                                             float best) {                     \
    return sumWeightsBody(logits, n, best);                                    \
  }                                                                            \
  attribute static void weigh##suffix(const Candidate *list, size_t n,         \
                                      float best, double heat, double *out) {  \
    weighBody(list, n, best, heat, out);                                       \
  }                                                                            \
  static constexpr SamplerKernels kernels##suffix = {                          \
      maxima##suffix, moments##suffix, sumWeights##suffix, weigh##suffix};

QUERN_KERNELS(Plain, )
const SamplerKernels &plainKernels() { return kernelsPlain; }

#if defined(__x86_64__) && defined(__GNUC__)
QUERN_KERNELS(Wide, __attribute__((target("avx2"))))
const SamplerKernels *wideKernels() {
  return __builtin_cpu_supports("avx2") ? &kernelsWide : nullptr;
}
#else
const SamplerKernels *wideKernels() { return nullptr; }
#endif

const SamplerKernels &samplerKernels() {
  const SamplerKernels *wide = wideKernels();
  return wide ? *wide : plainKernels();
}

} // namespace quern::sampling
