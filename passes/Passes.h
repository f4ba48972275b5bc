//===- Passes.h - The compiler's passes -------------------------*- C++ -*-===//
//
// Passes.td says what each does, with the IR before and after it; Pipeline.cpp
// is their order.
//
//===----------------------------------------------------------------------===//
#pragma once
#include "ir/Quern.h"
#include "mlir/IR/BuiltinOps.h"
#include "mlir/Pass/Pass.h"
#include "mlir/Pass/PassManager.h"

namespace quern {

#define GEN_PASS_DECL
#include "passes/Passes.h.inc"
#define GEN_PASS_REGISTRATION
#include "passes/Passes.h.inc"

/// What a user chooses when compiling.
struct CompileOptions {
  int64_t context = 0;  // longest sequence, tokens
  int64_t maxBatch = 8; // most sequences of a step
  int64_t chunk = 512;  // most prompt rows of a step
  std::string kvType = "f16";
};

/// The compiler on one page: from the imported graph to launches in planned
/// memory, in the phases that --emit names.
void buildGraphPasses(mlir::OpPassManager &, const CompileOptions &);
void buildStagePasses(mlir::OpPassManager &, const CompileOptions &);
void buildPlanPasses(mlir::OpPassManager &, const CompileOptions &);

} // namespace quern
