//===- CommandRun.cpp - run: answers one prompt -----------------*- C++ -*-===//
#include "Commands.h"
#include "Error.h"
#include "Flags.h"
#include "Generation.h"
#include "SamplerFlags.h"
#include <fmt/format.h>
#include <unistd.h>

using namespace quern;

namespace {

struct RunOptions {
  std::string prompt, file, system;
  bool raw = false, stats = false, verbose = false;
  AnswerOptions answer;
  SamplerFlags sampler;
  uint32_t context = 0;
  unsigned threads = 0;
};

} // namespace

static std::string promptText(const RunOptions &options) {
  if (options.file.empty())
    return textArgument(options.prompt);
  std::string text = readFile(options.file);
  return options.prompt.empty() ? text
                                : textArgument(options.prompt) + "\n" + text;
}

static std::vector<int32_t> promptIds(const Model &model,
                                      const RunOptions &options) {
  std::string text = promptText(options);
  bool raw = options.raw || !model.hasTemplate();
  if (raw && !options.system.empty())
    throw Error("--system needs a chat template; this prompt is raw");
  if (raw)
    return model.encodePrompt(text, /*parseSpecial=*/true);
  std::vector<Message> messages;
  if (!options.system.empty())
    messages.push_back({"system", options.system});
  messages.push_back({"user", std::move(text)});
  return model.encodeRendered(model.render(messages));
}

static void printStats(const Model &model, Engine &engine,
                       const Generation &generation) {
  auto rate = [](uint64_t tokens, double seconds) {
    return seconds > 0 ? double(tokens) / seconds : 0.0;
  };
  const Generation::Counts &counts = generation.counts();
  MemoryPlan memory = model.memory(generation.length(), engine.team().size());
  std::string text = fmt::format(
      "prompt     {:7} tokens {:10.2f} tokens/s\n"
      "generated  {:7} tokens {:10.2f} tokens/s\n"
      "threads    {:7}\n"
      "memory     {} anonymous, {} planned\n",
      counts.read, rate(counts.read, counts.readSeconds), counts.sampled,
      rate(counts.steps, counts.generatedSeconds), engine.team().size(),
      formatBytes(anonymousBytes()), formatBytes(memory.touched()));
  fputs(text.c_str(), stderr);
}

static void runAnswer(const Session &session, const RunOptions &options) {
  Model model = session.open();
  std::vector<int32_t> prompt = promptIds(model, options);
  uint32_t context = checkContext(model, options.context);
  if (prompt.empty())
    throw Error("the prompt is empty");
  if (prompt.size() > context)
    throw Error(fmt::format("the prompt has {} tokens, but the context holds "
                            "{}",
                            prompt.size(), context));
  std::unique_ptr<Engine> engine =
      model.engine({.threads = options.threads, .context = context});
  Sampler sampler(
      options.sampler.resolve(model.tokenizer(), model.plan()->vocabulary),
      model.plan()->vocabulary);
  Generation generation(*engine, model.tokenizer(), sampler);
  {
    Progress progress;
    generation.read(prompt, [&](size_t done, size_t all) {
      progress.show(
          fmt::format("reading the prompt: {} of {} tokens", done, all));
    });
  }
  AnswerEnd end = generation.answer(
      options.answer, [](std::string_view text) { writeOut(text); });
  if (isatty(STDOUT_FILENO))
    writeOut("\n");
  if (end == AnswerEnd::ContextFull)
    fprintf(stderr, "%s: stopped: the context of %u tokens is full\n",
            session.program.c_str(), engine->context());
  if (options.stats || (options.verbose && isatty(STDERR_FILENO)))
    printStats(model, *engine, generation);
}

void quern::addRunCommand(CLI::App &app, Session &session) {
  auto options = std::make_shared<RunOptions>();
  CLI::App &command = *app.add_subcommand("run", "answer one prompt");
  CLI::Option *prompt = command.add_option(
      "PROMPT", options->prompt, "the prompt; - reads it from standard input");
  command.add_option("-f,--file", options->file,
                     "a prompt in a file, after PROMPT if there is one");
  command.add_flag("--raw", options->raw,
                   "continue the prompt as it is, without the chat template");
  command.add_option("--system", options->system, "system message");
  addAnswerFlags(command, options->answer);
  addSamplerFlags(command, options->sampler);
  addContextFlag(command, options->context);
  addThreadsFlag(command, options->threads);
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
  command.callback([&session, options, prompt] {
    if (prompt->count() == 0 && options->file.empty())
      throw CLI::RequiredError("PROMPT");
    session.action = [&session, options] { runAnswer(session, *options); };
  });
}
