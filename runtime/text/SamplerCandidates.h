//===- SamplerCandidates.h - The tokens still in the running ---*- C++ -*-===//
//
// A list of tokens that steps of the chain make shorter. Nothing in it is ever
// sorted while it is long: each step computes a threshold (the worst token that
// stays) and drops what is worse, which keeps the tokens in the order of their
// ids. Thresholds are found
//   * for top-k, from the maxima of blocks of logits: the k-th largest maximum
//     bounds the k-th largest logit from below, so only the few blocks that
//     reach it are looked at (blocks stand in for Floyd and Rivest's samples);
//   * for cuts at a sum of probabilities, by a radix selection on the bits of
//     the logits (or of another key): 2048 bins of masses and counts, of which
//     only the one that holds the threshold is looked at again. At most three
//     rounds, whatever the distribution.
// Everything is O(n), and sums have an order of their own, so that results do
// not depend on how a library selects or sorts.
//
// Probabilities are a softmax over the list as it is at that moment.
//
//===----------------------------------------------------------------------===//
#pragma once

#include "text/RankedLogits.h"
#include "text/SamplerKernels.h"

#include <array>
#include <memory>
#include <span>
#include <vector>

namespace quern::sampling {

/// One pass over the logits of a step: what they are like from afar.
class LogitScan {
public:
  explicit LogitScan(size_t vocab);
  /// Looks at `logits`, which must stay until the scan's last use.
  void read(std::span<const float> logits);

  std::span<const float> logits() const { return values; }
  /// The largest logit; minus infinity if no token has any probability.
  float best() const { return largest; }
  /// The lowest id that has it; 0 if all are NaN.
  int32_t bestId() const;
  /// The lowest logit that top-n-sigma leaves, for sigmas > 0.
  float sigmaFloor(double sigmas) const;
  /// maxima()[b]: the largest of logits [b * maximaBlock, ...).
  std::span<const float> maxima() const { return blocks; }

private:
  std::span<const float> values;
  std::vector<float> blocks;
  float largest = 0;
};

class Candidates {
public:
  /// Reserves for `vocab` tokens.
  explicit Candidates(size_t vocab);
  /// How much that is, with the maxima of a scan.
  static size_t bytes(size_t vocab) {
    return vocab * (2 * sizeof(Candidate)) +
           (vocab / maximaBlock + 1) * (2 * sizeof(float)) +
           (vocab / weightBlock + 1) * sizeof(double);
  }

  /// Starts over: all tokens of at least `floor`.
  void collect(const LogitScan &scan, float floor);
  /// The same, and of those the k > 0 best.
  void collectBest(const LogitScan &scan, float floor, size_t k);
  /// The same as from all logits, of which these are the best. One at least is a
  /// number above minus infinity.
  void collectRanked(const RankedLogits &best);
  /// Starts over with just one token.
  void assign(Candidate only);

  // Steps. None makes the list empty.
  void keepBest(size_t k);
  void keepTypical(double p, size_t minKeep);
  void keepTopP(double p, size_t minKeep);
  void keepMinP(double p, size_t minKeep);
  /// XTC's cut.
  void excludeTop(double threshold, size_t minKeep);
  /// All tokens with heat * (logit - best) >= least, for least <= 0.
  void keepWithin(double least, double heat);
  /// Only the best.
  void keepGreedy() { assign(best()); }
  /// Short lists (up to `shortList`) into the order best first.
  void sortShort() {
    if (count <= shortList)
      sort();
  }
  void sort();
  static constexpr size_t shortList = 1024;

  /// Sum of exp(heat * (logit - best)). Remembers what `draw` needs.
  double sumWeights(double heat);
  /// Index of the token at `point` in [0, 1) of the last `sumWeights`'s sum.
  size_t draw(double heat, double point) const;
  /// heat * (logit - best), the exponent of a token's weight.
  double exponent(size_t i, double heat) const;
  /// For weights exp(logit - best).
  struct Spread {
    double logTotal; ///< logarithm of their sum
    double mean;     ///< of logit - best
    double entropy() const { return logTotal - mean; } ///< in nats
  };
  Spread spread() const;

  /// The `most` best, best first, into `out`, which has room for them.
  void copyBest(std::vector<Candidate> &out, size_t most) const;

  std::span<const Candidate> tokens() const { return {list.get(), count}; }
  size_t size() const { return count; }

private:
  template <typename Key>
  void keepMass(Key key, double fraction, size_t minKeep, bool beyond);
  template <typename Key>
  void fillBins(std::span<const Candidate> from, Key key, unsigned shift,
                uint32_t mask);
  struct Goal;
  double binsTotal() const;
  uint32_t crossingBin(Goal &goal) const;
  template <typename Keep> void keepIf(Keep keep);
  Candidate best() const;
  /// The n-th best, 0 < n <= size.
  Candidate nthBest(size_t n);

  static constexpr size_t bins = 2048;
  const SamplerKernels &kernels;
  /// The list is the first `count` of `list`; both hold the vocabulary, and no
  /// page of them is touched before it is needed.
  std::unique_ptr<Candidate[]> list, scratch;
  size_t count = 0;
  float top = 0;             ///< the largest logit in the list
  std::vector<float> maxima; ///< scratch for collectBest
  std::vector<double> sums;  ///< of blocks, by `sumWeights`
  double total = 0;
  /// Bins [lowBin, highBin] are in use; all others are zero.
  std::array<double, bins> masses = {};
  std::array<uint32_t, bins> tallies = {};
  uint32_t lowBin = 0, highBin = 0;
};

} // namespace quern::sampling
