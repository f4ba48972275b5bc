//===- SamplerDry.cpp - Don't repeat yourself -------------------*- C++ -*-===//
//
// DRY after P. E. Weidmann (2024, text-generation-webui pull request 5677),
// with llama.cpp's details: what ends a repetition is the latest breaker in the
// window, a penalty's exponent is kept where the power is a finite float, and a
// token that is a breaker by itself is never penalized.
//
//===----------------------------------------------------------------------===//

#include "text/SamplerHistory.h"

#include "text/SamplerMath.h"

#include <algorithm>

namespace quern::sampling {

bool Dry::wanted(const SamplerOptions &o) {
  return o.mirostat == 0 && o.dryMultiplier > 0 && o.dryLastN > 0;
}

Dry::Dry(const SamplerOptions &o, size_t vocab)
    : multiplier(o.dryMultiplier), base(o.dryBase),
      allowed(static_cast<size_t>(o.dryAllowedLength)), longestExponent(0),
      window(wanted(o) ? static_cast<size_t>(o.dryLastN) : 0),
      repeats(wanted(o) ? static_cast<size_t>(o.dryLastN) : 0),
      longest(wanted(o) ? vocab : 0) {
  if (!active())
    return;
  breakerStarts.push_back(0);
  constexpr double logMost = 88.7228391; // of the largest float
  if (base > 1.000001f)
    longestExponent = static_cast<int>(logMost / logPositive(double(base)));
  auto sorted = o.dryBreakers;
  std::sort(sorted.begin(), sorted.end());
  sorted.erase(std::unique(sorted.begin(), sorted.end()), sorted.end());
  for (const auto &breaker : sorted) {
    breakerTokens.insert(breakerTokens.end(), breaker.begin(), breaker.end());
    breakerStarts.push_back(static_cast<uint32_t>(breakerTokens.size()));
  }
}

void Dry::accept(int32_t token) { window.push(token); }

/// The first breaker that begins with `token`; they follow each other.
size_t Dry::firstBreaker(int32_t token) const {
  auto at = std::partition_point(
      breakerStarts.begin(), std::prev(breakerStarts.end()),
      [&](uint32_t start) { return breakerTokens[start] < token; });
  return static_cast<size_t>(at - breakerStarts.begin());
}

bool Dry::begins(size_t breaker, int32_t token) const {
  return breaker + 1 < breakerStarts.size() &&
         breakerTokens[breakerStarts[breaker]] == token;
}

/// If a breaker begins `back` tokens before the newest one: how many tokens
/// have come after its end (after the longest one's, if there are several).
/// Otherwise `window.size()`.
size_t Dry::breakerEnd(size_t back) const {
  size_t out = window.size();
  size_t i = firstBreaker(window[back]);
  for (; begins(i, window[back]); ++i) {
    const int32_t *rest = &breakerTokens[breakerStarts[i]] + 1;
    size_t length = breakerStarts[i + 1] - breakerStarts[i] - 1, matched = 0;
    while (matched < length && matched < back &&
           rest[matched] == window[back - 1 - matched])
      ++matched;
    if (matched == length)
      out = std::min(out, back - length);
  }
  return out;
}

/// How many of the newest tokens come after the latest breaker.
size_t Dry::repetitionLimit() const {
  if (breakerTokens.empty())
    return window.size();
  for (size_t back = 0; back < window.size(); ++back)
    if (size_t end = breakerEnd(back); end < window.size())
      return end;
  return window.size();
}

/// Fills `repeats` for the tokens of the window, none above `limit`. [from, to)
/// is the stretch furthest back that is known to equal the newest tokens.
void Dry::findRepeats(size_t limit) {
  size_t n = window.size(), from = 0, to = 0;
  for (size_t k = 1; k < n; ++k) {
    size_t length = k < to ? std::min<size_t>(repeats[k - from], to - k) : 0;
    if (k + length >= to) {
      while (k + length < n && window[length] == window[k + length])
        ++length;
      from = k, to = k + length;
    }
    repeats[k] = static_cast<uint32_t>(length);
  }
  for (size_t k = 1; k < n; ++k)
    repeats[k] = std::min(repeats[k], static_cast<uint32_t>(limit));
}

/// Penalizes each token that would continue a repetition, for its longest one.
void Dry::penalize(std::span<float> logits) {
  auto inVocabulary = [&](int32_t token) {
    return token >= 0 && static_cast<size_t>(token) < longest.size();
  };
  size_t n = window.size();
  for (size_t k = 1; k < n; ++k) // what came there is one token nearer
    if (int32_t next = window[k - 1];
        repeats[k] >= allowed && inVocabulary(next)) {
      uint32_t &most = longest[static_cast<size_t>(next)];
      most = std::max(most, repeats[k] + 1);
    }
  auto isBreaker = [&](int32_t token) { // of equal heads, the shortest is first
    size_t i = firstBreaker(token);
    return begins(i, token) && breakerStarts[i + 1] - breakerStarts[i] == 1;
  };
  for (size_t k = 1; k < n; ++k) {
    int32_t token = window[k - 1];
    if (!inVocabulary(token) || longest[static_cast<size_t>(token)] == 0)
      continue;
    auto &most = longest[static_cast<size_t>(token)];
    auto exponent = static_cast<int64_t>(most - 1 - allowed);
    most = 0; // once
    if (isBreaker(token))
      continue;
    if (longestExponent > 0)
      exponent = std::min<int64_t>(exponent, longestExponent);
    double power = powPositive(double(base), static_cast<double>(exponent));
    logits[static_cast<size_t>(token)] -=
        static_cast<float>(double(multiplier) * power);
  }
}

void Dry::apply(std::span<float> logits) {
  if (window.size() <= allowed)
    return;
  size_t limit = repetitionLimit();
  if (limit < allowed)
    return;
  findRepeats(limit);
  penalize(logits);
}

} // namespace quern::sampling
