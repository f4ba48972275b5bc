//===- LowerTile.cpp - Tile ops to vectors and instructions -----*- C++ -*-===//
#include "codegen/cpu/tile/LowerTile.h"
#include "codegen/cpu/Isa.h"
#include "codegen/kernel/TileToVector.h"
#include "ir/tile/Tile.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Arith/Transforms/Passes.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "mlir/Transforms/GreedyPatternRewriteDriver.h"

using namespace mlir;
using namespace quern;
using namespace quern::cpu;

namespace {
struct LowerTile : PassWrapper<LowerTile, OperationPass<>> {
  MLIR_DEFINE_EXPLICIT_INTERNAL_INLINE_TYPE_ID(LowerTile)
  explicit LowerTile(const Chip &chip) : chip(chip) {}
  LowerTile(const LowerTile &other) : PassWrapper(other), chip(other.chip) {}

  /// For quern-opt, which has no chip at hand.
  Option<std::string> mcpu{
      *this, "mcpu",
      llvm::cl::desc("CPU to lower for, as --mcpu of quern compile")};
  LogicalResult initialize(MLIRContext *context) override {
    if (mcpu.empty())
      return success();
    auto named = chipOf(mcpu);
    if (!named)
      return emitError(UnknownLoc::get(context),
                       llvm::toString(named.takeError()));
    chip = *named;
    return success();
  }

  StringRef getArgument() const override { return "quern-cpu-lower-tile"; }
  StringRef getDescription() const override {
    return "lower tile ops to vectors and the chip's instructions";
  }
  void getDependentDialects(DialectRegistry &registry) const override {
    registry.insert<arith::ArithDialect, LLVM::LLVMDialect, math::MathDialect,
                    memref::MemRefDialect, scf::SCFDialect, vector::VectorDialect>();
  }
  void runOnOperation() override {
    RewritePatternSet patterns(&getContext());
    populatePanelToVectorPatterns(patterns);
    populateTileToVectorPatterns(patterns);
    chip.isa->populateTilePatterns(patterns, chip);
    // Without an instruction for it, LLVM would call a library that artifacts
    // do not have, number by number.
    if (!chip.dotsBF16)
      arith::populateExpandBFloat16Patterns(patterns);
    if (failed(applyPatternsGreedily(getOperation(), std::move(patterns))))
      return signalPassFailure();
    getOperation()->walk([&](Operation *op) {
      if (!isa<tile::TileDialect>(op->getDialect()))
        return;
      op->emitOpError("requires a lowering for ") << chip.name;
      signalPassFailure();
    });
  }
  Chip chip;
};
} // namespace

std::unique_ptr<Pass> quern::cpu::createLowerTilePass(const Chip &chip) {
  return std::make_unique<LowerTile>(chip);
}
