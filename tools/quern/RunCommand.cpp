//===- RunCommand.cpp - quern run -------------------------------*- C++ -*-===//
#include "RunCommand.h"
#include "Error.h"
#include "cli/Text.h"
#include <algorithm>

using namespace quern;

void quern::addTargetFlag(CLI::App &command, CompileRequest &request) {
  command
      .add_option("--target", request.target,
                  "kind of hardware; see `quern targets`. Two with a comma "
                  "between them share the model's layers; the second works in "
                  "the process's memory")
      ->type_name("NAME[,NAME]")
      ->check(cli::suggest(targetNames()))
      ->capture_default_str();
}

void quern::addChipFlag(CLI::App &command, CompileRequest &request) {
  command
      .add_option("--mcpu", request.chip,
                  "instruction set, or kind of chip, of each target; see `quern "
                  "targets`. Of one target several: at its start the artifact "
                  "takes the best that the machine has")
      ->type_name("NAME[,NAME...]")
      ->check(cli::suggest(chipNames()))
      ->capture_default_str();
  command
      .add_option("--activations", request.activations,
                  "bits of the integers that activations become where a chip "
                  "multiplies integers: of 8, large batches are faster, and "
                  "less exact")
      ->type_name("BITS")
      ->check(oneOf({"8", "16"}))
      ->capture_default_str();
}

void quern::addOffloadFlags(CLI::App &command, CompileRequest &request,
                            const std::string &memoryDefault) {
  command
      .add_option("--gpu-layers", request.gpuLayers,
                  "of two targets, how many layers are the first one's, counted "
                  "from the last; auto: as many as --device-memory has room for")
      ->type_name("N|auto")
      ->default_str("auto")
      ->check(cli::wordOrNumber("auto"));
  command
      .add_option("--place", request.place,
                  "of two targets, which one has the tensors of these names, "
                  "whatever their layer is: blk.*.ffn_*=cpu; may be repeated, "
                  "the last that matches counts")
      ->type_name("PATTERN=TARGET")
      ->take_all()
      ->expected(1)
      ->allow_extra_args(false);
  command
      .add_option("--device-memory", request.deviceMemory,
                  "what the first target has, such as 512MiB or 24G")
      ->type_name("SIZE")
      ->default_str(memoryDefault)
      ->transform(cli::byteSize());
}

void quern::addKvTypeFlag(CLI::App &command, CompileRequest &request) {
  command
      .add_option("--kv-type", request.kvType, "how keys and values are stored")
      ->type_name("TYPE")
      ->check(oneOf({"f16", "f32"}))
      ->capture_default_str();
}

void quern::addTargetFlags(CLI::App &command, CompileRequest &request) {
  CLI::App *c = &command;
  CompileRequest &r = request;
  c->add_option("MODEL", r.model, "GGUF file, or folder with safetensors")
      ->required();
  addTargetFlag(command, request);
  addChipFlag(command, request);
  addOffloadFlags(command, request, "not said");
  addKvTypeFlag(command, request);
  c->add_option(
       "--chat-template", r.chatTemplate,
       "Jinja template instead of the model's own: a file, or one of " +
           cli::join(chatTemplateNames(), ", "))
      ->type_name("FILE|NAME")
      ->check(cli::suggest(chatTemplateNames()))
      ->default_str("the model's own");
}

/// Flags that `add` defines.
template <typename Add>
static std::vector<CLI::Option *> added(CLI::App &command, Add add) {
  std::vector<CLI::Option *> before = command.get_options(), out;
  add();
  for (CLI::Option *option : command.get_options())
    if (std::find(before.begin(), before.end(), option) == before.end())
      out.push_back(option);
  return out;
}

void RunCommand::add(CLI::App &app) {
  CLI::App &c = *app.add_subcommand(
      "run", "Compile a model into the cache, if need be, and run it");
  ours = added(c, [&] { addTargetFlags(c, request); });
  runs = added(c, [&] { prompt = addRunFlags(c, runFlags); });
  chats = added(c, [&] { addChatFlags(c, chatFlags); });
  addAnswerFlags(c, answerFlags);
  c.footer(
      "With a prompt it is the artifact's `run`, without one its `chat`. The "
      "name in the cache, ~/.cache/quern/artifacts/NAME-HASH, holds a hash of "
      "the model's bytes, target, chip, options, the compiler and its runtime, "
      "so nothing there is ever stale. `quern cache` lists it.\n\n"
      "Examples:\n"
      "  quern run model.gguf \"Why is the sky blue?\" --temp 0\n"
      "  quern run model.gguf -f question.txt -n 100\n"
      "  quern run model.gguf --system \"Answer in one sentence.\"");
}

int RunCommand::run(const cli::Arguments &given) {
  auto within = [](const std::vector<CLI::Option *> &list,
                   const CLI::Option *option) {
    return std::find(list.begin(), list.end(), option) != list.end();
  };
  bool once = prompt->count() > 0 || !runFlags.file.empty();
  std::vector<std::string> arguments = {once ? "run" : "chat"};
  cli::Arguments handed = given;
  handed.given.clear();
  for (const cli::Given &flag : given.given) {
    std::string name = flag.option->get_name();
    if (!once && within(runs, flag.option))
      throw Error(name + " needs a prompt after MODEL; a chat has no " + name);
    if (once && within(chats, flag.option))
      throw Error(name + " is for a chat, which has no prompt after MODEL");
    if (!within(ours, flag.option))
      handed.given.push_back(flag);
  }
  handed.words.erase(handed.words.begin()); // the model
  std::vector<std::string> words = handed.normalized();
  arguments.insert(arguments.end(), words.begin() + 1, words.end());
  request.compiler = cli::identityText();
  request.context = answerFlags.context;
  return runModel(request, arguments);
}

std::vector<cli::Section> quern::manualSections() {
  return {
      {"Exit status",
       "0: done. 1: everything that went wrong, wrong flags included; one line "
       "on standard error says what, and begins with \"error: \". Ended by a "
       "signal, as a shell shows it: 130 by Ctrl-C (SIGINT), 143 by SIGTERM, "
       "141 where nobody reads standard output any more (SIGPIPE). `quern run` "
       "ends as the artifact does."},
      {"Environment",
       "XDG_CACHE_HOME: the cache is in its folder quern, instead of "
       "~/.cache/quern.\n\n"
       "TERM: on a terminal that is \"dumb\", or has no name, no progress is "
       "shown. Nothing is coloured."},
      {"Files",
       "~/.cache/quern/artifacts: what `quern run` has compiled.\n\n"
       "../lib/quern/bundle, seen from the program's own folder: the runtime "
       "that artifacts are linked with."}};
}
