//===- SamplerOptions.h - What a sampler may be told -----------*- C++ -*-===//
//
// The chain, in the order in which it is applied. Order, names and defaults are
// llama.cpp's, so that settings move between the two unchanged:
//
//   logit bias -> repetition penalties -> DRY -> top-n-sigma -> top-k
//   -> typical -> top-p -> min-p -> XTC -> temperature -> draw
//
// or, with Mirostat, which replaces nearly all of it:
//
//   logit bias -> temperature -> Mirostat's own cut and draw
//
// Each step sees what the one before has left, and where it speaks of
// probabilities these are a softmax over just that. Tokens of logit minus
// infinity (or NaN) are in no step: their probability is zero.
//
//===----------------------------------------------------------------------===//
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

namespace quern {

class Tokenizer;

struct LogitBias {
  int32_t token;
  float bias; ///< added to the logit; minus infinity forbids the token
};

/// All options with their ranges. A flag in brackets is the name under which
/// `checkSamplerOptions` reports an option.
struct SamplerOptions {
  /// [--temp] Finite. Logits are divided by it; <= 0 is greedy: the likeliest
  /// token that the chain left, the lowest id of equals.
  float temp = 0.8f;
  /// [--top-k] Only the K likeliest tokens (Fan et al. 2018); <= 0: off.
  int topK = 40;
  /// [--top-p] In [0, 1]. Nucleus sampling (Holtzman et al. 2020): the fewest
  /// likeliest tokens whose probabilities reach this; 1: off.
  float topP = 0.95f;
  /// [--min-p] In [0, 1]. Only tokens with at least this fraction of the
  /// likeliest one's probability (Nguyen et al. 2024); 0: off.
  float minP = 0.05f;
  /// [--typical] In [0, 1]. Locally typical sampling (Meister et al. 2023): the
  /// tokens whose surprise is closest to the entropy, until their
  /// probabilities exceed this; 1: off. Distances are compared as floats.
  float typicalP = 1.0f;
  /// [--top-nsigma] Finite. Only logits within this many standard deviations
  /// (of all finite logits) from the largest (Tang et al. 2024); <= 0: off.
  float topNSigma = -1.0f;
  /// [--min-keep] >= 0. Typical, top-p, min-p and XTC leave at least this many
  /// tokens, if they were given as many.
  int minKeep = 0;

  /// [--xtc-probability] In [0, 1]: the chance that XTC ("exclude top choices",
  /// P. E. Weidmann 2024) acts on a token; 0: off. When it acts, all tokens of
  /// at least ...
  float xtcProbability = 0.0f;
  /// [--xtc-threshold] ... this probability but the least likely of them are
  /// excluded. In [0, 1]; above 0.5 never two tokens reach it: off.
  float xtcThreshold = 0.1f;

  /// [--dynatemp-range] >= 0; 0: off. Dynamic temperature (kalomaze 2023): with
  /// H the entropy divided by its largest possible value, the temperature is
  /// low + (high - low) H^exponent for low = max(0, temp - range) and
  /// high = temp + range. With range > 0, temp <= 0 is not greedy by itself.
  float dynatempRange = 0.0f;
  /// [--dynatemp-exp] >= 0.
  float dynatempExponent = 1.0f;

  /// [--repeat-last-n] 0 ... `mostLastN`: how many of the last tokens (prompt
  /// included) the three penalties look at; 0: off.
  int repeatLastN = 64;
  /// [--repeat-penalty] > 0. Positive logits of these tokens are divided by it,
  /// others multiplied (Keskar et al. 2019, mended for negative ones); 1: off.
  float repeatPenalty = 1.0f;
  /// [--presence-penalty] Finite. Taken off each of these tokens' logits once;
  /// this and the next as in OpenAI's API. 0: off.
  float presencePenalty = 0.0f;
  /// [--frequency-penalty] Finite. Taken off once an occurrence; 0: off.
  float frequencyPenalty = 0.0f;

  /// [--dry-multiplier] >= 0; 0: off. DRY ("don't repeat yourself",
  /// P. E. Weidmann 2024): if the last n tokens occurred before, n >= allowed
  /// length, the token that followed there loses multiplier * base^(n - allowed
  /// length), for the longest such n.
  float dryMultiplier = 0.0f;
  /// [--dry-base] >= 1.
  float dryBase = 1.75f;
  /// [--dry-allowed-length] >= 0.
  int dryAllowedLength = 2;
  /// [--dry-penalty-last-n] 0 ... `mostLastN`: how many of the last tokens are
  /// searched; 0: off.
  int dryLastN = 64;
  /// [--dry-sequence-breaker] Token sequences that no repetition extends over:
  /// none of them empty. `dryBreakers` makes them from strings; llama.cpp's
  /// default strings are `defaultDryBreakers`.
  std::vector<std::vector<int32_t>> dryBreakers;

  /// [--mirostat] 0: off, 1 or 2: version (Basu et al. 2021).
  int mirostat = 0;
  /// [--mirostat-ent] tau >= 0: the surprise aimed at, in bits a token.
  float mirostatTau = 5.0f;
  /// [--mirostat-lr] eta >= 0: how fast the cut follows what was observed.
  float mirostatEta = 0.1f;

  /// [--logit-bias] Tokens of the vocabulary; no bias is NaN. Several for one
  /// token add up.
  std::vector<LogitBias> logitBias;

  uint64_t seed = 0; ///< callers that want chance draw one from the system

  /// Longest windows: what is reserved for them stays small.
  static constexpr int mostLastN = 1 << 24;
};

/// What is wrong with `options`, one line that opens with the flag, e.g.
/// "--top-p: 1.5 is not from 0 to 1"; empty if nothing is. `vocab` is the
/// number of logits; 0 where it is not known yet: ids then go unchecked.
std::string checkSamplerOptions(const SamplerOptions &options,
                                size_t vocab = 0);

/// llama.cpp's sequence breakers for DRY: newline, colon, double quote, star.
std::span<const char *const> defaultDryBreakers();

/// All token sequences of this vocabulary in which each of `strings` can
/// appear: the single tokens that contain it, and those that end with its
/// beginning, followed by the tokens of its rest. Strings are taken up to 40
/// bytes and rests up to 20 tokens, as llama.cpp does; empty ones are skipped.
/// Reads the whole vocabulary: about 10 ms for 262,144 tokens.
std::vector<std::vector<int32_t>>
dryBreakers(const Tokenizer &tokenizer, std::span<const std::string> strings);

} // namespace quern
