//===- Model.h - The artifact's model, opened ------------------*- C++ -*-===//
//
// What the commands work on: the sections of an artifact as the objects that
// use them. Opening costs a checksum of the small sections and the tokenizer's
// check; weights are not touched.
//
//===----------------------------------------------------------------------===//
#pragma once
#include "Artifact.h"
#include "Engine.h"
#include "Memory.h"
#include "text/Tokenizer.h"
#include <nlohmann/json.hpp>
#include <span>
#include <string>
#include <vector>

namespace quern {

/// One turn of a conversation: role "system", "user" or "assistant".
struct Message {
  std::string role, content;
};

class Model {
public:
  Model(Artifact artifact, std::span<const quern_kernel_set> kernels);
  Model(const Model &) = delete; // engines keep references into it

  const Artifact &file() const { return artifact; }
  const PlanView &plan() const { return view; }
  const Tokenizer &tokenizer() const { return text; }
  /// The metadata section, as the compiler wrote it.
  nlohmann::ordered_json metadata() const;
  bool hasTemplate() const { return !artifact.section("template").empty(); }

  /// Renders a conversation, by default ready for the answer. Names of control
  /// tokens in contents are marked, so that encodeRendered takes them for
  /// ordinary text. Throws Error if the template refuses.
  std::string render(std::span<const Message> messages,
                     bool addGenerationPrompt = true) const;
  /// Ids of a rendered conversation, or of a later part of one. BOS comes before
  /// it if it is the `begin`, the model adds one and the text has none.
  std::vector<int32_t> encodeRendered(std::string_view rendered,
                                      bool begin = true) const;

  /// Ids of a raw prompt: BOS before it if the model adds one and the text does
  /// not begin with it; no EOS after it.
  std::vector<int32_t> encodePrompt(std::string_view prompt, bool parseSpecial,
                                    bool addBos = true) const;

  /// A new engine over this model's plan and weights.
  std::unique_ptr<Engine> engine(const Engine::Options &options) const;

  /// See planMemory(). `threads` 0: as many as an engine would have.
  MemoryPlan memory(uint64_t tokens, unsigned threads) const;

private:
  std::string markControl(std::string_view content) const;

  Artifact artifact;
  std::span<const quern_kernel_set> kernels;
  PlanView view;
  Tokenizer text;
};

} // namespace quern
