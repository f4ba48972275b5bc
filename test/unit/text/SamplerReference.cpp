//===- SamplerReference.cpp - The chain, spelled out ------------*- C++ -*-===//

#include "SamplerReference.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>

namespace quern::test {

static void sortBest(std::vector<Entry> &list) {
  std::sort(list.begin(), list.end(), [](const Entry &a, const Entry &b) {
    return a.logit != b.logit ? a.logit > b.logit : a.id < b.id;
  });
}

/// Sorts, and fills in probabilities.
static void softmax(std::vector<Entry> &list, double temp = 1) {
  sortBest(list);
  double best = list[0].logit, total = 0;
  for (Entry &e : list)
    total += e.p = e.logit == best ? 1 : std::exp((e.logit - best) / temp);
  for (Entry &e : list)
    e.p /= total;
}

static double entropy(const std::vector<Entry> &list) {
  double out = 0;
  for (const Entry &e : list)
    out -= e.p > 0 ? e.p * std::log(e.p) : 0;
  return out;
}

/// Penalties work on floats, as logits are.
static void penalize(std::vector<float> &logits, const SamplerOptions &o,
                     const std::vector<int32_t> &history) {
  std::map<int32_t, int> counts;
  size_t n = std::min(history.size(), size_t(o.repeatLastN));
  for (size_t i = history.size() - n; i < history.size(); ++i)
    ++counts[history[i]];
  for (auto [id, count] : counts) {
    if (id < 0 || size_t(id) >= logits.size())
      continue;
    float &logit = logits[size_t(id)];
    logit = logit <= 0 ? logit * o.repeatPenalty : logit / o.repeatPenalty;
    logit -= float(count) * o.frequencyPenalty + o.presencePenalty;
  }
}

/// Tokens after the latest breaker in `tokens`; all if there is none.
static size_t afterBreaker(const std::vector<int32_t> &tokens,
                           const SamplerOptions &o) {
  for (size_t at = tokens.size(); at-- > 0;) {
    size_t longest = 0;
    for (const auto &breaker : o.dryBreakers)
      if (at + breaker.size() <= tokens.size() &&
          std::equal(breaker.begin(), breaker.end(), tokens.begin() + long(at)))
        longest = std::max(longest, breaker.size());
    if (longest)
      return tokens.size() - at - longest;
  }
  return tokens.size();
}

static void dry(std::vector<float> &logits, const SamplerOptions &o,
                const std::vector<int32_t> &history) {
  size_t n = std::min(history.size(), size_t(o.dryLastN));
  std::vector<int32_t> t(history.end() - long(n), history.end());
  auto allowed = size_t(o.dryAllowedLength);
  size_t limit = afterBreaker(t, o);
  if (o.dryMultiplier == 0 || n <= allowed || limit < allowed)
    return;
  std::map<int32_t, size_t> longest;
  for (size_t at = 1; at < n; ++at) { // t[at] came after t[at - 1]
    size_t same = 0;
    while (same < at && t[at - 1 - same] == t[n - 1 - same])
      ++same;
    same = std::min(same, limit);
    if (same >= allowed)
      longest[t[at]] = std::max(longest[t[at]], same);
  }
  for (auto [id, length] : longest) {
    if (id < 0 || size_t(id) >= logits.size() ||
        std::count(o.dryBreakers.begin(), o.dryBreakers.end(),
                   std::vector<int32_t>{id}))
      continue;
    logits[size_t(id)] -=
        float(double(o.dryMultiplier) *
              std::pow(double(o.dryBase), double(length - allowed)));
  }
}

static void topNSigma(std::vector<Entry> &list, double n) {
  double sum = 0, squares = 0, best = -INFINITY;
  for (const Entry &e : list) {
    sum += e.logit;
    best = std::max(best, e.logit);
  }
  double mean = sum / double(list.size());
  for (const Entry &e : list)
    squares += (e.logit - mean) * (e.logit - mean);
  double deviation = std::sqrt(squares / double(list.size()));
  std::erase_if(list,
                [&](const Entry &e) { return e.logit < best - n * deviation; });
}

static void typical(std::vector<Entry> &list, double p, size_t minKeep) {
  softmax(list);
  double best = list[0].logit, mean = 0; // of logit - best
  for (const Entry &e : list)
    mean += e.p > 0 ? e.p * (e.logit - best) : 0;
  auto distance = [&](const Entry &e) {
    return float(std::abs(e.logit - best - mean));
  };
  std::sort(list.begin(), list.end(), [&](const Entry &a, const Entry &b) {
    float da = distance(a), db = distance(b);
    return da != db ? da < db : a.id < b.id;
  });
  double sum = 0;
  for (size_t i = 0; i < list.size(); ++i)
    if ((sum += list[i].p) > p && i + 1 >= minKeep)
      list.resize(i + 1);
}

static void topP(std::vector<Entry> &list, double p, size_t minKeep) {
  softmax(list);
  double sum = 0;
  for (size_t i = 0; i < list.size(); ++i)
    if ((sum += list[i].p) >= p && i + 1 >= minKeep)
      list.resize(i + 1);
}

static void minP(std::vector<Entry> &list, double p, size_t minKeep) {
  softmax(list);
  size_t n = 1;
  while (n < list.size() &&
         (list[n].logit - list[0].logit >= std::log(p) || n < minKeep))
    ++n;
  list.resize(n);
}

static void xtc(std::vector<Entry> &list, double threshold, size_t minKeep) {
  if (list.size() < 2)
    return;
  softmax(list);
  size_t above = 0;
  while (above < list.size() && list[above].p >= threshold)
    ++above;
  if (above >= 2 && list.size() - (above - 1) >= minKeep)
    list.erase(list.begin(), list.begin() + long(above - 1));
}

static double temperature(std::vector<Entry> &list, const SamplerOptions &o) {
  double temp = double(o.temp), range = double(o.dynatempRange);
  if (range <= 0 || list.size() < 2)
    return temp;
  softmax(list);
  double low = std::max(0.0, temp - range);
  double share = entropy(list) / std::log(double(list.size()));
  return low + (temp + range - low) *
                   std::pow(std::min(share, 1.0), double(o.dynatempExponent));
}

static void addBias(std::vector<float> &logits, const SamplerOptions &o) {
  for (const LogitBias &b : o.logitBias)
    logits[size_t(b.token)] += b.bias;
}

static std::vector<Entry> live(const std::vector<float> &logits) {
  std::vector<Entry> list;
  for (size_t i = 0; i < logits.size(); ++i)
    if (!std::isnan(logits[i]) && logits[i] != -INFINITY)
      list.push_back({double(logits[i]), int32_t(i), 0});
  return list;
}

std::vector<Entry> expectedTokens(std::vector<float> logits,
                                  const SamplerOptions &o,
                                  const std::vector<int32_t> &history,
                                  bool exclude) {
  auto minKeep = size_t(o.minKeep);
  addBias(logits, o);
  penalize(logits, o, history);
  dry(logits, o, history);
  std::vector<Entry> list = live(logits);
  if (o.topNSigma > 0)
    topNSigma(list, double(o.topNSigma));
  sortBest(list);
  if (o.topK > 0)
    list.resize(std::min(list.size(), size_t(o.topK)));
  if (o.typicalP < 1)
    typical(list, double(o.typicalP), minKeep);
  if (o.topP < 1)
    topP(list, double(o.topP), minKeep);
  if (o.minP > 0)
    minP(list, double(o.minP), minKeep);
  if (o.xtcProbability > 0 && o.xtcThreshold <= 0.5f && exclude)
    xtc(list, double(o.xtcThreshold), minKeep);
  double temp = temperature(list, o);
  sortBest(list);
  if (temp <= 0)
    list.resize(1);
  softmax(list, temp > 0 ? temp : 1);
  return list;
}

std::vector<Entry> expectedMirostat(std::vector<float> logits,
                                    const SamplerOptions &o, double mu) {
  size_t vocab = logits.size();
  addBias(logits, o);
  std::vector<Entry> list = live(logits);
  double temp = double(o.temp);
  softmax(list, temp);
  if (o.mirostat == 2) {
    size_t n = 1;
    while (n < list.size() && -std::log2(list[n].p) <= mu)
      ++n;
    list.resize(n);
  } else {
    double products = 0, squares = 0;
    for (size_t i = 0; i + 1 < std::min<size_t>(100, list.size()); ++i) {
      double t = std::log(double(i + 2) / double(i + 1));
      products += t * (list[i].logit - list[i + 1].logit) / temp;
      squares += t * t;
    }
    double s = products / squares, e = s - 1;
    double k = std::pow(e * std::pow(2, mu) / (1 - std::pow(vocab, -e)), 1 / s);
    list.resize(std::clamp<size_t>(size_t(k), 1, list.size()));
  }
  softmax(list, temp);
  return list;
}

void expectSurvivors(const Sampler &sampler, const std::vector<Entry> &want,
                     double tolerance) {
  ASSERT_EQ(sampler.survivors(), want.size());
  std::map<int32_t, double> got;
  for (size_t i = 0; i < want.size(); ++i) {
    TokenProbability t = sampler.survivor(i);
    got[t.id] = t.probability;
  }
  ASSERT_EQ(got.size(), want.size()) << "a token occurs twice";
  for (const Entry &e : want) {
    ASSERT_TRUE(got.count(e.id)) << "token " << e.id;
    ASSERT_NEAR(got[e.id], e.p, tolerance * e.p + 1e-300) << "token " << e.id;
  }
}

std::vector<float> randomLogits(size_t n, Kind kind, uint64_t seed) {
  std::mt19937_64 random(seed);
  auto uniform = [&] { return double(random() >> 11) * 0x1p-53; };
  std::vector<float> out(n);
  for (float &logit : out) {
    // About normal, with a longer tail upwards.
    double sum = uniform() + uniform() + uniform() + uniform() - 2;
    double value = 5 * sum - std::log(uniform() + 1e-9) - 8;
    if (kind == Kind::Ties)
      value = std::round(value * 2) / 2;
    if (kind == Kind::Flat)
      value = 0.25;
    if (kind == Kind::Extreme)
      value *= std::pow(10.0, std::floor(uniform() * 80) - 44);
    logit = float(std::clamp(value, -3.4e38, 3.4e38));
    if (kind == Kind::Holes && uniform() < 0.3)
      logit = uniform() < 0.5 ? std::nanf("") : -INFINITY;
  }
  if (kind == Kind::Holes && std::none_of(out.begin(), out.end(), [](float x) {
        return std::isfinite(x);
      }))
    out[n / 2] = 1;
  return out;
}

} // namespace quern::test
