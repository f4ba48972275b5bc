//===- main.cpp - The command line of quern -------------------------------===//
#include "Driver.h"
#include <CLI/CLI.hpp>
#include <iostream>

using namespace quern;

namespace {
/// What `compile` and `run` both ask.
void addTarget(CLI::App *c, CompileRequest &r) {
  c->add_option("model", r.model, "GGUF file, or folder with safetensors")
      ->required();
  c->add_option("--target", r.target, "kind of hardware; see `quern targets`")
      ->capture_default_str();
  c->add_option("--mcpu", r.chip, "instruction set; see `quern targets`")
      ->capture_default_str();
  c->add_option("--kv-type", r.kvType, "how keys and values are stored")
      ->check(CLI::IsMember({"f16", "f32"}))
      ->capture_default_str();
  c->add_option("--chat-template", r.chatTemplate, chatTemplateHelp())
      ->type_name("FILE|NAME");
}

void addCompile(CLI::App &app, CompileRequest &r) {
  auto *c = app.add_subcommand("compile", "Compile a model to one executable");
  addTarget(c, r);
  c->add_option("-o,--output", r.output,
                "executable to write [the model's name]");
  c->add_option(
       "--ctx", r.context,
       "longest single sequence, tokens [the model's own, at most 8192]")
      ->check(CLI::Range(int64_t(1), int64_t(1) << 24));
  c->add_option("--max-batch", r.maxBatch, "most sequences of a step")
      ->check(CLI::Range(1, 256))
      ->capture_default_str();
  c->add_option("--chunk", r.chunk, "most prompt rows of a step")
      ->check(CLI::Range(1, 16384))
      ->capture_default_str();
  c->add_option("--emit", r.emit,
                "stop after a phase and print it to --output or stdout")
      ->check(CLI::IsMember({"quern", "stages", "plan", "kernels", "llvm",
                             "asm", "object", "binary"}))
      ->capture_default_str();
  c->add_option("--threads", r.threads,
                "threads to compile and pack with [all]")
      ->check(CLI::Range(1, 1024));
  c->add_option("--weights", r.weights,
                "where weights go: into the executable, or beside it into "
                "OUTPUT.weights, which a later compilation of the same model "
                "does not write again")
      ->check(CLI::IsMember({"embedded", "sidecar"}))
      ->capture_default_str();
  c->add_flag("-v,--verbose", r.verbose, "print the time of each phase");
  c->add_flag("--mlir-print-ir-after-all", r.printIrAfterAll,
              "print the IR after every pass to stderr");
  c->footer("Example:\n  quern compile model.gguf -o model && ./model run "
            "\"Why is the sky blue?\"");
}

CLI::App *addRun(CLI::App &app, CompileRequest &r) {
  auto *c = app.add_subcommand(
      "run", "Compile a model into the cache, if need be, and run it");
  addTarget(c, r);
  c->prefix_command(); // what comes after the model is the artifact's
  c->footer(
      "After the model come a prompt, or none for a chat, and flags of the "
      "artifact's\n`run` or `chat`.\n\nExamples:\n"
      "  quern run model.gguf \"Why is the sky blue?\" --temp 0\n"
      "  quern run model.gguf");
  return c;
}

/// The artifact's command line: with a prompt, which comes first, it is `run`,
/// without one `chat`.
std::vector<std::string> artifactArguments(const CLI::App &run) {
  std::vector<std::string> arguments = run.remaining();
  bool prompt =
      !arguments.empty() &&
      (arguments[0].empty() || arguments[0] == "-" || arguments[0][0] != '-' ||
       arguments[0] == "-f" || arguments[0].rfind("--file", 0) == 0);
  arguments.insert(arguments.begin(), prompt ? "run" : "chat");
  return arguments;
}
} // namespace

int main(int argc, char **argv) {
  CLI::App app("quern compiles a language model to one executable for one kind "
               "of hardware.",
               "quern");
  app.require_subcommand(1);
  app.set_version_flag("--version", "quern " QUERN_VERSION);
  app.footer("Run `quern COMMAND --help` for a command's options.");
  CompileRequest compile;
  addCompile(app, compile);

  CompileRequest toRun;
  auto *run = addRun(app, toRun);
  bool clear = false;
  auto *cache =
      app.add_subcommand("cache", "List what `quern run` has compiled");
  cache->add_flag("--clear", clear, "remove it");

  std::string model, ids, logits;
  bool json = false;
  auto *inspect =
      app.add_subcommand("inspect", "Print what is in a model file");
  inspect->add_option("model", model, "GGUF file, or folder with safetensors")
      ->required();
  inspect->add_flag("--json", json, "print JSON");
  auto *targets = app.add_subcommand(
      "targets", "List kinds of hardware and their instruction sets");
  targets->add_flag("--json", json, "print JSON");
  auto *reference = app.add_subcommand(
      "reference",
      "Run a model's graph by the scalar references (slow: an oracle)");
  reference->add_option("model", model, "GGUF file, or folder with safetensors")
      ->required();
  reference->add_option("ids", ids, "token ids, separated by spaces")
      ->required();
  reference->add_option("--logits", logits,
                        "write all rows of logits as float32 to this file");

  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError &e) {
    if (e.get_exit_code() == 0)
      return app.exit(e);
    if (app.get_subcommands().empty() && argc > 1 && argv[1][0] != '-')
      std::cerr << "error: unknown command '" << argv[1]
                << "'; see `quern --help`\n";
    else
      std::cerr << "error: " << e.what() << "; see `quern --help`\n";
    return 1;
  }
  if (*run)
    return runModel(toRun, artifactArguments(*run));
  if (*cache)
    return listCache(clear);
  if (*inspect)
    return inspectModel(model, json);
  if (*targets)
    return listTargets(json);
  if (*reference)
    return referenceModel(model, ids, logits);
  compile.announce = true;
  return compileModel(compile);
}
