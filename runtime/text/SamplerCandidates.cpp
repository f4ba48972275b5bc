//===- SamplerCandidates.cpp - The tokens still in the running --*- C++ -*-===//
//
// Collecting, drawing and sums. The steps that cut the list are in
// SamplerCuts.cpp.
//
//===----------------------------------------------------------------------===//

#include "text/SamplerCandidates.h"

#include "text/SamplerMath.h"

#include <algorithm>
#include <cmath>
#include <functional>
#include <limits>

namespace quern::sampling {

static constexpr float minusInfinity = -std::numeric_limits<float>::infinity();

static size_t blocksOf(size_t n, size_t block) {
  return (n + block - 1) / block;
}

LogitScan::LogitScan(size_t vocab) : blocks(blocksOf(vocab, maximaBlock)) {}

void LogitScan::read(std::span<const float> logits) {
  values = logits;
  samplerKernels().maxima(logits.data(), logits.size(), blocks.data());
  largest = *std::max_element(blocks.begin(), blocks.end());
}

int32_t LogitScan::bestId() const {
  auto block = std::find(blocks.begin(), blocks.end(), largest);
  auto from = values.begin() +
              (block - blocks.begin()) * static_cast<ptrdiff_t>(maximaBlock);
  auto at = std::find(from, values.end(), largest);
  return at == values.end() ? 0 : static_cast<int32_t>(at - values.begin());
}

float LogitScan::sigmaFloor(double sigmas) const {
  Moments m = samplerKernels().moments(values.data(), values.size(), largest);
  double mean = m.sum / m.count;
  double variance = m.squares / m.count - mean * mean;
  // Rounding can leave a little less than nothing; infinite logits have no
  // deviation, and cut nothing.
  double deviation = std::sqrt(variance > 0 ? variance : 0.0);
  double floor = double(largest) - sigmas * deviation;
  if (!std::isfinite(variance) || !(floor > double(minusInfinity)))
    return minusInfinity;
  // The smallest float that is not below the floor.
  auto rounded = static_cast<float>(floor);
  if (double(rounded) < floor)
    rounded = std::nextafter(rounded, std::numeric_limits<float>::infinity());
  return rounded;
}

Candidates::Candidates(size_t vocab)
    : kernels(samplerKernels()),
      list(std::make_unique_for_overwrite<Candidate[]>(vocab)),
      scratch(std::make_unique_for_overwrite<Candidate[]>(vocab)) {
  maxima.reserve(blocksOf(vocab, maximaBlock));
  sums.reserve(blocksOf(vocab, weightBlock));
}

void Candidates::assign(Candidate only) {
  list[0] = only;
  count = 1;
  top = only.logit;
}

void Candidates::collect(const LogitScan &scan, float floor) {
  std::span<const float> logits = scan.logits();
  // Not below the floor, and above minus infinity; NaN is neither.
  float least = std::max(floor, std::numeric_limits<float>::lowest());
  Candidate *out = list.get();
  for (size_t block = 0; block < scan.maxima().size(); ++block) {
    if (!(scan.maxima()[block] >= least))
      continue;
    size_t from = block * maximaBlock;
    size_t to = std::min(from + maximaBlock, logits.size());
    for (size_t i = from; i < to; ++i) {
      // Without a branch: stored always, counted only if it stays. Adding zero
      // turns the negative zero into the positive one.
      *out = {logits[i] + 0.0f, static_cast<int32_t>(i)};
      out += logits[i] >= least ? 1 : 0;
    }
  }
  count = static_cast<size_t>(out - list.get());
  top = scan.best() + 0.0f;
}

void Candidates::collectBest(const LogitScan &scan, float floor, size_t k) {
  std::span<const float> blocks = scan.maxima();
  if (k <= blocks.size()) {
    maxima.assign(blocks.begin(), blocks.end());
    auto kth = maxima.begin() + static_cast<ptrdiff_t>(k - 1);
    std::nth_element(maxima.begin(), kth, maxima.end(), std::greater<>());
    floor = std::max(floor, *kth);
  }
  collect(scan, floor);
  keepBest(k);
}

void Candidates::collectRanked(const RankedLogits &best) {
  count = 0;
  for (size_t i = 0; i < best.logits.size(); ++i)
    if (best.logits[i] > minusInfinity) // and not NaN
      list[count++] = {best.logits[i] + 0.0f,
                       static_cast<int32_t>(best.tokens[i])};
  top = list[0].logit;
  // Sums go in the order of ids.
  std::sort(list.get(), list.get() + count,
            [](const Candidate &a, const Candidate &b) { return a.id < b.id; });
}

Candidate Candidates::best() const {
  Candidate out = list[0];
  for (const Candidate &c : tokens())
    out = better(c, out) ? c : out;
  return out;
}

void Candidates::sort() { std::sort(list.get(), list.get() + count, better); }

double Candidates::exponent(size_t i, double heat) const {
  double d = double(list[i].logit) - double(top);
  return list[i].logit == top ? 0.0 : d * heat;
}

double Candidates::sumWeights(double heat) {
  sums.clear();
  total = 0;
  double weights[weightBlock];
  for (size_t from = 0; from < count; from += weightBlock) {
    size_t n = std::min(weightBlock, count - from);
    kernels.weigh(&list[from], n, top, heat, weights);
    double sum = 0;
    for (size_t i = 0; i < n; ++i)
      sum += weights[i];
    sums.push_back(sum);
    total += sum;
  }
  return total;
}

size_t Candidates::draw(double heat, double point) const {
  double target = point * total, sum = 0;
  size_t block = 0, last = 0;
  // The sums in the order in which they made the total.
  for (; block < sums.size(); ++block) {
    if (sums[block] > 0)
      last = block;
    if (target < sum + sums[block])
      break;
    sum += sums[block];
  }
  if (block == sums.size()) // the product was rounded up to the total
    block = last;
  size_t from = block * weightBlock, at = from;
  size_t n = std::min(weightBlock, count - from);
  double weights[weightBlock];
  kernels.weigh(&list[from], n, top, heat, weights);
  for (size_t i = 0; i < n; ++i) {
    if (!(weights[i] > 0)) // what has no weight is never drawn
      continue;
    at = from + i;
    sum += weights[i];
    if (target < sum)
      break;
  }
  return at;
}

Candidates::Spread Candidates::spread() const {
  double weights[weightBlock], sum = 0, moment = 0;
  for (size_t from = 0; from < count; from += weightBlock) {
    size_t n = std::min(weightBlock, count - from);
    kernels.weigh(&list[from], n, top, 1.0, weights);
    for (size_t i = 0; i < n; ++i) {
      sum += weights[i];
      // Without weight, or equal infinities: no share in the mean.
      double d = double(list[from + i].logit) - double(top);
      moment += weights[i] > 0 && d < 0 ? weights[i] * d : 0.0;
    }
  }
  return {logPositive(sum), moment / sum};
}

} // namespace quern::sampling
