//===- Generation.h - A sequence that is read and continued ----*- C++ -*-===//
//
// What `run` and `chat` share: prompt rows in chunks, then generated rows one
// by one, each sampled, turned to text, searched for stop strings and handed
// out in whole characters.
//
//===----------------------------------------------------------------------===//
#pragma once
#include "AnswerOptions.h"
#include "Engine.h"
#include "text/Sampler.h"
#include "text/SamplerLogprobs.h"
#include "text/Tokenizer.h"
#include <atomic>
#include <optional>
#include <string>
#include <vector>

namespace quern {

/// Set by a signal handler; looked at between steps.
using Interrupt = std::atomic<bool>;

/// Why an answer ended.
enum class AnswerEnd {
  EndToken,
  StopString,
  MostTokens,
  ContextFull,
  Interrupted
};

/// A token of an answer, and what the model thought of it before the sampler's
/// steps.
struct TokenRecord {
  int32_t id;
  double logprob;
  std::vector<TokenLogprob> likeliest; ///< best first
};

class Generation {
public:
  using OnText = FunctionRef<void(std::string_view)>;
  using OnProgress = FunctionRef<void(size_t done, size_t all)>;

  /// Opens a sequence of `engine`, and closes it in the end. All must outlive
  /// this. `interrupt` may be null.
  Generation(Engine &engine, const Tokenizer &tokenizer, Sampler &sampler,
             const Interrupt *interrupt = nullptr);
  ~Generation();

  /// Tokens whose keys and values are stored.
  uint32_t length() const { return engine.sequences().length(slot); }
  uint32_t room() const { return engine.context() - length(); }
  /// Forgets everything.
  void clear();

  /// From the next read() on, keeps a record of each token of an answer with so
  /// many likeliest tokens.
  void record(size_t likeliest);
  /// Those of the last answer.
  const std::vector<TokenRecord> &records() const { return answered; }

  /// Reads `ids`, at least one, at most room(), and samples the token after
  /// them. Returns false if it was interrupted on the way: then a part of them
  /// has been read.
  bool read(std::span<const int32_t> ids, OnProgress onProgress = {});

  /// Continues after read(). `onText` gets the answer in pieces of whole
  /// characters of UTF-8.
  AnswerEnd answer(const AnswerOptions &options, OnText onText);

  /// Of the last answer: tokens sampled; those whose keys and values are stored
  /// (without the last one); seconds of reading and of generating.
  struct Counts {
    uint64_t read = 0, sampled = 0, steps = 0;
    double readSeconds = 0, generatedSeconds = 0;
  };
  const Counts &counts() const { return last; }
  /// The text of the answer's stored tokens, control tokens by their names.
  const std::string &storedText() const { return stored; }

private:
  void step(plan::Role role, std::span<const int32_t> ids, bool logits);
  bool interrupted() const { return interrupt && *interrupt; }

  Engine &engine;
  const Tokenizer &tokenizer;
  Sampler &sampler;
  const Interrupt *interrupt;
  uint32_t slot;
  int32_t next = -1;
  std::optional<Logprobs> logprobs;
  TokenRecord nextRecord = {}; // of `next`
  std::vector<TokenRecord> answered;
  std::vector<Row> rows;
  Counts last;
  std::string stored;
};

} // namespace quern
