//===- Weights.h - Writing the weights section ------------------*- C++ -*-===//
#pragma once
#include "frontend/Checkpoint.h"
#include "mlir/IR/BuiltinOps.h"

namespace quern {

/// Packs every weight of a planned module to its place: writes the section at
/// `offset` of the open file. Works through pieces of a few megabytes on
/// `threads` threads, so that the model never exists in memory a second time.
llvm::Error writeWeights(mlir::ModuleOp, const Checkpoint &, int file,
                         uint64_t offset, unsigned threads);

} // namespace quern
