//===- Scores.h - What references of attention share ------------*- C++ -*-===//
#pragma once
#include "ir/Quern.h"
#include <cmath>
#include <vector>

namespace quern {

/// Scores of a query head, f32[size], and the keys at positions [begin, end) of a slot:
/// scaled, and capped where there is a cap.
template <typename Op>
std::vector<double> scoresOf(Op op, HostKv &kv, int32_t slot, int64_t begin,
                             int64_t end, int64_t kvHead, const float *query) {
  const int64_t size = op.getCache().getType().getSize();
  std::vector<double> scores;
  for (int64_t p = begin; p < end; ++p) {
    const float *key = kv.rows[{slot, int32_t(p)}].first.data() + kvHead * size;
    double s = 0;
    for (int64_t i = 0; i < size; ++i)
      s += double(query[i]) * key[i];
    s *= op.getScale().convertToFloat();
    if (op.getSoftcap()) {
      double cap = op.getSoftcap()->convertToFloat();
      s = cap * std::tanh(s / cap);
    }
    scores.push_back(s);
  }
  return scores;
}

} // namespace quern
