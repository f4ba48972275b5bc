//===- SamplerHistory.cpp - Biases and repetition penalties -----*- C++ -*-===//

#include "text/SamplerHistory.h"

#include <algorithm>

namespace quern::sampling {

int32_t TokenWindow::push(int32_t token) {
  int32_t out = -1;
  if (used == ring.size())
    out = ring[next];
  else
    ++used;
  ring[next] = token;
  next = next + 1 == ring.size() ? 0 : next + 1;
  return out;
}

static bool penalizes(const SamplerOptions &o) {
  return o.mirostat == 0 && o.repeatLastN > 0 &&
         (o.repeatPenalty != 1 || o.presencePenalty != 0 ||
          o.frequencyPenalty != 0);
}

Penalties::Penalties(const SamplerOptions &o, size_t vocab)
    : repeat(o.repeatPenalty), presence(o.presencePenalty),
      frequency(o.frequencyPenalty),
      window(penalizes(o) ? static_cast<size_t>(o.repeatLastN) : 0),
      counts(penalizes(o) ? vocab : 0) {}

void Penalties::accept(int32_t token) {
  int32_t old = window.push(token);
  if (counted(old))
    --counts[static_cast<size_t>(old)];
  if (counted(token))
    ++counts[static_cast<size_t>(token)];
}

void Penalties::reset() {
  window.clear();
  std::fill(counts.begin(), counts.end(), 0);
}

void Penalties::apply(std::span<float> logits) {
  for (size_t i = 0; i < window.size(); ++i) {
    int32_t token = window[i];
    if (!counted(token) || counts[static_cast<size_t>(token)] < 0)
      continue; // negative: done before
    int32_t &count = counts[static_cast<size_t>(token)];
    float &logit = logits[static_cast<size_t>(token)];
    logit = logit <= 0 ? logit * repeat : logit / repeat;
    logit -= static_cast<float>(count) * frequency + presence;
    count = -count;
  }
  for (size_t i = 0; i < window.size(); ++i)
    if (int32_t token = window[i]; counted(token)) {
      int32_t &count = counts[static_cast<size_t>(token)];
      count = std::abs(count);
    }
}

static std::vector<LogitBias> withoutZeros(std::vector<LogitBias> bias) {
  std::erase_if(bias, [](const LogitBias &b) { return b.bias == 0; });
  return bias;
}

LogitChanges::LogitChanges(const SamplerOptions &o, size_t vocab)
    : bias(withoutZeros(o.logitBias)), penalties(o, vocab), dry(o, vocab),
      changed(!bias.empty() || penalties.active() || dry.active() ? vocab : 0) {
}

size_t LogitChanges::bytes(const SamplerOptions &o, size_t vocab) {
  size_t out = 0;
  if (penalizes(o))
    out += vocab * sizeof(int32_t) + size_t(o.repeatLastN) * sizeof(int32_t);
  if (Dry::wanted(o))
    out += vocab * sizeof(uint32_t) +
           size_t(o.dryLastN) * (sizeof(int32_t) + sizeof(uint32_t));
  if (out > 0 || !o.logitBias.empty())
    out += vocab * sizeof(float) + o.logitBias.size() * sizeof(LogitBias);
  return out;
}

void LogitChanges::accept(int32_t token) {
  if (penalties.active())
    penalties.accept(token);
  if (dry.active())
    dry.accept(token);
}

void LogitChanges::reset() {
  penalties.reset();
  dry.reset();
}

std::span<const float> LogitChanges::apply(std::span<const float> logits) {
  if (changed.empty())
    return logits;
  std::copy(logits.begin(), logits.end(), changed.begin());
  for (const LogitBias &b : bias)
    changed[static_cast<size_t>(b.token)] += b.bias;
  if (penalties.active())
    penalties.apply(changed);
  if (dry.active())
    dry.apply(changed);
  return changed;
}

} // namespace quern::sampling
