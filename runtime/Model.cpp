//===- Model.cpp - The artifact's model, opened -----------------*- C++ -*-===//
#include "Model.h"
#include "Error.h"
#include "text/Template.h"
#include <fmt/format.h>

using namespace quern;

Model::Model(Artifact opened, Engine::Kernels kernels)
    : artifact(std::move(opened)), kernels(kernels),
      view(artifact.section("plan"), kernels.size(),
           artifact.section("weights").size()),
      text(artifact.section("tokenizer")) {}

nlohmann::ordered_json Model::metadata() const {
  std::span<const uint8_t> meta = artifact.section("meta");
  auto json = nlohmann::ordered_json::parse(meta.begin(), meta.end(), nullptr,
                                            /*allow_exceptions=*/false);
  if (!json.is_object())
    throw Error(fmt::format("{}: metadata is no JSON object", artifact.path()));
  return json;
}

std::string Model::renderPrompt(std::string_view system,
                                std::string_view user) const {
  auto message = [](const char *role, std::string_view content) {
    return Value::object({{"role", role}, {"content", content}});
  };
  Value::Array messages;
  if (!system.empty())
    messages.push_back(message("system", system));
  messages.push_back(message("user", user));
  Value context = Value::object({
      {"messages", Value::array(std::move(messages))},
      {"add_generation_prompt", true},
      {"bos_token", text.piece(text.bos())},
      {"eos_token", text.piece(text.eos())},
  });
  return renderTemplate(artifact.section("template"), context);
}

std::vector<int32_t> Model::encodePrompt(std::string_view prompt,
                                         bool parseSpecial, bool addBos) const {
  std::vector<int32_t> ids = text.encode(prompt, parseSpecial, false);
  if (addBos && text.addsBos() && text.bos() >= 0 &&
      (ids.empty() || ids.front() != text.bos()))
    ids.insert(ids.begin(), text.bos());
  return ids;
}

std::unique_ptr<Engine> Model::engine(const Engine::Options &options) const {
  return std::make_unique<Engine>(view, artifact.section("weights"), kernels,
                                  options);
}

MemoryPlan Model::memory(uint64_t tokens, unsigned threads) const {
  return planMemory(view, tokens,
                    {executableDataBytes(), threads ? threads : allowedCpus()});
}
