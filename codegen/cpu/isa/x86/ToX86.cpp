//===- ToX86.cpp - Tile ops as instructions of x86 --------------*- C++ -*-===//
//
// One pattern an instruction, each added only for chips that have it. Vectors
// of 64 bytes; anything else is left to the generic patterns.
//
//===----------------------------------------------------------------------===//
#include "codegen/cpu/isa/x86/ToX86.h"
#include "codegen/cpu/tile/Intrinsics.h"
#include "ir/tile/Tile.h"

using namespace mlir;
using namespace quern;
using namespace quern::cpu;
using namespace quern::tile;

namespace {
/// The sums of adjacent products of words: vpmaddwd (AVX2, AVX-512).
Value multiplyAdd(VectorBuilder &b, Value x, Value y, bool avx512) {
  if (avx512)
    return intrinsic(b, "llvm.x86.avx512.pmaddw.d.512", b.i32s(16), {x, y});
  return inPieces(b, {x, y}, {16, 16}, 2, [&](ArrayRef<Value> v) {
    return intrinsic(b, "llvm.x86.avx2.pmadd.wd", b.i32s(8), {v[0], v[1]});
  });
}

/// An instruction of VNNI, called "vpdpbusd" or so, of all 64 bytes or of each 32
/// (AVX-VNNI). LLVM has one name for both encodings.
Value vnni(VectorBuilder &b, StringRef name, ArrayRef<Value> operands,
           bool avx512) {
  auto call = [&](ArrayRef<Value> v) {
    auto type = b.i32s(avx512 ? 16 : 8);
    return intrinsic(b,
                     ("llvm.x86.avx512." + name + (avx512 ? ".512" : ".256"))
                         .str(),
                     type, v);
  };
  if (avx512)
    return call(operands);
  SmallVector<int64_t> half;
  for (Value v : operands)
    half.push_back(VectorBuilder::lanes(v) / 2);
  return inPieces(b, operands, half, 2, call);
}

/// tile.dot_i8 => vpdpbusd (VNNI)
struct DotI8Vnni : OpRewritePattern<DotI8Op> {
  DotI8Vnni(MLIRContext *context, bool avx512)
      : OpRewritePattern(context, kBest), avx512(avx512) {}
  LogicalResult matchAndRewrite(DotI8Op op,
                                PatternRewriter &rewriter) const override {
    if (VectorBuilder::lanes(op.getSum()) != 16)
      return rewriter.notifyMatchFailure(op, "not a vector of 64 bytes");
    VectorBuilder b(op, rewriter);
    rewriter.replaceOp(
        op, vnni(b, "vpdpbusd", {op.getSum(), op.getCodes(), op.getValues()},
                 avx512));
    return success();
  }
  bool avx512;
};

/// tile.dot_i8 => 16-bit products of even and of odd bytes, summed in pairs by
/// vpmaddwd (AVX2, AVX-512). vpmaddubsw would saturate.
struct DotI8MultiplyAdd : OpRewritePattern<DotI8Op> {
  DotI8MultiplyAdd(MLIRContext *context, bool avx512)
      : OpRewritePattern(context, kBetter), avx512(avx512) {}
  LogicalResult matchAndRewrite(DotI8Op op,
                                PatternRewriter &rewriter) const override {
    const int64_t n = VectorBuilder::lanes(op.getSum());
    if (n != 16)
      return rewriter.notifyMatchFailure(op, "not a vector of 64 bytes");
    VectorBuilder b(op, rewriter);
    auto words = b.vec(2 * n, b.getI16Type());
    Value u = b.bitcast(op.getCodes(), words),
          x = b.bitcast(op.getValues(), words);
    auto sign = [&](Value v) -> Value {
      return arith::ShRSIOp::create(b, v, b.splat(words, 8));
    };
    Value even =
        multiplyAdd(b, b.mask(u, 255), sign(b.shift(x, -8)), avx512);
    Value odd = multiplyAdd(b, b.shift(u, 8), sign(x), avx512);
    rewriter.replaceOp(op, b.add(op.getSum(), b.add(even, odd)));
    return success();
  }
  bool avx512;
};

/// tile.dot_i8_words => vpmaddubsw and an addition (AVX2, AVX-512)
struct DotI8WordsMultiplyAdd : OpRewritePattern<DotI8WordsOp> {
  DotI8WordsMultiplyAdd(MLIRContext *context, bool avx512)
      : OpRewritePattern(context, kBetter), avx512(avx512) {}
  LogicalResult matchAndRewrite(DotI8WordsOp op,
                                PatternRewriter &rewriter) const override {
    if (VectorBuilder::lanes(op.getCodes()) != 64)
      return rewriter.notifyMatchFailure(op, "not a vector of 64 bytes");
    VectorBuilder b(op, rewriter);
    const int64_t bytes = avx512 ? 64 : 32;
    Value products = inPieces(
        b, {op.getCodes(), op.getValues()}, {bytes, bytes}, 64 / bytes,
        [&](ArrayRef<Value> v) {
          return intrinsic(b,
                           avx512 ? "llvm.x86.avx512.pmaddubs.w.512"
                                  : "llvm.x86.avx2.pmadd.ub.sw",
                           b.vec(bytes / 2, b.getI16Type()), {v[0], v[1]});
        });
    rewriter.replaceOp(op, b.add(op.getSum(), products));
    return success();
  }
  bool avx512;
};

/// tile.dot_i16 => vpdpwssd (VNNI), or vpmaddwd and an addition
struct DotI16Words : OpRewritePattern<DotI16Op> {
  DotI16Words(MLIRContext *context, bool avx512, bool hasVnni)
      : OpRewritePattern(context, kBetter), avx512(avx512), hasVnni(hasVnni) {}
  LogicalResult matchAndRewrite(DotI16Op op,
                                PatternRewriter &rewriter) const override {
    if (VectorBuilder::lanes(op.getSum()) != 16)
      return rewriter.notifyMatchFailure(op, "not a vector of 64 bytes");
    VectorBuilder b(op, rewriter);
    Value sum = op.getSum(), x = op.getA(), y = op.getB();
    rewriter.replaceOp(op, hasVnni ? vnni(b, "vpdpwssd", {sum, x, y}, avx512)
                                   : b.add(sum, multiplyAdd(b, x, y, avx512)));
    return success();
  }
  bool avx512, hasVnni;
};

/// tile.dot_bf16 => vdpbf16ps
struct DotBF16Native : OpRewritePattern<DotBF16Op> {
  using OpRewritePattern::OpRewritePattern;
  LogicalResult matchAndRewrite(DotBF16Op op,
                                PatternRewriter &rewriter) const override {
    if (VectorBuilder::lanes(op.getSum()) != 16)
      return rewriter.notifyMatchFailure(op, "not a vector of 64 bytes");
    VectorBuilder b(op, rewriter);
    rewriter.replaceOp(op, intrinsic(b, "llvm.x86.avx512bf16.dpbf16ps.512",
                                     op.getType(),
                                     {op.getSum(), op.getA(), op.getB()}));
    return success();
  }
};

/// tile.to_bf16 => vcvtne2ps2bf16, which puts the numbers of one operand after
/// those of the other, and a permutation
struct ToBF16Native : OpRewritePattern<ToBF16Op> {
  using OpRewritePattern::OpRewritePattern;
  LogicalResult matchAndRewrite(ToBF16Op op,
                                PatternRewriter &rewriter) const override {
    if (VectorBuilder::lanes(op.getEven()) != 16)
      return rewriter.notifyMatchFailure(op, "not vectors of 64 bytes");
    VectorBuilder b(op, rewriter);
    Value both = intrinsic(b, "llvm.x86.avx512bf16.cvtne2ps2bf16.512",
                           op.getType(), {op.getOdd(), op.getEven()});
    SmallVector<int64_t> order;
    for (int64_t n = 0; n < 16; ++n)
      order.append({n, 16 + n});
    rewriter.replaceOpWithNewOp<vector::ShuffleOp>(op, both, both, order);
    return success();
  }
};

/// tile.lookup => vpshufb with the table in every 16 bytes
struct LookupShuffle : OpRewritePattern<LookupOp> {
  LookupShuffle(MLIRContext *context, bool avx512)
      : OpRewritePattern(context, kBetter), avx512(avx512) {}
  LogicalResult matchAndRewrite(LookupOp op,
                                PatternRewriter &rewriter) const override {
    if (VectorBuilder::lanes(op.getIndex()) != 64)
      return rewriter.notifyMatchFailure(op, "not a vector of 64 bytes");
    VectorBuilder b(op, rewriter);
    const unsigned bytes = avx512 ? 64 : 32;
    SmallVector<int8_t> repeated(bytes);
    for (unsigned i = 0; i < bytes; ++i)
      repeated[i] = i % 16 < op.getTable().size() ? op.getTable()[i % 16] : 0;
    auto type = b.vec(bytes, b.getI8Type());
    Value table = arith::ConstantOp::create(
        b, DenseElementsAttr::get(type, ArrayRef<int8_t>(repeated)));
    auto shuffle = [&](ArrayRef<Value> v) {
      return intrinsic(
          b, avx512 ? "llvm.x86.avx512.pshuf.b.512" : "llvm.x86.avx2.pshuf.b",
          type, {table, v[0]});
    };
    rewriter.replaceOp(op, inPieces(b, {Value(op.getIndex())}, {int64_t(bytes)},
                                    64 / bytes, shuffle));
    return success();
  }
  bool avx512;
};

/// tile.column => vpdpbusd (AVX-512 VNNI) with a 1 for the byte and 0 for the others:
/// one instruction instead of a shift and a mask
struct ColumnVnni : OpRewritePattern<ColumnOp> {
  using OpRewritePattern::OpRewritePattern;
  LogicalResult matchAndRewrite(ColumnOp op,
                                PatternRewriter &rewriter) const override {
    if (VectorBuilder::lanes(op.getSlot()) != 64 || op.getByte() == 3)
      return rewriter.notifyMatchFailure(op, "a shift alone, or not 64 bytes");
    VectorBuilder b(op, rewriter);
    auto ints = b.i32s(16);
    Value one = b.bitcast(b.splat(ints, int64_t(1) << (8 * op.getByte())),
                          cast<VectorType>(op.getSlot().getType()));
    Value u = intrinsic(b, "llvm.x86.avx512.vpdpbusd.512", ints,
                        {b.splat(ints, 0), op.getSlot(), one});
    rewriter.replaceOpWithNewOp<arith::SIToFPOp>(op, op.getType(), u);
    return success();
  }
};
} // namespace

void quern::cpu::populateTileToX86Patterns(RewritePatternSet &patterns,
                                           const Chip &chip) {
  MLIRContext *context = patterns.getContext();
  const bool avx512 = chip.vectors > 8, vnni = chip.dotsBytes;
  // AVX2 is what the least of the chips has.
  patterns.add<DotI8MultiplyAdd, DotI8WordsMultiplyAdd, LookupShuffle>(context, avx512);
  patterns.add<DotI16Words>(context, avx512, vnni);
  if (vnni)
    patterns.add<DotI8Vnni>(context, avx512);
  if (vnni && avx512)
    patterns.add<ColumnVnni>(context, kBest);
  if (chip.dotsBF16)
    patterns.add<DotBF16Native, ToBF16Native>(context, kBest);
  if (chip.multipliesBF16)
    populateTileToAmxPatterns(patterns);
}
