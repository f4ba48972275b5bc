//===- TileToVector.cpp - Arithmetic of tile ops in plain vectors ---------===//
//
// Right on every chip; what one does better are its target's patterns.
//
//===----------------------------------------------------------------------===//
#include "codegen/kernel/TileToVector.h"
#include "codegen/kernel/LoopBuilder.h"
#include "codegen/kernel/VectorBuilder.h"
#include "ir/tile/Tile.h"

using namespace mlir;
using namespace quern;
using namespace quern::tile;

namespace {
/// tile.dot_i8 => for each byte of the dwords: mask, multiply, add
struct DotI8 : OpRewritePattern<DotI8Op> {
  using OpRewritePattern::OpRewritePattern;
  LogicalResult matchAndRewrite(DotI8Op op,
                                PatternRewriter &rewriter) const override {
    VectorBuilder b(op, rewriter);
    auto ints = cast<VectorType>(op.getSum().getType());
    Value u = b.bitcast(op.getCodes(), ints),
          x = b.bitcast(op.getValues(), ints);
    Value sum = op.getSum();
    for (int byte = 0; byte < 4; ++byte) {
      Value code = b.mask(b.shift(u, 8 * byte), 255);
      Value value = arith::ShRSIOp::create(b, b.shift(x, -(24 - 8 * byte)),
                                           b.splat(ints, 24));
      sum = b.add(sum, arith::MulIOp::create(b, code, value));
    }
    rewriter.replaceOp(op, sum);
    return success();
  }
};

/// tile.dot_i16 => for either word of the dwords: extend, multiply, add
struct DotI16 : OpRewritePattern<DotI16Op> {
  using OpRewritePattern::OpRewritePattern;
  LogicalResult matchAndRewrite(DotI16Op op,
                                PatternRewriter &rewriter) const override {
    VectorBuilder b(op, rewriter);
    auto ints = cast<VectorType>(op.getSum().getType());
    Value x = b.bitcast(op.getA(), ints), y = b.bitcast(op.getB(), ints);
    auto high = [&](Value v) -> Value {
      return arith::ShRSIOp::create(b, v, b.splat(ints, 16));
    };
    auto low = [&](Value v) { return high(b.shift(v, -16)); };
    Value sum = b.add(op.getSum(), arith::MulIOp::create(b, low(x), low(y)));
    rewriter.replaceOp(op,
                       b.add(sum, arith::MulIOp::create(b, high(x), high(y))));
    return success();
  }
};

/// tile.dot_i8_words => for either byte of the words: extend, multiply, add
struct DotI8Words : OpRewritePattern<DotI8WordsOp> {
  using OpRewritePattern::OpRewritePattern;
  LogicalResult matchAndRewrite(DotI8WordsOp op,
                                PatternRewriter &rewriter) const override {
    VectorBuilder b(op, rewriter);
    auto words = cast<VectorType>(op.getSum().getType());
    Value u = b.bitcast(op.getCodes(), words),
          x = b.bitcast(op.getValues(), words);
    auto high = [&](Value v) -> Value {
      return arith::ShRSIOp::create(b, v, b.splat(words, 8));
    };
    Value even = arith::MulIOp::create(b, b.mask(u, 255), high(b.shift(x, -8)));
    Value odd = arith::MulIOp::create(b, b.shift(u, 8), high(x));
    rewriter.replaceOp(op, b.add(op.getSum(), b.add(even, odd)));
    return success();
  }
};

/// tile.matmul_bf16 => loops over rows, tiles and pairs
///
///     for r, for t:  s = sums[r, t]
///                    for p:  s = tile.dot_bf16 s, w[p, t], x[r, p]
///                    sums[r, t] = s
struct MatmulBF16 : OpRewritePattern<MatmulBF16Op> {
  using OpRewritePattern::OpRewritePattern;
  LogicalResult matchAndRewrite(MatmulBF16Op op,
                                PatternRewriter &rewriter) const override {
    LoopBuilder b(op.getLoc(), rewriter);
    auto floats = b.vec(kLanes, b.getF32Type()),
         unit = b.vec(2 * kLanes, b.getBF16Type());
    const int64_t tiles = int64_t(op.getTiles()), of = int64_t(op.getOf());
    b.loop(b.index(0), op.getRows(), 1, [&](Value r) {
      Value row = b.add(op.getRow(), r), xRow = b.add(op.getXRow(), r);
      b.loop(b.index(0), b.index(tiles), 1, [&](Value t) {
        Value column = b.add(op.getColumn(), b.mul(t, kLanes));
        Value sum = vector::LoadOp::create(b, floats, op.getSums(),
                                           ValueRange{row, column});
        auto dot = [&](Value p, ValueRange carried) -> SmallVector<Value> {
          Value xColumn = b.add(op.getXColumn(), b.mul(p, 2));
          Value pair =
              vector::LoadOp::create(b, b.vec(2, b.getBF16Type()), op.getX(),
                                     ValueRange{xRow, xColumn});
          pair = vector::BitCastOp::create(b, b.vec(1, b.getI32Type()), pair);
          pair = vector::BitCastOp::create(
              b, unit, b.broadcast(b.vec(kLanes, b.getI32Type()), pair));
          Value at = b.mul(b.add(b.mul(p, of), t), 2 * kLanes);
          Value w = vector::LoadOp::create(b, unit, op.getWeights(),
                                           b.add(op.getAt(), at));
          return {DotBF16Op::create(b, floats, carried[0], w, pair)};
        };
        sum = b.loop(b.index(0), op.getPairs(), 1, {sum}, dot)[0];
        vector::StoreOp::create(b, sum, op.getSums(), ValueRange{row, column});
      });
    });
    rewriter.eraseOp(op);
    return success();
  }
};

/// tile.dot_bf16 => an fma of the odd numbers, then one of the even ones
struct DotBF16 : OpRewritePattern<DotBF16Op> {
  using OpRewritePattern::OpRewritePattern;
  LogicalResult matchAndRewrite(DotBF16Op op,
                                PatternRewriter &rewriter) const override {
    VectorBuilder b(op, rewriter);
    auto floats = cast<VectorType>(op.getSum().getType());
    auto ints = b.i32s(floats.getDimSize(0));
    Value x = b.bitcast(op.getA(), ints), y = b.bitcast(op.getB(), ints);
    auto even = [&](Value v) { return b.bitcast(b.shift(v, -16), floats); };
    auto odd = [&](Value v) {
      return b.bitcast(b.mask(v, 0xFFFF0000), floats);
    };
    Value sum = math::FmaOp::create(b, odd(x), odd(y), op.getSum());
    rewriter.replaceOpWithNewOp<math::FmaOp>(op, even(x), even(y), sum);
    return success();
  }
};

/// tile.lookup => a binary tree of selects by the bits of the index
struct Lookup : OpRewritePattern<LookupOp> {
  using OpRewritePattern::OpRewritePattern;
  LogicalResult matchAndRewrite(LookupOp op,
                                PatternRewriter &rewriter) const override {
    VectorBuilder b(op, rewriter);
    Type type = op.getType();
    SmallVector<Value> entries;
    for (int8_t entry : op.getTable())
      entries.push_back(b.splat(type, entry));
    for (int bit = 0; entries.size() > 1; ++bit) {
      Value set = arith::CmpIOp::create(b, arith::CmpIPredicate::ne,
                                        b.mask(op.getIndex(), 1 << bit),
                                        b.splat(type, 0));
      SmallVector<Value> half;
      for (size_t i = 0; i < entries.size(); i += 2)
        half.push_back(
            i + 1 < entries.size()
                ? arith::SelectOp::create(b, set, entries[i + 1], entries[i])
                : entries[i]);
      entries = half;
    }
    rewriter.replaceOp(op, entries[0]);
    return success();
  }
};

/// tile.column => shift, mask, and an integer conversion
struct Column : OpRewritePattern<ColumnOp> {
  using OpRewritePattern::OpRewritePattern;
  LogicalResult matchAndRewrite(ColumnOp op,
                                PatternRewriter &rewriter) const override {
    VectorBuilder b(op, rewriter);
    auto floats = cast<VectorType>(op.getType());
    Value u = b.bitcast(op.getSlot(), b.i32s(floats.getDimSize(0)));
    u = b.shift(u, 8 * int(op.getByte()));
    if (op.getByte() < 3)
      u = b.mask(u, 255);
    rewriter.replaceOpWithNewOp<arith::SIToFPOp>(op, floats, u);
    return success();
  }
};

/// tile.to_bf16 => rounding of the bits, and both in one dword
struct ToBF16 : OpRewritePattern<ToBF16Op> {
  using OpRewritePattern::OpRewritePattern;
  LogicalResult matchAndRewrite(ToBF16Op op,
                                PatternRewriter &rewriter) const override {
    VectorBuilder b(op, rewriter);
    auto ints = b.i32s(VectorBuilder::lanes(op.getEven()));
    // Half of the last place, or less where the result is even already. NaNs
    // keep a bit that the rounding cannot carry out of.
    auto round = [&](Value f) -> Value {
      Value v = b.bitcast(f, ints);
      Value half = b.add(b.mask(b.shift(v, 16), 1), b.splat(ints, 0x7FFF));
      Value nan = arith::CmpFOp::create(b, arith::CmpFPredicate::UNO, f, f);
      return arith::SelectOp::create(
          b, nan, b.either(v, b.splat(ints, 0x400000)), b.add(v, half));
    };
    Value pair = b.either(b.shift(round(op.getEven()), 16),
                          b.mask(round(op.getOdd()), 0xFFFF0000));
    rewriter.replaceOp(op, b.bitcast(pair, op.getType()));
    return success();
  }
};
} // namespace

void quern::populateTileToVectorPatterns(RewritePatternSet &patterns) {
  patterns.add<DotI8, DotI8Words, DotI16, DotBF16, MatmulBF16, Lookup, Column,
               ToBF16>(patterns.getContext());
}
