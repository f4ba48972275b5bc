//===- Generation.cpp - A sequence that is read and continued --*- C++ -*-===//
#include "Generation.h"
#include "Commands.h"
#include "StopStrings.h"
#include <algorithm>

using namespace quern;

Generation::Generation(Engine &engine, const Tokenizer &tokenizer,
                       Sampler &sampler, const Interrupt *interrupt)
    : engine(engine), tokenizer(tokenizer), sampler(sampler),
      interrupt(interrupt), slot(engine.sequences().open()) {
  rows.reserve(engine.maxRows(plan::kPrompt));
}

Generation::~Generation() { engine.sequences().close(slot); }

void Generation::clear() {
  engine.sequences().clear(slot);
  stored.clear();
  sampler.reset();
}

/// Runs `ids` and, if `logits`, samples the token after the last one.
void Generation::step(plan::Role role, std::span<const int32_t> ids,
                      bool logits) {
  rows.clear();
  for (int32_t id : ids)
    rows.push_back({slot, id});
  rows.back().logits = logits;
  // The best few come back sooner than all.
  size_t needed = logprobs ? 0 : sampler.logitsNeeded();
  if (needed && needed <= engine.ranked(role))
    return engine.rankedStep(role, rows, [&](const RankedBlock &block) {
      next = sampler.sample(block[0]);
    });
  engine.step(role, rows, [&](const LogitBlock &block) {
    next = sampler.sample(block[0]);
    if (!logprobs)
      return;
    logprobs->read(block[0]);
    std::span<const TokenLogprob> best = logprobs->best();
    nextRecord = {next, logprobs->of(next), {best.begin(), best.end()}};
  });
}

void Generation::record(size_t likeliest) {
  logprobs.emplace(likeliest, engine.plan()->vocabulary);
}

bool Generation::read(std::span<const int32_t> ids, OnProgress onProgress) {
  double start = now();
  size_t chunk = engine.maxRows(plan::kPrompt), done = 0;
  while (done < ids.size() && !interrupted()) {
    if (onProgress && ids.size() > chunk)
      onProgress(done, ids.size());
    size_t count = std::min(chunk, ids.size() - done);
    sampler.accept(ids.subspan(done, count));
    step(plan::kPrompt, ids.subspan(done, count), done + count == ids.size());
    done += count;
  }
  stored.clear();
  last = {.read = done, .readSeconds = now() - start};
  return done == ids.size();
}

AnswerEnd Generation::answer(const AnswerOptions &options, OnText onText) {
  double start = now();
  answered.clear();
  StopStrings stops(options.stops);
  Utf8Stream utf8;
  auto print = [&](std::string_view text) {
    std::string whole = utf8.push(text);
    if (!whole.empty())
      onText(whole);
  };
  auto generate = [&]() -> AnswerEnd {
    while (true) {
      if (options.tokens >= 0 && last.sampled >= uint64_t(options.tokens))
        return AnswerEnd::MostTokens;
      if (interrupted())
        return AnswerEnd::Interrupted;
      if (tokenizer.isEnd(next))
        return AnswerEnd::EndToken;
      ++last.sampled;
      if (logprobs)
        answered.push_back(nextRecord);
      if (!tokenizer.isControl(next))
        print(stops.push(tokenizer.piece(next)));
      if (stops.stopped())
        return AnswerEnd::StopString;
      if (options.tokens >= 0 && last.sampled >= uint64_t(options.tokens))
        return AnswerEnd::MostTokens; // its row is not needed
      if (room() == 0)
        return AnswerEnd::ContextFull;
      stored += tokenizer.piece(next);
      sampler.accept(next);
      step(plan::kGenerated, {&next, 1}, true);
      ++last.steps;
    }
  };
  AnswerEnd end = generate();
  last.generatedSeconds = now() - start;
  print(stops.finish());
  std::string rest = utf8.finish();
  if (!rest.empty())
    onText(rest);
  return end;
}
