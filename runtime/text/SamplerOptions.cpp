//===- SamplerOptions.cpp - Checks of what a sampler is told ----*- C++ -*-===//

#include "text/SamplerOptions.h"

#include <charconv>
#include <cmath>

namespace quern {
namespace {

/// Keeps the first complaint.
class Check {
public:
  void range(const char *flag, float value, double least, double most) {
    if (complaint.empty() && !(value >= least && value <= most))
      complaint = std::string(flag) + ": " + text(value) + " is not from " +
                  text(least) + " to " + text(most);
  }
  void atLeast(const char *flag, float value, double least) {
    finite(flag, value);
    if (complaint.empty() && !(value >= least))
      complaint = std::string(flag) + ": " + text(value) + " is less than " +
                  text(least);
  }
  void finite(const char *flag, float value) {
    if (!std::isfinite(value))
      fail(flag, text(value) + " is not a finite number");
  }
  void fail(const char *flag, const std::string &what) {
    if (complaint.empty())
      complaint = std::string(flag) + ": " + what;
  }
  /// Of any locale, unlike printf.
  static std::string text(double value) {
    char buffer[32];
    auto end = std::to_chars(buffer, buffer + sizeof(buffer), value,
                             std::chars_format::general, 6);
    return std::string(buffer, end.ptr);
  }

  std::string complaint;
};

} // namespace

static void checkCuts(Check &check, const SamplerOptions &o) {
  check.finite("--temp", o.temp);
  check.range("--top-p", o.topP, 0, 1);
  check.range("--min-p", o.minP, 0, 1);
  check.range("--typical", o.typicalP, 0, 1);
  check.finite("--top-nsigma", o.topNSigma);
  check.atLeast("--min-keep", static_cast<float>(o.minKeep), 0);
  check.range("--xtc-probability", o.xtcProbability, 0, 1);
  check.range("--xtc-threshold", o.xtcThreshold, 0, 1);
  check.atLeast("--dynatemp-range", o.dynatempRange, 0);
  check.atLeast("--dynatemp-exp", o.dynatempExponent, 0);
  if (o.mirostat < 0 || o.mirostat > 2)
    check.fail("--mirostat", std::to_string(o.mirostat) + " is not 0, 1 or 2");
  check.atLeast("--mirostat-ent", o.mirostatTau, 0);
  check.atLeast("--mirostat-lr", o.mirostatEta, 0);
}

static void checkPenalties(Check &check, const SamplerOptions &o) {
  auto window = [&](const char *flag, int value) {
    if (value < 0 || value > SamplerOptions::mostLastN)
      check.fail(flag, std::to_string(value) + " is not from 0 to " +
                           std::to_string(SamplerOptions::mostLastN));
  };
  window("--repeat-last-n", o.repeatLastN);
  // Its reciprocal must be a number too.
  if (!(o.repeatPenalty > 0) || !std::isfinite(o.repeatPenalty) ||
      !std::isfinite(1.0f / o.repeatPenalty))
    check.fail("--repeat-penalty",
               Check::text(o.repeatPenalty) + " is not a number above 0");
  check.finite("--presence-penalty", o.presencePenalty);
  check.finite("--frequency-penalty", o.frequencyPenalty);
  check.atLeast("--dry-multiplier", o.dryMultiplier, 0);
  check.atLeast("--dry-base", o.dryBase, 1);
  check.atLeast("--dry-allowed-length", static_cast<float>(o.dryAllowedLength),
                0);
  window("--dry-penalty-last-n", o.dryLastN);
}

static void checkTokens(Check &check, const SamplerOptions &o, size_t vocab) {
  auto token = [&](const char *flag, int32_t id) {
    if (id < 0 || (vocab && static_cast<size_t>(id) >= vocab))
      check.fail(flag, std::to_string(id) + " is no token" +
                           (vocab ? " of the " + std::to_string(vocab)
                                  : std::string()));
  };
  for (const auto &breaker : o.dryBreakers) {
    if (breaker.empty())
      check.fail("--dry-sequence-breaker", "a sequence without tokens");
    for (int32_t id : breaker)
      token("--dry-sequence-breaker", id);
  }
  for (const LogitBias &bias : o.logitBias) {
    token("--logit-bias", bias.token);
    if (std::isnan(bias.bias))
      check.fail("--logit-bias", "the bias of token " +
                                     std::to_string(bias.token) +
                                     " is not a number");
  }
}

std::string checkSamplerOptions(const SamplerOptions &options, size_t vocab) {
  Check check;
  checkCuts(check, options);
  checkPenalties(check, options);
  checkTokens(check, options, vocab);
  return check.complaint;
}

} // namespace quern
