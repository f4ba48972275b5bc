//===- SamplerCuts.cpp - Steps that make the list shorter -------*- C++ -*-===//
//
// Each finds the worst token that stays and drops what is worse.
//
//===----------------------------------------------------------------------===//

#include "text/SamplerCandidates.h"

#include "text/SamplerMath.h"

#include <algorithm>
#include <bit>
#include <numeric>

namespace quern::sampling {

/// A number that orders floats (but not NaN) as they are, ascending.
static uint32_t ascending(float value) {
  auto bits = std::bit_cast<uint32_t>(value);
  return bits >> 31 ? ~bits : bits | 0x80000000u;
}

/// Drops what `keep` refuses; the rest keeps its order.
template <typename Keep> void Candidates::keepIf(Keep keep) {
  Candidate *out = list.get();
  for (const Candidate &c : tokens()) {
    Candidate copy = c;
    bool stays = keep(copy);
    *out = copy;
    out += stays ? 1 : 0;
  }
  count = static_cast<size_t>(out - list.get());
}

Candidate Candidates::nthBest(size_t n) {
  std::copy_n(list.get(), count, scratch.get());
  Candidate *nth = scratch.get() + n - 1;
  std::nth_element(scratch.get(), nth, scratch.get() + count, better);
  return *nth;
}

void Candidates::copyBest(std::vector<Candidate> &out, size_t most) const {
  out.clear(); // a heap with the worst of them on top
  for (const Candidate &c : tokens()) {
    if (out.size() == most) {
      if (!better(c, out.front()))
        continue;
      std::pop_heap(out.begin(), out.end(), better);
      out.pop_back();
    }
    out.push_back(c);
    std::push_heap(out.begin(), out.end(), better);
  }
  std::sort_heap(out.begin(), out.end(), better);
}

void Candidates::keepBest(size_t k) {
  if (k >= count || k == 0)
    return;
  Candidate worst = nthBest(k);
  keepIf([=](const Candidate &c) { return !better(worst, c); });
}

/// How much has been kept, and how much there must be.
struct Candidates::Goal {
  double wanted = 0;
  size_t minKeep;
  bool beyond; ///< more than `wanted`, not just as much
  double mass = 0;
  size_t kept = 0;

  void add(double weight, size_t n) {
    mass += weight;
    kept += n;
  }
  bool reached() const {
    return kept >= minKeep && (beyond ? mass > wanted : mass >= wanted);
  }
};

/// Adds up weights and numbers of candidates by some bits of their keys.
template <typename Key>
void Candidates::fillBins(std::span<const Candidate> from, Key key,
                          unsigned shift, uint32_t mask) {
  std::fill(&masses[lowBin], &masses[highBin] + 1, 0.0);
  std::fill(&tallies[lowBin], &tallies[highBin] + 1, 0);
  lowBin = bins - 1, highBin = 0;
  double weights[weightBlock];
  while (!from.empty()) {
    size_t n = std::min(weightBlock, from.size());
    kernels.weigh(from.data(), n, top, 1.0, weights);
    for (size_t i = 0; i < n; ++i) {
      uint32_t bin = key(from[i]) >> shift & mask;
      masses[bin] += weights[i];
      ++tallies[bin];
      lowBin = std::min(lowBin, bin);
      highBin = std::max(highBin, bin);
    }
    from = from.subspan(n);
  }
}

double Candidates::binsTotal() const {
  return std::accumulate(&masses[lowBin], &masses[highBin] + 1, 0.0);
}

/// The bin within which the goal is reached, with what is in those before it
/// added to the goal. If rounding makes that none: the last that is not empty.
uint32_t Candidates::crossingBin(Goal &goal) const {
  uint32_t crossing = 0;
  Goal before = goal;
  for (uint32_t bin = lowBin; bin <= highBin; ++bin) {
    if (!tallies[bin])
      continue;
    crossing = bin, before = goal;
    goal.add(masses[bin], tallies[bin]);
    if (goal.reached())
      break;
  }
  goal = before;
  return crossing;
}

/// Keeps candidates in the order of their keys (ascending, equals by position)
/// until they have `fraction` of all probability - or more than that, if
/// `beyond` - and are at least `minKeep`. The key of the last one that stays is
/// found 11, 11 and 10 bits at a time.
template <typename Key>
void Candidates::keepMass(Key key, double fraction, size_t minKeep,
                          bool beyond) {
  Goal goal = {.minKeep = minKeep, .beyond = beyond};
  uint32_t prefix = 0;
  std::span<const Candidate> members = tokens();
  unsigned shift = 32;
  for (unsigned width : {11, 11, 10}) {
    shift -= width;
    fillBins(members, key, shift, (1u << width) - 1);
    if (members.data() == list.get())
      goal.wanted = fraction * binsTotal();
    prefix = prefix << width | crossingBin(goal);
    Candidate *out = scratch.get();
    for (const Candidate &c : members)
      if (key(c) >> shift == prefix)
        *out++ = c;
    members = {scratch.get(), static_cast<size_t>(out - scratch.get())};
  }
  // Now all members have the key `prefix`, if not always the same weight.
  size_t ties = 0;
  while (ties < members.size() && (ties == 0 || !goal.reached())) {
    double weight;
    kernels.weigh(&members[ties++], 1, top, 1.0, &weight);
    goal.add(weight, 1);
  }
  keepIf([&](const Candidate &c) {
    uint32_t k = key(c);
    return k < prefix || (k == prefix && ties > 0 && ties-- > 0);
  });
}

void Candidates::keepTopP(double p, size_t minKeep) {
  keepMass([](const Candidate &c) { return ~ascending(c.logit); }, p, minKeep,
           /*beyond=*/false);
}

void Candidates::keepTypical(double p, size_t minKeep) {
  // A token's surprise is logTotal - d for d = logit - best, and the entropy
  // logTotal - mean: they differ by mean - d.
  double mean = spread().mean;
  auto key = [mean, top = top](const Candidate &c) {
    double d = c.logit == top ? 0.0 : double(c.logit) - double(top);
    double distance = d < mean ? mean - d : d - mean;
    return ascending(static_cast<float>(distance));
  };
  keepMass(key, p, minKeep, /*beyond=*/true);
  top = best().logit;
}

void Candidates::keepMinP(double p, size_t minKeep) {
  double least = logPositive(p);
  size_t reach = 0;
  auto likely = [&](const Candidate &c) {
    return c.logit == top || double(c.logit) - double(top) >= least;
  };
  for (const Candidate &c : tokens())
    reach += likely(c) ? 1 : 0;
  if (reach < minKeep)
    keepBest(minKeep);
  else
    keepIf(likely);
}

void Candidates::excludeTop(double threshold, size_t minKeep) {
  if (count < 2)
    return;
  // weight / total >= threshold, in logarithms.
  double least = spread().logTotal + logPositive(threshold);
  size_t reach = 0;
  Candidate last{};
  for (size_t i = 0; i < count; ++i)
    if (exponent(i, 1.0) >= least) {
      last = reach == 0 || better(last, list[i]) ? list[i] : last;
      ++reach;
    }
  if (reach < 2 || count - (reach - 1) < minKeep)
    return;
  keepIf([=](const Candidate &c) { return !better(c, last); });
  top = last.logit;
}

void Candidates::keepWithin(double least, double heat) {
  keepIf([=, top = top](const Candidate &c) {
    double d = double(c.logit) - double(top);
    return c.logit == top || d * heat >= least;
  });
}

} // namespace quern::sampling
