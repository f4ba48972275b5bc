//===- Chat.h - A conversation that keeps its keys and values --*- C++ -*-===//
//
// The conversation is a list of messages; what the sequence holds is a text,
// the rendered messages and the answer as it was generated. The next turn
// renders all messages again: if that begins with the text that is held, only
// the rest is read; if a template renders an earlier turn otherwise once it is
// past (some drop what a model thought), everything is read anew. So the model
// always sees what its template says, and a turn usually costs its own length.
//
//===----------------------------------------------------------------------===//
#pragma once
#include "Generation.h"
#include "Model.h"
#include <optional>

namespace quern {

/// What happens when a conversation no longer fits into the context.
enum class OnFull {
  Stop,  ///< the turn is refused, or the answer ends; the conversation is kept
  Shift, ///< the oldest turns are forgotten, the system message never
  Error, ///< Error
};

class Chat {
public:
  Chat(const Model &model, Engine &engine, Sampler &sampler,
       const Interrupt *interrupt);

  /// An empty one: none.
  void setSystem(std::string text);
  const std::string &system() const { return systemText; }
  /// Forgets all turns.
  void clear();

  enum class Outcome {
    Answered,
    AtLimit,     ///< ended by the number of tokens that was asked for
    Interrupted, ///< within the answer, which is kept as far as it got
    Abandoned,   ///< interrupted before it: the message is forgotten
    TooLong,     ///< the message does not fit and is forgotten (OnFull::Stop)
    CutShort,    ///< the context filled up within the answer (OnFull::Stop)
  };
  /// One turn. `forgotten` counts the messages that Shift has dropped.
  Outcome say(std::string message, OnFull onFull, const AnswerOptions &options,
              Generation::OnText onText, Generation::OnProgress onProgress);

  size_t forgotten() const { return dropped; }
  /// Tokens that the last message would have needed, after TooLong.
  size_t needed() const { return wanted; }
  const Generation &generation() const { return sequence; }

  /// Saves to a new file that then takes the place of `path`; loads what was
  /// saved. Both throw Error, naming the file.
  void save(const std::string &path) const;
  void load(const std::string &path);
  size_t turns() const { return messages.size(); }

private:
  std::vector<Message> conversation() const;
  std::optional<std::vector<int32_t>> fit(OnFull onFull);
  std::vector<int32_t> unread(const std::string &rendered);

  const Model &model;
  Engine &engine;
  Generation sequence;
  std::string systemText;
  std::vector<Message> messages; // user and assistant by turns
  std::string held;              // the text that the sequence holds
  size_t dropped = 0, wanted = 0;
};

} // namespace quern
