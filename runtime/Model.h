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

namespace quern {

class Model {
public:
  Model(Artifact artifact, Engine::Kernels kernels);
  Model(const Model &) = delete; // engines keep references into it

  const Artifact &file() const { return artifact; }
  const PlanView &plan() const { return view; }
  const Tokenizer &tokenizer() const { return text; }
  /// The metadata section, as the compiler wrote it.
  nlohmann::ordered_json metadata() const;
  bool hasTemplate() const { return !artifact.section("template").empty(); }

  /// Renders a conversation of an optional system message and one user message,
  /// ready for the answer. Throws Error if the template refuses.
  std::string renderPrompt(std::string_view system,
                           std::string_view user) const;

  /// Ids of a prompt: BOS before it if the model adds one and the text does not
  /// begin with it (templates often write it); no EOS after it.
  std::vector<int32_t> encodePrompt(std::string_view prompt, bool parseSpecial,
                                    bool addBos = true) const;

  /// A new engine over this model's plan and weights.
  std::unique_ptr<Engine> engine(const Engine::Options &options) const;

  /// See planMemory(). `threads` 0: as many as an engine would have.
  MemoryPlan memory(uint64_t tokens, unsigned threads) const;

private:
  Artifact artifact;
  Engine::Kernels kernels;
  PlanView view;
  Tokenizer text;
};

} // namespace quern
