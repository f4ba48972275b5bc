//===- Passes.h - The compiler's passes -------------------------*- C++ -*-===//
//
// Passes.td says what each does, with the IR before and after it; Pipeline.cpp
// is their order.
//
//===----------------------------------------------------------------------===//
#pragma once
#include "ir/Panel.h"
#include "ir/Quern.h"
#include "mlir/IR/BuiltinOps.h"
#include "mlir/Pass/Pass.h"
#include "mlir/Pass/PassManager.h"

namespace quern {

#define GEN_PASS_DECL
#include "passes/Passes.h.inc"
#define GEN_PASS_REGISTRATION
#include "passes/Passes.h.inc"

/// N of a symbol that is called `blk.N.` and something: in the vocabulary of names
/// that all importers write (frontend/Checkpoint.h), a weight or cache of layer N.
std::optional<int64_t> layerOf(llvm::StringRef symbol);

/// Layers of an imported model.
int64_t layerCount(mlir::ModuleOp);

struct ArithmeticChoice {
  Number prompt, generated;
};

/// What a target wants of the passes before its kernels, which never ask for its
/// name.
struct TargetTraits {
  /// To what activations are converted before they meet weights that are codes, codes
  /// above 127, or floats, in rows of each role.
  ArithmeticChoice codes = {Number::BF16, Number::I16};
  ArithmeticChoice wideCodes = codes;
  ArithmeticChoice floats = {Number::BF16, Number::F32};
  PanelOrder panels = PanelOrder::Vectors;
  int64_t pageTokens = 64; // of a page of the KV cache, a multiple of 16
  int64_t alignment = 64;  // of all that has an offset in memory
  bool ownMemory = false;  // plan::Device::ownMemory
  /// So many of the largest logits of a row are found where the logits are made, for
  /// those who need no others; 0: none. What lies beside the host's caches is slow to
  /// look at.
  int64_t topLogits = 0;
  /// What stages may be fused of: element-wise ops to what makes their operand,
  /// conversions to norms, rotations to the cache write.
  bool fuseEpilogue = true, fuseConvert = true, fuseRotate = true;
  /// Attention of generated rows is made in parts of at least so many keys, each by
  /// itself; 0: it is not.
  int64_t attentionKeys = 0;
  /// Linears of generated rows that have fewer panels are made in parts, too; 0: no.
  int64_t linearTasks = 0;
};

/// What a user and a target choose when compiling.
struct CompileOptions {
  int64_t context = 0;  // longest sequence, tokens
  int64_t maxBatch = 8; // most sequences of a step
  int64_t chunk = 512;  // most prompt rows of a step
  std::string kvType = "f16";
  /// Of the devices that run it, in the order of --target: one or two.
  llvm::SmallVector<TargetTraits, 2> devices;
  /// Where there are two: the last layers, so many, are the first one's.
  int64_t layersOnFirst = 0;
  /// And what is placed by name: "PATTERN=DEVICE", see quern-place-ops.
  llvm::SmallVector<std::string> tensors;
};

/// The compiler on one page: from the imported graph to launches in planned
/// memory, in the phases that --emit names.
void buildGraphPasses(mlir::OpPassManager &, const CompileOptions &);
void buildStagePasses(mlir::OpPassManager &, const CompileOptions &);
void buildPlanPasses(mlir::OpPassManager &, const CompileOptions &);

} // namespace quern
