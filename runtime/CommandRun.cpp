//===- CommandRun.cpp - run: answers one prompt -----------------*- C++ -*-===//
#include "Commands.h"
#include "Error.h"
#include "Flags.h"
#include "SamplerFlags.h"
#include "StopStrings.h"
#include "text/Sampler.h"
#include <fmt/format.h>
#include <unistd.h>

using namespace quern;

namespace {

struct RunOptions {
  std::string prompt, system;
  bool raw = false, stats = false, verbose = false;
  int64_t tokens = -1;
  SamplerFlags sampler;
  uint32_t context = 0;
  unsigned threads = 0;
  std::vector<std::string> stops;
};

/// One prompt and its answer, on one sequence.
class Answer {
public:
  Answer(const Session &session, const Model &model, const RunOptions &options);
  void run();
  void printStats() const;

private:
  void step(plan::Role role, std::span<const int32_t> ids, bool logits);
  void readPrompt();
  bool print(int32_t token);

  const Session &session;
  const Model &model;
  const RunOptions &options;
  std::vector<int32_t> prompt;
  std::unique_ptr<Engine> engine;
  Sampler sampler;
  StopStrings stops;
  Utf8Stream utf8;
  std::vector<Row> rows;
  uint32_t slot = 0;
  int32_t next = -1;
  uint64_t generated = 0, generatedSteps = 0;
  double promptSeconds = 0, generatedSeconds = 0;
};

} // namespace

static std::vector<int32_t> promptIds(const Model &model,
                                      const RunOptions &options) {
  std::string text = textArgument(options.prompt);
  bool raw = options.raw || !model.hasTemplate();
  if (raw && !options.system.empty())
    throw Error("--system needs a chat template; this prompt is raw");
  if (!raw)
    text = model.renderPrompt(options.system, text);
  return model.encodePrompt(text, /*parseSpecial=*/true);
}

Answer::Answer(const Session &session, const Model &model,
               const RunOptions &options)
    : session(session), model(model), options(options),
      prompt(promptIds(model, options)),
      engine(model.engine({.threads = options.threads,
                           .context = checkContext(model, options.context)})),
      sampler(
          options.sampler.resolve(model.tokenizer(), model.plan()->vocabulary),
          model.plan()->vocabulary),
      stops(options.stops) {
  if (prompt.empty())
    throw Error("the prompt is empty");
  if (prompt.size() > engine->context())
    throw Error(fmt::format("the prompt has {} tokens, but the context holds "
                            "{}",
                            prompt.size(), engine->context()));
  sampler.accept(prompt);
  rows.reserve(engine->maxRows(plan::kPrompt));
  slot = engine->sequences().open();
}

/// Runs `ids` and, if `logits`, samples the token after the last one.
void Answer::step(plan::Role role, std::span<const int32_t> ids, bool logits) {
  rows.clear();
  for (int32_t id : ids)
    rows.push_back({slot, id});
  rows.back().logits = logits;
  engine->step(role, rows, [&](const LogitBlock &block) {
    next = sampler.sample(block[0]);
  });
}

void Answer::readPrompt() {
  double start = now();
  size_t chunk = engine->maxRows(plan::kPrompt);
  for (size_t done = 0; done < prompt.size(); done += chunk) {
    size_t count = std::min(chunk, prompt.size() - done);
    step(plan::kPrompt, std::span(prompt).subspan(done, count),
         done + count == prompt.size());
  }
  promptSeconds = now() - start;
}

/// Prints what is certain of the text so far. Returns false at a stop string.
bool Answer::print(int32_t token) {
  if (model.tokenizer().isControl(token))
    return true;
  std::string text = utf8.push(stops.push(model.tokenizer().piece(token)));
  if (!text.empty())
    writeOut(text);
  return !stops.stopped();
}

void Answer::run() {
  readPrompt();
  double start = now();
  bool full = false;
  while (options.tokens < 0 || generated < uint64_t(options.tokens)) {
    if (model.tokenizer().isEnd(next))
      break;
    sampler.accept(next);
    ++generated;
    if (!print(next) || generated == uint64_t(options.tokens))
      break;
    if ((full = engine->sequences().length(slot) == engine->context()))
      break;
    step(plan::kGenerated, {&next, 1}, true);
    ++generatedSteps;
  }
  generatedSeconds = now() - start;
  std::string rest = utf8.push(stops.finish()) + utf8.finish();
  if (isatty(STDOUT_FILENO))
    rest += '\n';
  if (!rest.empty())
    writeOut(rest);
  if (full)
    fprintf(stderr, "%s: stopped: the context of %u tokens is full\n",
            session.program.c_str(), engine->context());
}

void Answer::printStats() const {
  auto rate = [](uint64_t tokens, double seconds) {
    return seconds > 0 ? double(tokens) / seconds : 0.0;
  };
  uint64_t length = engine->sequences().length(slot);
  MemoryPlan memory = model.memory(length, engine->team().size());
  std::string text =
      fmt::format("prompt     {:7} tokens {:10.2f} tokens/s\n"
                  "generated  {:7} tokens {:10.2f} tokens/s\n"
                  "threads    {:7}\n"
                  "memory     {} anonymous, {} planned\n",
                  prompt.size(), rate(prompt.size(), promptSeconds), generated,
                  rate(generatedSteps, generatedSeconds), engine->team().size(),
                  formatBytes(anonymousBytes()), formatBytes(memory.touched()));
  fputs(text.c_str(), stderr);
}

static void runAnswer(const Session &session, const RunOptions &options) {
  Model model = session.open();
  Answer answer(session, model, options);
  answer.run();
  if (options.stats || (options.verbose && isatty(STDERR_FILENO)))
    answer.printStats();
}

void quern::addRunCommand(CLI::App &app, Session &session) {
  auto options = std::make_shared<RunOptions>();
  CLI::App &command = *app.add_subcommand("run", "answer one prompt");
  command
      .add_option("PROMPT", options->prompt,
                  "the prompt; - reads it from standard input")
      ->required();
  command.add_flag("--raw", options->raw,
                   "continue the prompt as it is, without the chat template");
  command.add_option("--system", options->system, "system message");
  command
      .add_option("-n,--tokens", options->tokens,
                  "most tokens of the answer; default: until it ends")
      ->check(wholeNumber(0));
  addSamplerFlags(command, options->sampler);
  addContextFlag(command, options->context);
  addThreadsFlag(command, options->threads);
  command
      .add_option("--stop", options->stops,
                  "end the answer before this text; may be repeated")
      ->take_all()
      ->expected(1)
      ->allow_extra_args(false);
  command.add_flag("--stats", options->stats,
                   "print counts and speeds to standard error");
  command.add_flag("-v,--verbose", options->verbose,
                   "the same, if standard error is a terminal");
  command.footer(
      fmt::format("Only the answer goes to standard output.\n\nExamples:\n"
                  "  {0} run \"Why is the sky blue?\"\n"
                  "  {0} run --temp 0 -n 64 --raw \"Once upon a time\"\n"
                  "  {0} run --stop User: --stop END - < question.txt",
                  session.program));
  command.callback([&session, options] {
    session.action = [&session, options] { runAnswer(session, *options); };
  });
}
