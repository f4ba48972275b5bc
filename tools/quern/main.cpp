//===- main.cpp - The command line of quern -------------------------------===//
#include "Driver.h"
#include "RunCommand.h"
#include "cli/Terminal.h"
#include <functional>
#include <iostream>
#include <map>

using namespace quern;

namespace {
using Given = const cli::Arguments &;

/// The commands, and what each is told.
class Commands {
public:
  explicit Commands(CLI::App &app) : app(app) {
    addCompile();
    toRun.add(app);
    actions["run"] = [this](Given given) { return toRun.run(given); };
    addCache();
    addInspect();
    addFit();
    addTargets();
    addReference();
  }
  int run(Given given) { return actions.at(given.command->get_name())(given); }

private:
  using Action = std::function<int(Given)>;
  CLI::App *add(const std::string &name, const char *about, Action action) {
    actions[name] = std::move(action);
    return app.add_subcommand(name, about);
  }
  void addModel(CLI::App &command) {
    command.add_option("MODEL", model, "GGUF file, or folder with safetensors")
        ->required();
  }
  void addCompile();
  void addLimits(CLI::App &command, CompileRequest &request);
  void addCache();
  void addInspect();
  void addFit();
  void addTargets();
  void addReference();

  CLI::App &app;
  std::map<std::string, Action> actions;
  RunCommand toRun;
  CompileRequest compile;
  FitRequest fit;
  std::string model, ids, logits;
  bool clear = false, json = false;
};

void Commands::addLimits(CLI::App &command, CompileRequest &request) {
  command
      .add_option(
          "--ctx", request.context,
          "longest single sequence, tokens; not more than the model's own")
      ->type_name("N")
      ->default_str("the model's own, at most 8192")
      ->check(wholeNumber(1, 1 << 24));
  command
      .add_option("--max-batch", request.maxBatch, "most sequences of a step")
      ->type_name("N")
      ->check(wholeNumber(1, kMostSequences))
      ->capture_default_str();
  command.add_option("--chunk", request.chunk, "most prompt rows of a step")
      ->type_name("N")
      ->check(wholeNumber(1, 16384))
      ->capture_default_str();
}

void Commands::addCompile() {
  auto *c = add("compile", "Compile a model to one executable", [this](Given) {
    compile.announce = true;
    compile.compiler = cli::identityText();
    return compileModel(compile);
  });
  CompileRequest &r = compile;
  addTargetFlags(*c, r);
  c->add_option("-o,--output", r.output,
                "executable to write; with --emit or --report, the file to print to")
      ->type_name("FILE")
      ->default_str("the model's name without its ending, or with .quern");
  addLimits(*c, r);
  c->add_option("--emit", r.emit,
                "stop after a phase and print it to --output or stdout")
      ->type_name("PHASE")
      ->check(oneOf(phaseNames()))
      ->capture_default_str();
  c->add_option("--report", r.report,
                "print what the code of each kernel shows, and make no "
                "executable")
      ->type_name("FORM")
      ->check(oneOf({"text", "json"}));
  c->add_option("--threads", r.threads, "threads to compile and pack with")
      ->type_name("N")
      ->default_str("all")
      ->check(wholeNumber(1, 1024));
  c->add_option("--weights", r.weights,
                "where weights go: into the executable, or into FILE.weights "
                "beside it, which a later compilation of the same model does "
                "not write again")
      ->type_name("PLACE")
      ->check(oneOf({"embedded", "sidecar"}))
      ->capture_default_str();
  c->add_flag("-v,--verbose", r.verbose,
              "print the time of each phase to stderr");
  c->add_flag("--mlir-print-ir-after-all", r.printIrAfterAll,
              "print the IR after every pass to stderr");
  c->footer(
      "Limits given here are maxima: the artifact's own flags only lower them. "
      "They decide how much address space it reserves. An executable is made "
      "under a temporary name and renamed when it is whole: a compilation that "
      "fails leaves nothing, and never damages what was there.\n\n"
      "Phases of --emit, in their order:\n" +
      phasesText() +
      "\nWhat --report says of a CPU's kernels is what was chosen for each: the numbers "
      "in which rows meet weights, how weights lie, the tile, and why; --emit plan "
      "shows which stages call them. Of a GPU's it is read off the code, for one "
      "workgroup of a step of one row and of as many as it takes at once: bytes of "
      "weights that it loads and that there are, the width of those loads, sectors of "
      "32 bytes by the fewest that would do, and the least share of a chip's threads "
      "that can be there, of the chips that the JSON names. Nothing is "
      "measured.\n\n"
      "Examples:\n"
      "  quern compile model.gguf -o model && ./model run \"Hello!\"\n"
      "  quern compile model.gguf --ctx 4096 --mcpu x86-64-v4 -o model\n"
      "  quern compile model.gguf --emit plan | less");
}

void Commands::addInspect() {
  auto *c = add("inspect", "Print what is in a model file",
                [this](Given) { return inspectModel(model, json); });
  addModel(*c);
  c->add_flag("--json", json, "print JSON");
  c->footer("Metadata and tensors: name, format, shape (outermost first), "
            "bytes. Long arrays and texts are shortened.\n\nExamples:\n"
            "  quern inspect model.gguf\n"
            "  quern inspect --json model.gguf | jq .metadata");
}

void Commands::addFit() {
  auto *c = add("fit", "Say whether a model fits into memory",
                [this](Given) { return fitModel(fit); });
  c->add_option("MODEL", fit.compile.model,
                "GGUF file, or the beginning of one; folder with safetensors, "
                "or a config.json")
      ->required();
  addTargetFlag(*c, fit.compile);
  addChipFlag(*c, fit.compile);
  addOffloadFlags(*c, fit.compile,
                  "this machine's; needed for a target with its own");
  addKvTypeFlag(*c, fit.compile);
  addLimits(*c, fit.compile);
  auto *one = c->add_option("--quantization", fit.quantization,
                            "as if matrices were quantized so")
                  ->type_name("NAME")
                  ->default_str("the file's own; BF16 for a config.json")
                  ->check(oneOf(quantizationNames()));
  c->add_option("--bandwidth", fit.bandwidth,
                "of memory in GB/s, for a bound of the speed; of two targets "
                "both have it")
      ->type_name("N")
      ->check(realNumber(0.001, 1e6));
  c->add_flag("--table", fit.table, "compare all of --quantization")
      ->excludes(one);
  c->add_flag("--json", fit.json, "print JSON");
  c->footer(
      "What is printed is the plan of `quern compile` with the same limits: "
      "weights, keys and values of all sequences at their full length, "
      "activations of a step, and an overhead for everything else. Of two targets "
      "the second has this machine's memory; with --gpu-layers auto the layers are "
      "placed anew for each context and number of sequences that is tried.\n\n"
      "Examples:\n"
      "  quern fit model.gguf --ctx 4096 --max-batch 1\n"
      "  quern fit config.json --table --device-memory 16G\n"
      "  quern fit model.gguf --bandwidth 50");
}

void Commands::addTargets() {
  auto *c = add("targets", "List kinds of hardware and their instruction sets",
                [this](Given) { return listTargets(json); });
  c->add_flag("--json", json, "print JSON");
  c->footer(
      "--mcpu native goes by the features that this machine's CPU has, and "
      "picks one of the others. The target null, if it is listed, is a "
      "skeleton for people who write a target.\n\nExample:\n  quern targets");
}

void Commands::addCache() {
  auto *c = add("cache", "List what `quern run` has compiled",
                [this](Given) { return listCache(clear); });
  c->add_flag("--clear", clear, "remove it");
  c->footer("What a compilation that was killed has left is removed with it, a "
            "day later.\n\nExamples:\n  quern cache\n  quern cache --clear");
}

void Commands::addReference() {
  auto *c =
      add("reference",
          "Run a model's graph by the scalar references (slow: an oracle)",
          [this](Given) { return referenceModel(model, ids, logits); });
  addModel(*c);
  c->add_option("IDS", ids, "token ids, separated by spaces")->required();
  c->add_option("--logits", logits,
                "write all rows of logits as float32 to this file")
      ->type_name("FILE");
  c->footer("Prints the five likeliest next tokens after each token.\n\n"
            "Example:\n  quern reference model.gguf \"1 2 3\"");
}

int run(int argc, char **argv) {
  CLI::App app("Compiles a language model to one executable for one kind of "
               "hardware.",
               "quern");
  app.footer("Examples:\n"
             "  quern compile model.gguf -o model && ./model run \"Hello!\"\n"
             "  quern run model.gguf \"Why is the sky blue?\"\n"
             "  quern compile --help");
  Commands commands(app);
  cli::Program program = {.app = app,
                          .version = [] { return cli::identityText() + "\n"; },
                          .sections = manualSections()};
  cli::addCommonCommands(program);
  std::optional<cli::Arguments> given = cli::parse(program, argc, argv);
  return given ? commands.run(*given) : 0;
}
} // namespace

int main(int argc, char **argv) {
  cli::keepStandardStreams();
  try {
    return run(argc, argv);
  } catch (const std::exception &error) {
    std::cerr << "error: " << cli::oneLine(error.what()) << "\n";
    return 1;
  }
}
