//===- CommandRun.cpp - run: answers one prompt -----------------*- C++ -*-===//
#include "Commands.h"
#include "Error.h"
#include "Flags.h"
#include "Generation.h"
#include "text/Utf8.h"
#include <fmt/format.h>
#include <unistd.h>

using namespace quern;

namespace {

struct RunOptions {
  RunFlags run;
  AnswerFlags shared;
};

} // namespace

static std::string promptText(const RunOptions &options) {
  if (options.run.file.empty())
    return textArgument(options.run.prompt);
  std::string text = readFile(options.run.file);
  return options.run.prompt.empty()
             ? text
             : textArgument(options.run.prompt) + "\n" + text;
}

static std::vector<int32_t> promptIds(const Model &model,
                                      const RunOptions &options) {
  std::string text = promptText(options);
  bool raw = options.run.raw || !model.hasTemplate();
  if (raw && !options.shared.system.empty())
    throw Error(options.run.raw
                    ? "--system needs a chat template; this prompt is raw"
                    : "--system needs a chat template, and this model has "
                      "none: compile it with --chat-template");
  if (raw)
    return model.encodePrompt(text, /*parseSpecial=*/true);
  std::vector<Message> messages;
  if (!options.shared.system.empty())
    messages.push_back({"system", options.shared.system});
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
      cli::formatBytes(anonymousBytes()), cli::formatBytes(memory.touched()));
  for (const MemoryPlan::Device &device : memory.devices)
    if (device.memory.total())
      text += fmt::format("device     {} of its memory ({})\n",
                        cli::formatBytes(device.memory.total()), device.name);
  fputs(text.c_str(), stderr);
}

using Json = nlohmann::ordered_json;

/// A token in OpenAI's words, and its id.
static Json tokenJson(const Tokenizer &tokenizer, int32_t id, double logprob) {
  std::string_view piece = tokenizer.piece(id);
  return {{"token", utf8::replaceInvalid(piece)},
          {"id", id},
          {"logprob", logprob},
          {"bytes", std::vector<uint8_t>(piece.begin(), piece.end())}};
}

static Json logprobsJson(const Tokenizer &tokenizer,
                         const std::vector<TokenRecord> &records) {
  Json content = Json::array();
  for (const TokenRecord &record : records) {
    Json token = tokenJson(tokenizer, record.id, record.logprob);
    token["top_logprobs"] = Json::array();
    for (const TokenLogprob &other : record.likeliest)
      token["top_logprobs"].push_back(
          tokenJson(tokenizer, other.id, other.logprob));
    content.push_back(std::move(token));
  }
  return {{"content", std::move(content)}};
}

static void printJson(const Model &model, const Generation &generation,
                      const std::string &text, AnswerEnd end, uint64_t seed,
                      bool logprobs) {
  bool ended = end == AnswerEnd::EndToken || end == AnswerEnd::StopString;
  const Generation::Counts &counts = generation.counts();
  Json object = {
      {"content", text},
      {"finish_reason", ended ? "stop" : "length"},
      {"usage",
       {{"prompt_tokens", counts.read}, {"completion_tokens", counts.sampled}}},
      {"seed", seed}};
  if (logprobs)
    object["logprobs"] = logprobsJson(model.tokenizer(), generation.records());
  writeOut(object.dump() + "\n");
}

static void printLogprobs(const Tokenizer &tokenizer,
                          const std::vector<TokenRecord> &records) {
  std::string out =
      fmt::format("{:20} {:>7} {:>9}  likeliest\n", "token", "id", "logprob");
  for (const TokenRecord &record : records) {
    out +=
        fmt::format("{:20} {:7} {:9.4f} ", readable(tokenizer.piece(record.id)),
                    record.id, record.logprob);
    for (const TokenLogprob &other : record.likeliest)
      out += fmt::format(" {} {:.4f}", readable(tokenizer.piece(other.id)),
                         other.logprob);
    out += '\n';
  }
  fputs(out.c_str(), stderr);
}

static std::vector<int32_t>
checkedPrompt(const Model &model, const RunOptions &options, uint32_t context) {
  std::vector<int32_t> prompt = promptIds(model, options);
  if (prompt.empty())
    throw Error("the prompt is empty");
  if (prompt.size() > context)
    throw Error(fmt::format("the prompt has {} tokens, but the context holds "
                            "{}",
                            prompt.size(), context));
  return prompt;
}

static void runAnswer(const Session &session, const RunOptions &options) {
  const RunFlags &flags = options.run;
  Model model = session.open();
  uint32_t context = checkContext(model, options.shared.context);
  std::vector<int32_t> prompt = checkedPrompt(model, options, context);
  std::unique_ptr<Engine> engine =
      model.engine({.threads = options.shared.threads, .context = context});
  uint64_t vocabulary = model.plan()->vocabulary;
  SamplerOptions chain =
      options.shared.sampler.resolve(model.tokenizer(), vocabulary);
  Sampler sampler(chain, vocabulary);
  Generation generation(*engine, model.tokenizer(), sampler);
  if (flags.logprobs)
    generation.record(*flags.logprobs);
  {
    Progress progress;
    generation.read(prompt, [&](size_t done, size_t all) {
      progress.show(
          fmt::format("reading the prompt: {} of {} tokens", done, all));
    });
  }
  std::string text;
  AnswerEnd end =
      generation.answer(options.shared.answer, [&](std::string_view piece) {
        if (flags.json)
          text += piece;
        else
          writeOut(piece);
      });
  if (flags.json)
    printJson(model, generation, text, end, chain.seed, bool(flags.logprobs));
  else if (isatty(STDOUT_FILENO))
    writeOut("\n");
  if (flags.logprobs && !flags.json)
    printLogprobs(model.tokenizer(), generation.records());
  if (end == AnswerEnd::ContextFull)
    fprintf(stderr, "%s: stopped: the context of %u tokens is full\n",
            session.program.c_str(), engine->context());
  if (flags.stats || (flags.verbose && isatty(STDERR_FILENO)))
    printStats(model, *engine, generation);
}

void quern::addRunCommand(CLI::App &app, Session &session) {
  auto options = std::make_shared<RunOptions>();
  CLI::App &command = *app.add_subcommand("run", "Answer one prompt");
  CLI::Option *prompt = addRunFlags(command, options->run);
  addAnswerFlags(command, options->shared);
  command.footer(fmt::format(
      "Only the answer goes to standard output, as it is made. A model "
      "without\n"
      "a chat template is prompted as with --raw. If the context is full the\n"
      "answer ends there, with a line on standard error and exit code 0.\n\n"
      "Names of control tokens in a message or system message (<|im_end|>) "
      "are\n"
      "taken for ordinary text; in a --raw prompt they are those tokens.\n\n"
      "--json and --logprobs have the names of OpenAI's API: content,\n"
      "finish_reason (stop or length), usage, logprobs.content with token,\n"
      "logprob, bytes and top_logprobs; and id and seed. Logarithms are "
      "natural\n"
      "ones, of the model's own probabilities: before temperature and cuts.\n\n"
      "Examples:\n"
      "  {0} run \"Why is the sky blue?\"\n"
      "  {0} run --temp 0 -n 64 --raw \"Once upon a time\"\n"
      "  {0} run --stop User: --stop END - < question.txt\n"
      "  {0} run --json --logprobs 3 \"Is 7 a prime? Yes or no.\"",
      session.program));
  command.callback([&session, options, prompt] {
    if (prompt->count() == 0 && options->run.file.empty())
      throw Error("PROMPT is missing; --file gives one as well, `" +
                  session.program + " chat` needs none");
    session.action = [&session, options] { runAnswer(session, *options); };
  });
}
