//===- SamplerMirostat.h - Aiming at a surprise ----------------*- C++ -*-===//
//
// Mirostat (Basu, Ramachandran, Keskar, Varshney, ICLR 2021): a cut that moves
// with what was drawn, so that the surprise -log2(p) of tokens stays near tau.
// mu, the most surprise let through, starts at 2 tau, and after each token
//   mu -= eta (observed surprise - tau)
// where the observed one is among the tokens that the cut left. Version 1 turns
// mu into a top-k by assuming Zipf's law, its exponent estimated from the 100
// likeliest tokens; version 2 drops all tokens with a surprise above mu.
//
//===----------------------------------------------------------------------===//
#pragma once

#include "text/SamplerCandidates.h"
#include "text/SamplerOptions.h"

namespace quern::sampling {

class Mirostat {
public:
  Mirostat(const SamplerOptions &options, size_t vocab);
  bool active() const { return version != 0; }
  void reset() { surpriseLimit = 2 * tau; }

  /// Cuts the list (all live tokens) at temperature 1 / heat.
  void cut(Candidates &list, double heat);
  /// Learns from a token of the cut list: `logTotal` is the logarithm of its
  /// sum of weights, `exponent` that of the token's weight.
  void observe(double logTotal, double exponent);
  double mu() const { return surpriseLimit; } ///< in bits

private:
  size_t zipfCut(const Candidates &list, double heat);

  int version;
  double tau, eta, surpriseLimit;
  size_t vocab;
  std::vector<Candidate> leaders; ///< scratch: the likeliest, best first
};

} // namespace quern::sampling
