//===- main.cpp - The command line of make-model --------------------------===//
//
// Each geometry is a command, so that its help says what it is.
//
//===----------------------------------------------------------------------===//
#include "Geometry.h"
#include "MakeModel.h"
#include "cli/Program.h"
#include "cli/Terminal.h"
#include "cli/Values.h"
#include <iostream>

using namespace quern;

static void addGeometry(CLI::App &app, const Geometry &geometry,
                        ModelRequest &request) {
  std::string name = geometry.name;
  CLI::App *c = app.add_subcommand(
      name, std::string("Make a model shaped like ") + geometry.model);
  c->add_option("--type", request.type,
                "format of every matrix, or a usual mixture of formats")
      ->type_name("NAME")
      ->required()
      ->check(cli::suggest(typeNames()));
  c->add_option("--tokenizer", request.tokenizer,
                "GGUF file whose tokenizer is copied")
      ->type_name("FILE")
      ->required();
  c->add_option("-o,--output", request.output, "GGUF file to write")
      ->type_name("FILE")
      ->required();
  c->add_option("--seed", request.seed, "of random weights")
      ->type_name("N")
      ->check(cli::wholeNumber(0, UINT64_MAX))
      ->default_str("0");
  c->add_option("--layers", request.layers, "how many, for a smaller model")
      ->type_name("N")
      ->check(cli::wholeNumber(1, 1024))
      ->default_str(std::to_string(geometry.layers));
  c->add_option("--vocabulary", request.vocabulary,
                "how many tokens; those that the tokenizer lacks are unused")
      ->type_name("N")
      ->check(cli::wholeNumber(1, 1 << 24))
      ->default_str(std::to_string(geometry.vocabulary));
  c->footer("--type is one of " + cli::join(typeNames(), ", ") +
            ". Norms are always F32, and where a format's blocks do not divide "
            "rows, a matrix has the one that llama-quantize falls back to. "
            "--type, --tokenizer and --output are required.\n\n"
            "Example:\n  make-model " +
            name + " --type Q4_K_M --tokenizer tokenizer.gguf -o " + name +
            ".gguf");
}

static int run(int argc, char **argv) {
  CLI::App app(
      "Writes a GGUF file with the geometry of a real model and random "
      "weights, for benchmarks.",
      "make-model");
  ModelRequest request;
  for (const Geometry &geometry : allGeometries())
    addGeometry(app, geometry, request);
  app.add_subcommand("list", "Print the geometries (also: --list)");
  app.footer(
      "Weights have mean 0 and a standard deviation of one by the root of "
      "a row's length, so that activations stay as small as a real "
      "model's. The same flags make the same bytes.\n\n"
      "Examples:\n"
      "  make-model --list\n"
      "  make-model llama-1b --type Q4_K_M --tokenizer smollm2.gguf -o "
      "llama-1b.gguf\n"
      "  make-model llama-8b --help");
  cli::Program program = {.app = app,
                          .version = [] { return cli::identityText() + "\n"; },
                          .sections = {}};
  cli::addCommonCommands(program);
  std::optional<cli::Arguments> given = cli::parse(program, argc, argv);
  if (!given)
    return 0;
  request.geometry = given->command->get_name();
  return request.geometry == "list" ? listGeometries() : makeModel(request);
}

int main(int argc, char **argv) {
  cli::keepStandardStreams();
  static char list[] = "list";
  if (argc == 2 && argv[1] == std::string_view("--list"))
    argv[1] = list;
  try {
    return run(argc, argv);
  } catch (const std::exception &error) {
    std::cerr << "error: " << cli::oneLine(error.what()) << "\n";
    return 1;
  }
}
