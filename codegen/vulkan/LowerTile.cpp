//===- LowerTile.cpp - Tile ops that SPIR-V has instructions for ----------===//
#include "codegen/vulkan/LowerTile.h"
#include "codegen/kernel/VectorBuilder.h"
#include "codegen/simt/Passes.h"
#include "ir/tile/Tile.h"
#include "mlir/Dialect/SPIRV/IR/SPIRVDialect.h"
#include "mlir/Dialect/SPIRV/IR/SPIRVOps.h"

using namespace mlir;
using namespace quern;

namespace {
constexpr unsigned kBetter = 2;

/// tile.dot_i8 => OpSUDot of packed bytes, the signed ones first
struct DotI8Packed : OpRewritePattern<tile::DotI8Op> {
  using OpRewritePattern::OpRewritePattern;
  LogicalResult matchAndRewrite(tile::DotI8Op op,
                                PatternRewriter &rewriter) const override {
    if (VectorBuilder::lanes(op.getSum()) != 1)
      return rewriter.notifyMatchFailure(op, "not of one lane");
    VectorBuilder b(op, rewriter);
    auto word = [&](Value bytes) -> Value {
      return vector::ExtractOp::create(b, b.bitcast(bytes, b.i32s(1)),
                                       int64_t(0));
    };
    auto format = spirv::PackedVectorFormatAttr::get(
        getContext(), spirv::PackedVectorFormat::PackedVectorFormat4x8Bit);
    Value dot = spirv::SUDotOp::create(b, b.getI32Type(), word(op.getValues()),
                                       word(op.getCodes()), format);
    rewriter.replaceOp(op, b.add(op.getSum(), vector::FromElementsOp::create(
                                                  b, b.i32s(1), dot)));
    return success();
  }
};

struct LowerTile : PassWrapper<LowerTile, OperationPass<ModuleOp>> {
  MLIR_DEFINE_EXPLICIT_INTERNAL_INLINE_TYPE_ID(LowerTile)

  StringRef getArgument() const override { return "quern-vulkan-lower-tile"; }
  StringRef getDescription() const override {
    return "quern-simt-lower-tile with packed dot products";
  }
  void getDependentDialects(DialectRegistry &registry) const override {
    registry
        .insert<arith::ArithDialect, math::MathDialect, memref::MemRefDialect,
                spirv::SPIRVDialect, vector::VectorDialect>();
  }
  void runOnOperation() override {
    RewritePatternSet patterns(&getContext());
    patterns.add<DotI8Packed>(&getContext(), kBetter);
    if (failed(simt::lowerTile(getOperation(), std::move(patterns))))
      signalPassFailure();
  }
};
} // namespace

std::unique_ptr<Pass> quern::vulkan::createLowerTilePass() {
  return std::make_unique<LowerTile>();
}
