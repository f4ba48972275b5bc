//===- ToArm.cpp - Tile ops as instructions of 64-bit ARM -----------------===//
//
// Vectors of any number of times 16 bytes, each of which is an instruction.
//
//===----------------------------------------------------------------------===//
#include "codegen/cpu/isa/arm/ToArm.h"
#include "codegen/cpu/tile/Intrinsics.h"
#include "ir/tile/Tile.h"

using namespace mlir;
using namespace quern;
using namespace quern::cpu;
using namespace quern::tile;

namespace {
constexpr int64_t kBytes = 16;

/// tile.dot_i8 => usdot (FEAT_I8MM). Without it sdot, whose bytes are signed both: right
/// for codes up to 127; of greater ones u
///
///     u * x = (u - 128) * x + 64 * x + 64 * x
struct DotI8Arm : OpRewritePattern<DotI8Op> {
  DotI8Arm(MLIRContext *context, bool mixed)
      : OpRewritePattern(context, kBetter), mixed(mixed) {}
  LogicalResult matchAndRewrite(DotI8Op op,
                                PatternRewriter &rewriter) const override {
    const int64_t n = VectorBuilder::lanes(op.getCodes());
    if (n % kBytes || !llvm::isPowerOf2_64(uint64_t(n)))
      return rewriter.notifyMatchFailure(op, "not vectors of 16 bytes");
    VectorBuilder b(op, rewriter);
    auto dot = [&](Value sum, Value u, Value x) {
      return intrinsic(b,
                       mixed ? "llvm.aarch64.neon.usdot.v4i32.v16i8"
                             : "llvm.aarch64.neon.sdot.v4i32.v16i8",
                       b.i32s(4), {sum, u, x});
    };
    auto product = [&](ArrayRef<Value> v) {
      Value sum = v[0], u = v[1], x = v[2];
      if (mixed || op.getMost() <= 127)
        return dot(sum, u, x);
      Value half = b.splat(u.getType(), 64);
      sum = dot(dot(sum, half, x), half, x);
      return dot(sum, arith::XOrIOp::create(b, u, b.splat(u.getType(), 128)), x);
    };
    rewriter.replaceOp(op, inPieces(b, {op.getSum(), op.getCodes(), op.getValues()},
                                    {kBytes / 4, kBytes, kBytes}, n / kBytes, product));
    return success();
  }
  bool mixed;
};

/// tile.lookup => tbl
struct LookupArm : OpRewritePattern<LookupOp> {
  LookupArm(MLIRContext *context) : OpRewritePattern(context, kBetter) {}
  LogicalResult matchAndRewrite(LookupOp op,
                                PatternRewriter &rewriter) const override {
    const int64_t n = VectorBuilder::lanes(op.getIndex());
    if (n % kBytes || !llvm::isPowerOf2_64(uint64_t(n)))
      return rewriter.notifyMatchFailure(op, "not vectors of 16 bytes");
    VectorBuilder b(op, rewriter);
    SmallVector<int8_t> entries(op.getTable());
    entries.resize(kBytes);
    auto type = b.vec(kBytes, b.getI8Type());
    Value table = arith::ConstantOp::create(
        b, DenseElementsAttr::get(type, ArrayRef<int8_t>(entries)));
    rewriter.replaceOp(op, inPieces(b, {Value(op.getIndex())}, {kBytes}, n / kBytes,
                                    [&](ArrayRef<Value> v) {
                                      return intrinsic(b, "llvm.aarch64.neon.tbl1.v16i8",
                                                       type, {table, v[0]});
                                    }));
    return success();
  }
};
} // namespace

void quern::cpu::populateTileToArmPatterns(RewritePatternSet &patterns,
                                           const Chip &chip) {
  patterns.add<DotI8Arm>(patterns.getContext(), chip.has("i8mm"));
  patterns.add<LookupArm>(patterns.getContext());
}
