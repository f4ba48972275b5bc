//===- SamplerHistory.h - What the tokens so far do to logits --*- C++ -*-===//
//
// The steps before the first cut change logits of a few tokens each: biased
// ones, those that occurred lately, and those that would continue a repetition.
// They see the last tokens only, through windows of fixed size.
//
//===----------------------------------------------------------------------===//
#pragma once

#include "text/SamplerOptions.h"

#include <span>
#include <vector>

namespace quern::sampling {

/// The last `capacity` tokens: a ring.
class TokenWindow {
public:
  explicit TokenWindow(size_t capacity) : ring(capacity) {}

  /// Adds a token. Returns the one that falls out for it, or -1.
  int32_t push(int32_t token);
  void clear() { used = next = 0; }
  size_t size() const { return used; }
  /// The token `back` places before the newest, which is 0.
  int32_t operator[](size_t back) const {
    return ring[next > back ? next - 1 - back : next + ring.size() - 1 - back];
  }

private:
  std::vector<int32_t> ring;
  size_t used = 0, next = 0; ///< `next`: where the next token goes
};

/// Repeat, presence and frequency penalty. Tokens outside of the vocabulary
/// fill the window but have no logit to change.
class Penalties {
public:
  Penalties(const SamplerOptions &options, size_t vocab);
  bool active() const { return !counts.empty(); }
  void accept(int32_t token);
  void reset();
  void apply(std::span<float> logits);

private:
  bool counted(int32_t token) const {
    return token >= 0 && static_cast<size_t>(token) < counts.size();
  }

  float repeat, presence, frequency;
  TokenWindow window;
  std::vector<int32_t> counts; ///< of each token in the window
};

/// DRY. Repetitions are found by the Z-algorithm (Gusfield 1997, section 1.4)
/// on the window read backwards, in time linear in it.
class Dry {
public:
  Dry(const SamplerOptions &options, size_t vocab);
  /// Whether these options turn it on.
  static bool wanted(const SamplerOptions &options);
  bool active() const { return !repeats.empty(); }
  void accept(int32_t token);
  void reset() { window.clear(); }
  void apply(std::span<float> logits);

private:
  size_t repetitionLimit() const;
  size_t breakerEnd(size_t back) const;
  size_t firstBreaker(int32_t token) const;
  bool begins(size_t breaker, int32_t token) const;
  void findRepeats(size_t limit);
  void penalize(std::span<float> logits);

  float multiplier, base;
  size_t allowed;
  int longestExponent; ///< above it, the penalty is no finite float
  TokenWindow window;
  /// All breakers, sorted; one's tokens are [starts[i], starts[i + 1]).
  std::vector<int32_t> breakerTokens;
  std::vector<uint32_t> breakerStarts;
  /// repeats[k]: how many of the newest tokens also end k tokens earlier.
  std::vector<uint32_t> repeats;
  /// By token: 1 + the longest repetition it would continue; 0: none. Zero
  /// between calls.
  std::vector<uint32_t> longest;
};

/// All of that, on a copy of the logits that is made only if something changes.
class LogitChanges {
public:
  /// With Mirostat, only the bias counts.
  LogitChanges(const SamplerOptions &options, size_t vocab);
  /// What it reserves, sequence breakers apart.
  static size_t bytes(const SamplerOptions &options, size_t vocab);
  /// Whether there may be any.
  bool active() const { return !changed.empty(); }
  void accept(int32_t token);
  void reset();
  /// The changed logits, or `logits` themselves.
  std::span<const float> apply(std::span<const float> logits);

private:
  std::vector<LogitBias> bias;
  Penalties penalties;
  Dry dry;
  std::vector<float> changed; ///< the vocabulary, if anything is on
};

} // namespace quern::sampling
