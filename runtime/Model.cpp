//===- Model.cpp - The artifact's model, opened -----------------*- C++ -*-===//
#include "Model.h"
#include "Error.h"
#include "Variant.h"
#include "text/Template.h"
#include <algorithm>
#include <ctime>
#include <fmt/format.h>

using namespace quern;

static std::vector<uint64_t>
countsOf(std::span<const quern_kernel_set> kernels) {
  std::vector<uint64_t> counts;
  for (const quern_kernel_set &set : kernels)
    counts.push_back(set.count);
  return counts;
}

Model::Model(Artifact opened, std::span<const quern_kernel_set> kernels)
    : artifact(std::move(opened)), kernels(kernels),
      view(artifact.section(planSection(kernels)), countsOf(kernels),
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

/// Stands after the first character of what looks like a control token: a code
/// point that Unicode sets aside for such inner use.
static constexpr std::string_view kMark = "\uFDD0";

static size_t characterBytes(unsigned char first) {
  return first < 0xC0 ? 1 : first < 0xE0 ? 2 : first < 0xF0 ? 3 : 4;
}

std::string Model::markControl(std::string_view content) const {
  std::string result;
  for (size_t at = 0; at < content.size();) {
    std::string_view rest = content.substr(at);
    if (rest.starts_with(kMark)) { // somebody else's: as any unknown character
      result += "\uFFFD";
      at += kMark.size();
      continue;
    }
    size_t size = std::min(characterBytes(rest[0]), rest.size());
    result += rest.substr(0, size);
    if (text.startsWithControl(rest))
      result += kMark;
    at += size;
  }
  return result;
}

/// What strftime_now of a template shows: the local clock, as if it were UTC.
static int64_t localSeconds() {
  time_t now = time(nullptr);
  tm local = {};
  localtime_r(&now, &local);
  return int64_t(now) + local.tm_gmtoff;
}

std::string Model::render(std::span<const Message> messages,
                          bool addGenerationPrompt) const {
  Value::Array list;
  for (const Message &message : messages)
    list.push_back(Value::object(
        {{"role", message.role}, {"content", markControl(message.content)}}));
  Value context = Value::object({
      {"messages", Value::array(std::move(list))},
      {"add_generation_prompt", addGenerationPrompt},
      {"bos_token", text.piece(text.bos())},
      {"eos_token", text.piece(text.eos())},
      {"strftime_now", localSeconds()},
  });
  return renderTemplate(artifact.section("template"), context);
}

std::vector<int32_t> Model::encodeRendered(std::string_view rendered,
                                           bool begin) const {
  std::vector<int32_t> ids;
  for (size_t at = 0; at <= rendered.size();) {
    size_t mark = std::min(rendered.find(kMark, at), rendered.size());
    std::vector<int32_t> part =
        encodePrompt(rendered.substr(at, mark - at), /*parseSpecial=*/true,
                     begin && at == 0);
    ids.insert(ids.end(), part.begin(), part.end());
    at = mark + kMark.size();
  }
  return ids;
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
