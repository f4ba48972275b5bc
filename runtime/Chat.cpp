//===- Chat.cpp - A conversation that keeps its keys and values -*- C++ -*-===//
#include "Chat.h"
#include "Commands.h"
#include "Error.h"
#include <cerrno>
#include <cstring>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

using namespace quern;

Chat::Chat(const Model &model, Engine &engine, Sampler &sampler,
           const Interrupt *interrupt)
    : model(model), engine(engine),
      sequence(engine, model.tokenizer(), sampler, interrupt) {
  if (!model.hasTemplate())
    throw Error("chat needs a chat template, and this model has none: compile "
                "it with --chat-template; or see run --raw");
}

void Chat::setSystem(std::string text) { systemText = std::move(text); }

void Chat::clear() {
  messages.clear();
  held.clear();
  sequence.clear();
  dropped = 0;
}

std::vector<Message> Chat::conversation() const {
  std::vector<Message> all;
  if (!systemText.empty())
    all.push_back({"system", systemText});
  all.insert(all.end(), messages.begin(), messages.end());
  return all;
}

/// What of `rendered` the sequence does not hold yet; empties the sequence if
/// that is all of it.
std::vector<int32_t> Chat::unread(const std::string &rendered) {
  if (!held.empty() && rendered.size() > held.size() &&
      rendered.starts_with(held))
    return model.encodeRendered(std::string_view(rendered).substr(held.size()),
                                /*begin=*/false);
  held.clear();
  sequence.clear();
  return model.encodeRendered(rendered);
}

/// The ids to read, such that they fit and leave room for an answer of at least
/// one token; none if they do not.
std::optional<std::vector<int32_t>> Chat::fit(OnFull onFull) {
  while (true) {
    std::string rendered = model.render(conversation());
    std::vector<int32_t> ids = unread(rendered);
    if (ids.size() <= sequence.room()) {
      held = std::move(rendered);
      return ids;
    }
    wanted = sequence.length() + ids.size();
    if (onFull == OnFull::Error)
      throw Error(fmt::format("the conversation has {} tokens, but the context "
                              "holds {}",
                              wanted, engine.context()));
    if (onFull == OnFull::Stop || messages.size() < 3)
      return std::nullopt;
    // A question and its answer.
    messages.erase(messages.begin(), messages.begin() + 2);
    dropped += 2;
  }
}

Chat::Outcome Chat::say(std::string message, OnFull onFull,
                        const AnswerOptions &options, Generation::OnText onText,
                        Generation::OnProgress onProgress) {
  std::vector<Message> before = messages;
  dropped = 0;
  messages.push_back({"user", std::move(message)});
  std::optional<std::vector<int32_t>> ids = fit(onFull);
  if (!ids) {
    messages = std::move(before);
    return Outcome::TooLong;
  }
  if (!sequence.read(*ids, onProgress)) {
    messages = std::move(before);
    held.clear(); // a part of the message has been read
    sequence.clear();
    return Outcome::Abandoned;
  }
  std::string text;
  AnswerEnd end = sequence.answer(options, [&](std::string_view piece) {
    text += piece;
    onText(piece);
  });
  held += sequence.storedText();
  messages.push_back({"assistant", std::move(text)});
  if (end == AnswerEnd::Interrupted)
    return Outcome::Interrupted;
  if (end == AnswerEnd::MostTokens)
    return Outcome::AtLimit;
  if (end != AnswerEnd::ContextFull)
    return Outcome::Answered;
  if (onFull == OnFull::Error)
    throw Error(
        fmt::format("the context of {} tokens is full", engine.context()));
  return Outcome::CutShort;
}

/// An Error for what is there and not a regular file.
static void refuseDevice(const std::string &path) {
  struct stat status;
  if (stat(path.c_str(), &status) == 0 && !S_ISREG(status.st_mode))
    throw Error(fmt::format("{}: is not a regular file", path));
}

/// An Error for a file that was not saved from a chat, or of which that cannot be
/// told: a slip of the pen must not take the place of it.
static void refuseOther(const std::string &path) {
  FILE *file = fopen(path.c_str(), "re");
  if (!file && errno == ENOENT)
    return;
  if (!file)
    throw Error(fmt::format("{}: cannot write: {}", path, strerror(errno)));
  char begin[64];
  std::string_view text(begin, fread(begin, 1, sizeof(begin), file));
  fclose(file);
  if (!text.empty() &&
      (text[0] != '{' || text.find("\"messages\"") == text.npos))
    throw Error(
        fmt::format("{}: is there already, and no saved conversation", path));
}

void Chat::save(const std::string &path) const {
  nlohmann::ordered_json list = nlohmann::ordered_json::array();
  for (const Message &message : conversation())
    list.push_back({{"role", message.role}, {"content", message.content}});
  nlohmann::ordered_json all = {{"messages", std::move(list)}};
  std::string text =
      all.dump(2, ' ', false, nlohmann::json::error_handler_t::replace) + "\n";
  refuseDevice(path); // a new file takes the place of what is there
  refuseOther(path);
  std::string temporary = fmt::format("{}.tmp{}", path, getpid());
  FILE *file = fopen(temporary.c_str(), "we");
  bool written =
      file && fwrite(text.data(), 1, text.size(), file) == text.size() &&
      fflush(file) == 0 && (fsync(fileno(file)) == 0 || errno == EINVAL);
  int error = written ? 0 : errno;
  if (file && fclose(file) != 0 && !error)
    error = errno;
  if (!error && rename(temporary.c_str(), path.c_str()) != 0)
    error = errno;
  if (!error)
    return;
  unlink(temporary.c_str());
  throw Error(fmt::format("{}: cannot write: {}", path, strerror(error)));
}

void Chat::load(const std::string &path) {
  auto wrong = [&](std::string_view what) {
    return Error(fmt::format("{}: {}", path, what));
  };
  refuseDevice(path); // which may have no end, or a pipe nobody who writes
  auto json = nlohmann::json::parse(readFile(path), nullptr,
                                    /*allow_exceptions=*/false);
  if (!json.is_object() || !json.contains("messages") ||
      !json["messages"].is_array())
    throw wrong("is no saved conversation");
  std::string newSystem;
  std::vector<Message> loaded;
  for (size_t i = 0; i < json["messages"].size(); ++i) {
    const nlohmann::json &entry = json["messages"][i];
    if (!entry.is_object() || !entry.contains("role") ||
        !entry.contains("content") || !entry["role"].is_string() ||
        !entry["content"].is_string())
      throw wrong(fmt::format("message {} has no role and content", i));
    Message message{entry["role"], entry["content"]};
    if (i == 0 && message.role == "system") {
      newSystem = std::move(message.content);
      continue;
    }
    if (message.role != (loaded.size() % 2 ? "assistant" : "user"))
      throw wrong(fmt::format("message {} is of the role '{}', expected {}", i,
                              message.role,
                              loaded.size() % 2 ? "assistant" : "user"));
    loaded.push_back(std::move(message));
  }
  if (loaded.size() % 2)
    throw wrong("ends with a question that has no answer");
  clear();
  systemText = std::move(newSystem);
  messages = std::move(loaded);
}
