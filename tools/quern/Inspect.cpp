//===- Inspect.cpp - quern inspect and quern targets ----------------------===//
#include "Driver.h"
#include "Session.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/Support/Format.h"
#include "llvm/Support/FormatVariadic.h"
#include <algorithm>
#include <nlohmann/json.hpp>

using namespace quern;
using Json = nlohmann::ordered_json;

namespace {
constexpr size_t kShown = 8; // entries of an array

Json shortened(const MetaValue &value) {
  return std::visit(
      [](const auto &v) -> Json {
        using T = std::decay_t<decltype(v)>;
        if constexpr (std::is_same_v<T, llvm::StringRef>)
          return v.str();
        else if constexpr (requires {
                             v.size();
                             v.begin();
                           }) {
          Json list = Json::array();
          for (size_t i = 0; i < std::min(kShown, v.size()); ++i) {
            if constexpr (std::is_same_v<typename T::value_type,
                                         llvm::StringRef>)
              list.push_back(v[i].str());
            else
              list.push_back(typename T::value_type(v[i]));
          }
          return Json{{"count", v.size()}, {"first", list}};
        } else
          return v;
      },
      value);
}

Json describe(const Checkpoint &checkpoint) {
  Json json;
  json["file"] = checkpoint.path();
  for (auto &[key, value] : checkpoint.metadata())
    json["metadata"][key.str()] = shortened(value);
  json["tensors"] = Json::array();
  for (const Tensor &tensor : checkpoint.tensors()) {
    uint64_t bytes = 0;
    for (const TensorPart &part : tensor.parts)
      bytes += part.bytes.size();
    json["tensors"].push_back({{"name", tensor.name},
                               {"shape", tensor.shape},
                               {"format", tensor.format},
                               {"bytes", bytes}});
  }
  return json;
}

std::string dump(const Json &json, int indent = -1) {
  return json.dump(indent, ' ', false, Json::error_handler_t::replace);
}
} // namespace

int quern::inspectModel(const std::string &model, bool json) {
  auto checkpoint = openModel(model);
  if (!checkpoint)
    return report(checkpoint.takeError());
  Json all = describe(**checkpoint);
  if (json) {
    llvm::outs() << dump(all, 2) << "\n";
    return report(flushOutput());
  }
  for (auto &[key, value] : all["metadata"].items()) {
    std::string text = dump(value);
    if (text.size() > 100)
      text = text.substr(0, 97) + "...";
    llvm::outs() << llvm::left_justify(key, 44) << " " << text << "\n";
  }
  for (Json &tensor : all["tensors"]) {
    std::string shape;
    for (Json &n : tensor["shape"])
      shape += (shape.empty() ? "" : " x ") + dump(n);
    llvm::outs() << llvm::left_justify(tensor["name"].get<std::string>(), 44)
                 << " "
                 << llvm::left_justify(tensor["format"].get<std::string>(), 8)
                 << " " << llvm::left_justify(shape, 20) << " "
                 << dump(tensor["bytes"]) << "\n";
  }
  return report(flushOutput());
}

int quern::listTargets(bool json) {
  Json list = Json::array();
  for (TargetInfo &target : allTargets()) {
    list.push_back({{"name", target.name},
                    {"summary", target.summary},
                    {"mcpu", target.chips}});
    if (json)
      continue;
    llvm::outs() << llvm::left_justify(target.name, 10) << " " << target.summary
                 << "\n";
    for (std::string &chip : target.chips)
      llvm::outs() << "             --mcpu=" << chip << "\n";
  }
  if (json)
    llvm::outs() << dump(list, 2) << "\n";
  return report(flushOutput());
}

std::vector<std::string> quern::targetNames() {
  std::vector<std::string> names;
  for (TargetInfo &target : allTargets())
    names.push_back(target.name);
  return names;
}

static const std::vector<Phase> &phasesOfAll() {
  static const std::vector<Phase> phases = {
      {"quern", "the graph as imported, MLIR"},
      {"stages", "two programs of stages, MLIR"},
      {"plan", "stages with kernels, barriers and offsets, for people"},
      {"kernels", "kernels as the target has them before its own IR, MLIR"},
      {"binary", "the executable"}};
  return phases;
}

std::vector<std::string> quern::commonPhases() {
  std::vector<std::string> names;
  for (const Phase &phase : phasesOfAll())
    names.push_back(phase.name);
  return names;
}

/// By name: what it is, and the targets that have it.
static std::vector<std::pair<Phase, std::vector<std::string>>> targetPhases() {
  std::vector<std::pair<Phase, std::vector<std::string>>> list;
  for (TargetInfo &target : allTargets())
    for (Phase &phase : target.phases) {
      auto found = llvm::find_if(
          list, [&](auto &entry) { return entry.first.name == phase.name; });
      if (found == list.end())
        found = list.insert(list.end(), {phase, {}});
      found->second.push_back(target.name);
    }
  // An object is what all that is a target's ends in.
  llvm::stable_sort(list, [](auto &a, auto &b) {
    return (a.first.name == kObjectPhase) < (b.first.name == kObjectPhase);
  });
  return list;
}

std::vector<std::string> quern::phaseNames() {
  std::vector<std::string> names = commonPhases();
  for (auto &[phase, targets] : targetPhases())
    names.insert(names.end() - 1, phase.name);
  return names;
}

std::string quern::phasesText() {
  std::string text;
  auto add = [&](const Phase &phase, const std::string &more) {
    text += llvm::formatv("  {0,-8} {1}{2}\n", phase.name, phase.summary, more);
  };
  for (const Phase &phase : llvm::drop_end(phasesOfAll()))
    add(phase, "");
  for (auto &[phase, targets] : targetPhases())
    add(phase, targets.size() == 1 ? " (" + targets[0] + ")"
                                   : " (of one target)");
  add(phasesOfAll().back(), "");
  return text;
}

std::vector<std::string> quern::chipNames() {
  std::vector<std::string> names;
  for (TargetInfo &target : allTargets())
    for (std::string &chip : target.chips)
      if (std::find(names.begin(), names.end(), chip) == names.end())
        names.push_back(chip);
  return names;
}
