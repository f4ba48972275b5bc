//===- Perplexity.cpp - How well the model predicts a text ------*- C++ -*-===//
#include "Perplexity.h"
#include "Error.h"
#include <algorithm>
#include <cmath>
#include <fmt/format.h>

using namespace quern;

/// Minus the logarithm of what softmax gives to `target`, in double precision
/// and in the order of the vocabulary.
static double negativeLogLikelihood(std::span<const float> logits,
                                    int32_t target) {
  double most = *std::max_element(logits.begin(), logits.end());
  double sum = 0;
  for (float logit : logits)
    sum += std::exp(double(logit) - most);
  return std::log(sum) + most - double(logits[size_t(target)]);
}

Perplexity::Perplexity(Engine &engine, std::span<const int32_t> ids,
                       const PerplexityOptions &given)
    : engine(engine), ids(ids), options(given) {
  if (options.context < 4)
    throw Error("a chunk needs at least 4 tokens");
  if (options.context > engine.context())
    throw Error(fmt::format("chunks of {} tokens do not fit into a context of "
                            "{}",
                            options.context, engine.context()));
  chunks = ids.size() / options.context;
  if (chunks == 0)
    throw Error(fmt::format("the text has {} tokens, but a chunk takes {}",
                            ids.size(), options.context));
  uint64_t stepRows = uint64_t(options.parallel) * options.rows;
  if (stepRows > engine.maxRows(options.role))
    throw Error(fmt::format("{} sequences of {} rows are more than the {} rows "
                            "of a step",
                            options.parallel, options.rows,
                            engine.maxRows(options.role)));
  if (options.parallel > engine.sequences().slots())
    throw Error(fmt::format("{} sequences are more than the {} that the model "
                            "was compiled for",
                            options.parallel, engine.sequences().slots()));
  for (int32_t id : ids)
    if (uint32_t(id) >= engine.plan()->vocabulary)
      throw Error(fmt::format("token {} is not in the vocabulary of {}", id,
                              engine.plan()->vocabulary));
  rows.reserve(stepRows);
  losses.resize(chunks * scoredEach());
  hashes.resize(losses.size());
}

PerplexityResult Perplexity::run(OnRow onRow, OnChunks onChunks) {
  if (onRow && options.parallel > 1)
    throw Error("rows of several sequences do not come in text order");
  for (size_t done = 0; done < chunks;) {
    size_t count = std::min<size_t>(options.parallel, chunks - done);
    runGroup(done, count, onRow);
    done += count;
    if (onChunks)
      onChunks(done, chunks, result(done * scoredEach()).perplexity);
  }
  return result(losses.size());
}

/// Runs `count` chunks from `first` on, side by side.
void Perplexity::runGroup(size_t first, size_t count, OnRow onRow) {
  slots.resize(count);
  for (uint32_t &slot : slots)
    slot = engine.sequences().open();
  // The last position predicts the first token of the next chunk: not scored.
  uint32_t last = options.context - 1;
  for (uint32_t at = 0; at < last;) {
    uint32_t each = std::min(options.rows, last - at);
    rows.clear();
    for (size_t chunk = 0; chunk < count; ++chunk)
      for (uint32_t i = at; i < at + each; ++i) {
        int32_t id = i == 0 && options.bos >= 0
                         ? options.bos
                         : ids[(first + chunk) * options.context + i];
        rows.push_back({slots[chunk], id, i >= firstScored()});
      }
    engine.step(options.role, rows, [&](const LogitBlock &block) {
      score(block, first, at, each, onRow);
    });
    at += each;
  }
  for (uint32_t slot : slots)
    engine.sequences().close(slot);
}

/// Scores the block's rows, spread over the team. A row's index in the step
/// tells its chunk and position: `rowsEach` rows of each chunk, the first at
/// `position`.
void Perplexity::score(const LogitBlock &block, size_t firstChunk,
                       uint32_t position, uint32_t rowsEach, OnRow onRow) {
  unsigned workers = engine.team().size();
  engine.team().run([&](unsigned worker) {
    for (size_t i = worker; i < block.size(); i += workers) {
      size_t chunk = firstChunk + uint32_t(block.rows[i]) / rowsEach;
      size_t at = position + uint32_t(block.rows[i]) % rowsEach;
      size_t index = chunk * scoredEach() + at - firstScored();
      std::span<const float> logits = block[i];
      losses[index] =
          negativeLogLikelihood(logits, ids[chunk * options.context + at + 1]);
      hashes[index] = plan::checksum(logits.data(), logits.size_bytes());
    }
  });
  if (onRow)
    for (size_t i = 0; i < block.size(); ++i)
      onRow(block[i]);
}

PerplexityResult Perplexity::result(size_t scored) const {
  double sum = 0, squares = 0;
  for (size_t i = 0; i < scored; ++i) {
    sum += losses[i];
    squares += losses[i] * losses[i];
  }
  double mean = sum / double(scored);
  double variance = squares / double(scored) - mean * mean;
  double perplexity = std::exp(mean);
  // The deviation of the mean, carried through exp.
  double error = scored > 1 && variance > 0
                     ? perplexity * std::sqrt(variance / double(scored - 1))
                     : 0;
  return {scored, perplexity, error,
          plan::checksum(hashes.data(), scored * sizeof(uint64_t))};
}
