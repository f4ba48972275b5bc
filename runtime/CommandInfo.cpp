//===- CommandInfo.cpp - info and verify: about the artifact ----*- C++ -*-===//
#include "Commands.h"
#include "Error.h"
#include "Flags.h"
#include <fmt/format.h>

using namespace quern;

namespace {
struct InfoFlags {
  uint64_t tokens = 0;
  unsigned threads = 0;
  bool json = false;
};
} // namespace

static nlohmann::ordered_json memoryJson(const MemoryPlan &memory,
                                         uint64_t tokens, uint64_t weights) {
  nlohmann::ordered_json object = {{"tokens", tokens},
                                   {"reserved_bytes", memory.reserved()},
                                   {"touched_bytes", memory.touched()},
                                   {"weight_bytes", weights}};
  for (const MemoryPlan::Item &item : memory.items)
    object["parts"].push_back({{"name", item.name},
                               {"reserved_bytes", item.reserved},
                               {"touched_bytes", item.touched}});
  if (!memory.devices.empty())
    object["host_weight_bytes"] = memory.hostWeights;
  for (const MemoryPlan::Device &device : memory.devices)
    object["devices"].push_back(
        {{"name", device.name},
         {"weights_bytes", device.memory.weights},
         {"kv_bytes", device.memory.kv},
         {"activation_bytes", device.memory.activations},
         {"overhead_bytes", device.memory.overhead}});
  return object;
}

static std::string memoryText(const MemoryPlan &memory, uint64_t tokens,
                              const Artifact &file) {
  std::string text = fmt::format("{:24} {:>14} {:>14}\n", "memory", "reserved",
                                 fmt::format("{} tokens", tokens));
  auto line = [&](std::string_view name, uint64_t reserved, uint64_t touched) {
    text += fmt::format("  {:22} {:>14} {:>14}\n", name,
                        cli::formatBytes(reserved), cli::formatBytes(touched));
  };
  for (const MemoryPlan::Item &item : memory.items)
    line(item.name, item.reserved, item.touched);
  line("together", memory.reserved(), memory.touched());
  text += fmt::format("  {:22} {:>14} mapped from {}", "weights",
                      cli::formatBytes(file.section("weights").size()),
                      file.weightsFile() ? baseName(file.weightsFile()->path())
                                         : "the file");
  if (!memory.devices.empty())
    text += fmt::format(", {} of them stay the host's",
                        cli::formatBytes(memory.hostWeights));
  text += "\n";
  for (const MemoryPlan::Device &device : memory.devices) {
    text += fmt::format("memory of {}\n", device.name);
    auto part = [&](std::string_view name, uint64_t bytes) {
      text += fmt::format("  {:22} {:>14}\n", name, cli::formatBytes(bytes));
    };
    part("weights", device.memory.weights);
    part("keys and values", device.memory.kv);
    part("activations", device.memory.activations);
    part("overhead", device.memory.overhead);
    part("together", device.memory.total());
  }
  return text;
}

/// "a: 1, b: 2" of an object, "a, b" of a list, without quotation marks.
static std::string shown(const nlohmann::ordered_json &value) {
  if (value.is_string())
    return value.get<std::string>();
  if (!value.is_structured())
    return value.dump();
  std::vector<std::string> members;
  bool texts = false; // which may have commas
  for (const auto &[key, member] : value.items()) {
    members.push_back((value.is_object() ? key + ": " : "") + shown(member));
    texts |= value.is_object() && member.is_string();
  }
  return fmt::format("{}", fmt::join(members, texts ? "; " : ", "));
}

/// "key  value" for every member of the metadata.
static std::string metadataText(const nlohmann::ordered_json &metadata) {
  std::string text;
  for (const auto &[key, value] : metadata.items())
    text += fmt::format("{:24} {}\n", key, shown(value));
  return text;
}

static void runInfo(const Session &session, const InfoFlags &flags) {
  Model model = session.open();
  const plan::PlanHeader &plan = model.plan().header();
  if (flags.tokens > plan.context)
    throw Error(fmt::format("--tokens {} is more than the context of {}",
                            flags.tokens, plan.context));
  uint64_t tokens = flags.tokens ? flags.tokens : plan.context;
  MemoryPlan memory = model.memory(tokens, flags.threads);
  uint64_t weights = model.file().section("weights").size();
  nlohmann::ordered_json limits = {
      {"context", plan.context},
      {"max_batch", plan.maxSequences},
      {"chunk", plan.programs[plan::kPrompt].maxRows},
      {"vocabulary", plan.vocabulary},
      {"kernels", session.ofKernels(&quern_kernel_set::chip)},
      {"kernels_need", session.ofKernels(&quern_kernel_set::needs)}};
  if (flags.json) {
    nlohmann::ordered_json object = {
        {"metadata", model.metadata()},
        {"limits", limits},
        {"memory", memoryJson(memory, tokens, weights)}};
    return writeOut(object.dump(2) + "\n");
  }
  nlohmann::ordered_json about = model.metadata();
  about.update(limits); // some are in both
  writeOut(metadataText(about) + memoryText(memory, tokens, model.file()));
}

static void runVerify(const Session &session) {
  Artifact artifact = Artifact::self(); // checks all but the weights
  artifact.verify();
  size_t sections = 0;
  uint64_t bytes = 0;
  const Artifact *files[] = {&artifact, artifact.weightsFile()};
  for (const Artifact *file : files) {
    if (!file)
      continue;
    sections += file->sections().size();
    for (const plan::Section &section : file->sections())
      bytes += section.size;
  }
  writeOut(fmt::format("ok: {} sections, {} bytes\n", sections, bytes));
}

void quern::addInfoCommand(CLI::App &app, Session &session) {
  auto flags = std::make_shared<InfoFlags>();
  CLI::App &command =
      *app.add_subcommand("info", "Say what the model is, what it was compiled "
                                  "for, and what memory it takes");
  command
      .add_option("--tokens", flags->tokens,
                  "plan for a sequence of so many tokens")
      ->type_name("N")
      ->default_str("the context")
      ->check(wholeNumber(1));
  addThreadsFlag(command, flags->threads);
  command.add_flag("--json", flags->json, "print JSON");
  command.footer(fmt::format("Examples:\n  {0} info --tokens 1000\n"
                             "  {0} info --json",
                             session.program));
  command.callback([&session, flags] {
    session.action = [&session, flags] { runInfo(session, *flags); };
  });
}

void quern::addVerifyCommand(CLI::App &app, Session &session) {
  CLI::App &command = *app.add_subcommand(
      "verify", "Check all of the file by its checksums, weights included");
  command.footer(
      fmt::format("The other commands check all but program and weights.\n\n"
                  "Example:\n  {0} verify",
                  session.program));
  command.callback(
      [&session] { session.action = [&session] { runVerify(session); }; });
}
