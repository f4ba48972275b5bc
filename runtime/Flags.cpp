//===- Flags.cpp - Flags of commands that answer ----------------*- C++ -*-===//
#include "Flags.h"

using namespace quern;

void quern::addThreadsFlag(CLI::App &command, unsigned &threads) {
  command.add_option("-t,--threads", threads, "threads")
      ->type_name("N")
      ->default_str("the CPUs that this process may use")
      ->check(wholeNumber(1, 1024));
}

void quern::addContextFlag(CLI::App &command, uint32_t &context) {
  command
      .add_option("--ctx", context,
                  "longest sequence in tokens; only lowers what the model was "
                  "compiled for")
      ->type_name("N")
      ->default_str("as compiled")
      ->check(wholeNumber(1));
}

void quern::addAnswerFlags(CLI::App &command, AnswerFlags &flags) {
  command.add_option("--system", flags.system, "system message")
      ->type_name("TEXT");
  command
      .add_option("-n,--tokens", flags.answer.tokens,
                  "most tokens of an answer")
      ->type_name("N")
      ->default_str("until it ends")
      ->check(wholeNumber(0));
  command
      .add_option("--stop", flags.answer.stops,
                  "end an answer before this text; may be repeated")
      ->type_name("TEXT")
      ->take_all()
      ->expected(1)
      ->allow_extra_args(false);
  addContextFlag(command, flags.context);
  addThreadsFlag(command, flags.threads);
  addSamplerFlags(command, flags.sampler);
}

CLI::Option *quern::addRunFlags(CLI::App &command, RunFlags &flags) {
  CLI::Option *prompt = command.add_option(
      "PROMPT", flags.prompt, "the prompt; - reads it from standard input");
  command
      .add_option("-f,--file", flags.file,
                  "a prompt in a file, after PROMPT if there is one")
      ->type_name("FILE");
  command.add_flag("--raw", flags.raw,
                   "continue the prompt as it is, without the chat template");
  const char *group = "Output";
  command
      .add_flag("--json", flags.json,
                "print the answer, why it ended, counts and the seed as one "
                "JSON object, when it is done")
      ->group(group);
  command
      .add_option("--logprobs", flags.logprobs,
                  "for each token of the answer its log probability, and the N "
                  "likeliest tokens' there: a table on standard error after "
                  "the answer, or part of --json")
      ->type_name("N")
      ->check(wholeNumber(0, 100))
      ->group(group);
  command
      .add_flag("--stats", flags.stats,
                "print counts and speeds to standard error")
      ->group(group);
  command
      .add_flag("-v,--verbose", flags.verbose,
                "the same, if standard error is a terminal")
      ->group(group);
  return prompt;
}

void quern::addChatFlags(CLI::App &command, ChatFlags &flags) {
  command
      .add_option("--on-full", flags.onFull,
                  "when the context is full: say so and go on, forget the "
                  "oldest turns, or leave with exit code 1")
      ->type_name("WHAT")
      ->check(oneOf({"stop", "shift", "error"}))
      ->capture_default_str();
}
