//===- Artifact.h - Writing the executable ----------------------*- C++ -*-===//
//
// What stands behind the linked program in an artifact, and side-cars
// (runtime/Plan.h has the layout of both). All files are written in place: that
// a half-written one is never seen is the caller's business.
//
//===----------------------------------------------------------------------===//
#pragma once
#include "codegen/Weights.h"
#include "runtime/Plan.h"
#include <string>
#include <vector>

namespace quern {

/// Sections of the payload but for the weights.
struct Payload {
  std::string meta; // JSON
  std::vector<std::vector<uint8_t>> plans; // of each variant
  std::vector<uint8_t> tokenizer, chatTemplate;
};

/// Appends payload and weights to the linked executable at `path`.
llvm::Error appendPayload(const std::string &path, const Payload &,
                          const WeightsWriter &);

/// Appends the payload to the linked executable at `path`, and where its weights
/// are instead of them.
llvm::Error appendPayload(const std::string &path, const Payload &,
                          const plan::Sidecar &);

/// Writes the weights to the empty file at `path`, and `source`, a name for what
/// they were made from and by. What it returns has no name yet.
llvm::Expected<plan::Sidecar> writeSidecar(const std::string &path,
                                           const WeightsWriter &,
                                           llvm::StringRef source);

} // namespace quern
