//===- SamplerMirostat.cpp - Aiming at a surprise ---------------*- C++ -*-===//

#include "text/SamplerMirostat.h"

#include "text/SamplerMath.h"

#include <algorithm>
#include <cmath>

namespace quern::sampling {

/// How many tokens the estimate of Zipf's exponent looks at.
static constexpr size_t mostLeaders = 100;

Mirostat::Mirostat(const SamplerOptions &o, size_t v)
    : version(o.mirostat), tau(double(o.mirostatTau)),
      eta(double(o.mirostatEta)), surpriseLimit(2 * tau), vocab(v) {
  if (version == 1)
    leaders.reserve(mostLeaders);
}

/// Version 1's k. With s the exponent and e = s - 1, it is
///   (e 2^mu / (1 - vocab^-e))^(1 / s).
size_t Mirostat::zipfCut(const Candidates &list, double heat) {
  list.copyBest(leaders, mostLeaders);
  // Least squares through the origin of log(p_i / p_(i + 1)) over
  // log((i + 2) / (i + 1)).
  double products = 0, squares = 0;
  for (size_t i = 0; i + 1 < leaders.size(); ++i) {
    double t = logPositive(double(i + 2) / double(i + 1));
    double difference = double(leaders[i].logit) - double(leaders[i + 1].logit);
    products +=
        t *
        (leaders[i].logit == leaders[i + 1].logit ? 0.0 : difference * heat);
    squares += t * t;
  }
  if (squares == 0) // a single token
    return 1;
  double s = products / squares, e = s - 1;
  double power = expAny(surpriseLimit * ln2), logVocab = logPositive(vocab);
  // For e towards 0, (1 - vocab^-e) / e tends to log(vocab).
  double scaled = std::abs(e) < 1e-9 ? power / logVocab
                                     : e * power / (1 - expAny(-e * logVocab));
  if (s <= 0) // all equal: all or one
    return scaled > 1 ? list.size() : 1;
  double k = powPositive(scaled, 1 / s);
  if (!(k >= 1)) // nor NaN
    return 1;
  return k < double(list.size()) ? static_cast<size_t>(k) : list.size();
}

void Mirostat::cut(Candidates &list, double heat) {
  if (version == 1) {
    list.keepBest(zipfCut(list, heat));
    return;
  }
  double logTotal = logPositive(list.sumWeights(heat));
  list.keepWithin(std::min(0.0, logTotal - surpriseLimit * ln2), heat);
}

void Mirostat::observe(double logTotal, double exponent) {
  double surprise = (logTotal - exponent) * log2e;
  surpriseLimit -= eta * (surprise - tau);
}

} // namespace quern::sampling
