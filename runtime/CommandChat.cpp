//===- CommandChat.cpp - chat: a conversation -------------------*- C++ -*-===//
#include "Chat.h"
#include "Commands.h"
#include "Error.h"
#include "Flags.h"
#include "LineReader.h"
#include "SamplerFlags.h"
#include "cli/Text.h"
#include "text/Utf8.h"
#include <csignal>
#include <fmt/format.h>
#include <unistd.h>

using namespace quern;

namespace {

struct ChatOptions {
  ChatFlags chat;
  AnswerFlags shared;
};

Interrupt interrupted;
void onInterrupt(int) { interrupted = true; }

/// Ctrl-C sets the flag and breaks off a read; what was set before comes back.
class InterruptScope {
public:
  InterruptScope() {
    struct sigaction action = {};
    action.sa_handler = onInterrupt; // no SA_RESTART: a read ends with EINTR
    sigaction(SIGINT, &action, &before);
  }
  ~InterruptScope() { sigaction(SIGINT, &before, nullptr); }

private:
  struct sigaction before;
};

constexpr const char *kHelp =
    "/help           this list\n"
    "/clear          forget the conversation, keep the system message\n"
    "/system [TEXT]  set the system message and begin anew; alone: show it\n"
    "/save FILE      save the conversation as JSON\n"
    "/load FILE      go on with a saved conversation\n"
    "/stats          counts and speeds of the last answer, memory\n"
    "/exit           leave; so does Ctrl-D\n"
    "Ctrl-C stops an answer. A line that ends in \\ goes on in the next.\n"
    "A message that begins with / is typed with two.\n";

/// Of the commands in kHelp, without their slash.
std::vector<std::string> commandNames() {
  std::vector<std::string> names;
  for (const std::string &line : cli::splitLines(kHelp))
    if (line[0] == '/')
      names.push_back(line.substr(1, line.find(' ') - 1));
  return names;
}

class Repl {
public:
  Repl(const Session &session, const ChatOptions &options);
  void run();

private:
  bool command(const std::string &line);
  bool commandNamed(std::string_view name, const std::string &argument);
  void say(std::string message);
  void note(const std::string &text) const;
  void printStats() const;

  const Session &session;
  const ChatOptions &options;
  Model model;
  std::unique_ptr<Engine> engine;
  Sampler sampler;
  Chat chat;
  LineReader lines;
  OnFull onFull;
};

} // namespace

static OnFull onFullOf(const std::string &name) {
  return name == "stop"    ? OnFull::Stop
         : name == "shift" ? OnFull::Shift
                           : OnFull::Error;
}

Repl::Repl(const Session &session, const ChatOptions &options)
    : session(session), options(options), model(session.open()),
      engine(model.engine(
          {.threads = options.shared.threads,
           .context = checkContext(model, options.shared.context)})),
      sampler(options.shared.sampler.resolve(model.tokenizer(),
                                             model.plan()->vocabulary),
              model.plan()->vocabulary),
      chat(model, *engine, sampler, &interrupted), lines(session.program),
      onFull(onFullOf(options.chat.onFull)) {
  chat.setSystem(options.shared.system);
}

/// What is not the model's goes to standard error.
void Repl::note(const std::string &text) const {
  fflush(stdout);
  // It may quote anything, of any length.
  constexpr size_t kMost = 300;
  std::string line = oneLine(text);
  if (line.size() > kMost) {
    line.resize(utf8::validPrefix(std::string_view(line).substr(0, kMost)));
    line += " ...";
  }
  fprintf(stderr, "[%s]\n", line.c_str());
}

void Repl::run() {
  if (lines.isTerminal())
    note("/help lists the commands, Ctrl-D leaves");
  std::string line;
  bool hinted = false;
  while (true) {
    interrupted = false;
    LineReader::State state = lines.read(line);
    if (state == LineReader::State::Interrupted ||
        (interrupted && state == LineReader::State::End)) {
      fputs("\n", stderr);
      if (!std::exchange(hinted, true))
        note("Ctrl-D or /exit leaves");
      continue;
    }
    if (state == LineReader::State::End)
      break;
    if (line.find_first_not_of(" \t\n") == std::string::npos)
      continue;
    if (line[0] == '/' && !line.starts_with("//")) {
      if (!command(line))
        return;
      continue;
    }
    interrupted = false; // a Ctrl-C while typing was for the line
    say(line[0] == '/' ? line.substr(1) : line);
  }
  if (lines.isTerminal())
    writeOut("\n");
}

/// Returns false to leave. What goes wrong is said, and the chat goes on.
bool Repl::command(const std::string &line) {
  size_t space = std::min(line.find_first_of(" \t"), line.size());
  size_t text = std::min(line.find_first_not_of(" \t", space), line.size());
  try {
    return commandNamed(std::string_view(line).substr(1, space - 1),
                        line.substr(text));
  } catch (const Error &error) {
    note(error.what());
    return true;
  }
}

bool Repl::commandNamed(std::string_view name, const std::string &argument) {
  if (name == "exit" || name == "quit")
    return false;
  if (name == "help") {
    fputs(kHelp, stderr);
  } else if (name == "clear") {
    chat.clear();
    note("the conversation is forgotten");
  } else if (name == "system" && argument.empty()) {
    note(chat.system().empty() ? "there is no system message" : chat.system());
  } else if (name == "system") {
    chat.clear();
    chat.setSystem(argument);
    note("the system message is set, the conversation begins anew");
  } else if ((name == "save" || name == "load") && argument.empty()) {
    throw Error(fmt::format("/{} needs a file", name));
  } else if (name == "save") {
    chat.save(argument);
    note(fmt::format("saved to {}", argument));
  } else if (name == "load") {
    chat.load(argument);
    note(fmt::format("{} messages from {}", chat.turns(), argument));
  } else if (name == "stats") {
    printStats();
  } else {
    std::string meant = cli::nearest(name, commandNames());
    throw Error(fmt::format("there is no command /{}; {}", name,
                            meant.empty() ? "see /help"
                                          : "did you mean /" + meant + "?"));
  }
  return true;
}

void Repl::say(std::string message) {
  Progress progress;
  bool shown = false;
  Chat::Outcome outcome = chat.say(
      std::move(message), onFull, options.shared.answer,
      [&](std::string_view text) {
        if (!std::exchange(shown, true))
          progress.hide();
        writeOut(text);
      },
      [&](size_t done, size_t all) {
        progress.show(fmt::format("reading: {} of {} tokens", done, all));
      });
  progress.hide();
  if (outcome != Chat::Outcome::Abandoned && outcome != Chat::Outcome::TooLong)
    writeOut("\n");
  if (chat.forgotten())
    note(fmt::format("the context is full: the first {} messages are forgotten",
                     chat.forgotten()));
  switch (outcome) {
  case Chat::Outcome::Answered:
    break;
  case Chat::Outcome::AtLimit:
    if (lines.isTerminal()) // a program knows what it has asked for
      note(fmt::format("stopped after {} tokens, the most that -n allows",
                       chat.generation().counts().sampled));
    break;
  case Chat::Outcome::Interrupted:
    note("stopped");
    break;
  case Chat::Outcome::Abandoned:
    note("stopped; the message is forgotten");
    break;
  case Chat::Outcome::TooLong:
    note(fmt::format("with this message the conversation has {} tokens, but "
                     "the context holds {}: the message is forgotten{}",
                     chat.needed(), engine->context(),
                     chat.turns() == 0 ? ""
                     : onFull == OnFull::Shift
                         ? "; /clear begins anew"
                         : "; /clear begins anew, --on-full=shift would drop "
                           "the oldest turns"));
    break;
  case Chat::Outcome::CutShort:
    note(fmt::format("the context of {} tokens is full; /clear begins anew",
                     engine->context()));
    break;
  }
}

void Repl::printStats() const {
  const Generation::Counts &counts = chat.generation().counts();
  auto rate = [](uint64_t tokens, double seconds) {
    return seconds > 0 ? double(tokens) / seconds : 0.0;
  };
  uint32_t length = chat.generation().length();
  MemoryPlan memory = model.memory(length, engine->team().size());
  fputs(fmt::format("last message {:7} tokens read {:10.2f} tokens/s\n"
                    "last answer  {:7} tokens      {:10.2f} tokens/s\n"
                    "context      {:7} of {} tokens\n"
                    "memory       {} anonymous, {} planned\n",
                    counts.read, rate(counts.read, counts.readSeconds),
                    counts.sampled, rate(counts.steps, counts.generatedSeconds),
                    length, engine->context(),
                    cli::formatBytes(anonymousBytes()),
                    cli::formatBytes(memory.touched()))
            .c_str(),
        stderr);
}

void quern::addChatCommand(CLI::App &app, Session &session) {
  auto options = std::make_shared<ChatOptions>();
  CLI::App &command = *app.add_subcommand("chat", "Talk with the model");
  addChatFlags(command, options->chat);
  addAnswerFlags(command, options->shared);
  std::string typed = "  " + cli::join(cli::splitLines(kHelp), "\n  ") + "\n";
  command.footer(fmt::format(
      "Lines are messages, and one that ends in \\ goes on in the next. On a\n"
      "terminal lines can be edited, Up and Ctrl-R find earlier ones, Ctrl-C\n"
      "stops an answer and keeps the conversation, Ctrl-D leaves. From a pipe\n"
      "every line is a message and every answer ends with a newline. Answers\n"
      "go to standard output, everything else, in square brackets, to "
      "standard\n"
      "error.\n\n"
      "Keys and values of the conversation are kept: a turn reads its own\n"
      "tokens only, unless the template shows earlier turns otherwise than\n"
      "they were made; then all is read again.\n\n"
      "Commands within:\n{1}\nExamples:\n"
      "  {0} chat\n"
      "  {0} chat --system \"Answer in one sentence.\" --on-full shift\n"
      "  printf 'Hello!\\nWho are you?\\n' | {0} chat --temp 0",
      session.program, typed));
  command.callback([&session, options] {
    session.action = [&session, options] {
      InterruptScope scope;
      Repl(session, *options).run();
    };
  });
}
