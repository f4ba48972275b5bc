//===- Artifact.h - Writing the executable ----------------------*- C++ -*-===//
#pragma once
#include "frontend/Checkpoint.h"
#include "mlir/IR/BuiltinOps.h"
#include <string>
#include <vector>

namespace quern {

/// Sections of the payload but for the weights (runtime/Plan.h).
struct Payload {
  std::string meta; // JSON
  std::vector<uint8_t> plan, tokenizer, chatTemplate;
};

/// Appends the payload to the linked executable at `path`.
llvm::Error appendPayload(const std::string &path, const Payload &,
                          mlir::ModuleOp, const Checkpoint &, unsigned threads);

} // namespace quern
