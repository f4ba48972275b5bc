//===- PanelToVector.cpp - Reading panels, in loads and shifts --*- C++ -*-===//
//
// The layout of ir/Panel.h, said once for all targets. With `lane`, elements of
// one row are loaded instead of vectors of sixteen.
//
//===----------------------------------------------------------------------===//
#include "codegen/kernel/TileToVector.h"
#include "codegen/kernel/VectorBuilder.h"
#include "ir/tile/Tile.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"

using namespace mlir;
using namespace quern;
using namespace quern::tile;

namespace {
/// `lanes` elements of `bytes` bytes from byte `at` on; only element `lane` of
/// the sixteen if there is one.
Value loadElements(VectorBuilder &b, Value memory, Value at, Value lane,
                   unsigned bytes) {
  if (lane)
    at = b.add(at, b.mul(lane, bytes));
  return b.load(b.vec((lane ? 1 : kLanes) * bytes, b.getI8Type()), memory, at);
}

/// The floats that bytes mean.
Value decode(VectorBuilder &b, Codec codec, Value bytes) {
  const int64_t n = VectorBuilder::lanes(bytes) / codecBytes(codec);
  auto floats = b.f32s(n), ints = b.i32s(n);
  switch (codec) {
  case Codec::F32:
    return b.bitcast(bytes, floats);
  case Codec::F16:
    return arith::ExtFOp::create(b, floats,
                                 b.bitcast(bytes, b.vec(n, b.getF16Type())));
  case Codec::BF16: {
    Value u = b.bitcast(bytes, b.vec(n, b.getI16Type()));
    return b.bitcast(b.shift(arith::ExtUIOp::create(b, ints, u), -16), floats);
  }
  case Codec::E8M0Half: { // 2^(e - 128): the exponent, but for e of 0 and 1
    Value e = arith::ExtUIOp::create(b, ints, bytes);
    Value normal = b.shift(arith::SubIOp::create(b, e, b.splat(ints, 1)), -23);
    Value tiny = arith::ShLIOp::create(b, b.splat(ints, 0x200000), e);
    Value isTiny = arith::CmpIOp::create(b, arith::CmpIPredicate::ult, e,
                                         b.splat(ints, 2));
    return b.bitcast(arith::SelectOp::create(b, isTiny, tiny, normal), floats);
  }
  case Codec::UE4M3Half: { // as f16 bits it is 2^-7 of what it means
    Value e = arith::ExtUIOp::create(b, ints, bytes);
    Value half = arith::TruncIOp::create(b, b.vec(n, b.getI16Type()),
                                         b.shift(b.mask(e, 0x7F), -7));
    Value f = arith::ExtFOp::create(b, floats,
                                    b.bitcast(half, b.vec(n, b.getF16Type())));
    f = arith::MulFOp::create(b, f, b.splatFloat(floats, 128.0f));
    Value nan = arith::CmpIOp::create(b, arith::CmpIPredicate::eq, e,
                                      b.splat(ints, 0x7F));
    return arith::SelectOp::create(b, nan, b.splatFloat(floats, 0.0f), f);
  }
  }
  llvm_unreachable("unknown codec");
}

/// `count` bytes from `first` on of a piece of 16 bytes or less.
Value sliceOf(VectorBuilder &b, Value piece, int64_t first, int64_t count) {
  if (VectorBuilder::lanes(piece) == count)
    return piece;
  return vector::ExtractStridedSliceOp::create(
      b, piece, ArrayRef<int64_t>{first}, ArrayRef<int64_t>{count},
      ArrayRef<int64_t>{1});
}

/// tile.load_codes => vector.load, one for each bit of a code; of a lane in
/// PanelOrder::Lanes, one for each piece of a plane
struct LoadCodes : OpRewritePattern<LoadCodesOp> {
  using OpRewritePattern::OpRewritePattern;
  LogicalResult matchAndRewrite(LoadCodesOp op,
                                PatternRewriter &rewriter) const override {
    VectorBuilder b(op, rewriter);
    const GroupShape shape = groupShape(op.getGroup());
    SmallVector<Value> packed;
    if (shape.order == PanelOrder::Lanes) {
      if (!op.getLane())
        return rewriter.notifyMatchFailure(op, "requires a lane");
      Value plane = op.getAt();
      for (Plane p : planesOf(shape.codeBits)) {
        const int64_t bytes = 4 * p.width, size = pieceOfLane(bytes);
        for (int64_t first = 0; first < bytes; first += size) {
          Value piece =
              loadElements(b, op.getMemory(), b.add(plane, first * kLanes),
                           op.getLane(), size);
          for (int64_t byte = 0; byte < size; byte += 4)
            packed.push_back(sliceOf(b, piece, byte, 4));
        }
        plane = b.add(plane, bytes * kLanes);
      }
      rewriter.replaceOp(op, packed);
      return success();
    }
    for (unsigned v = 0; v < op.getPacked().size(); ++v)
      packed.push_back(loadElements(b, op.getMemory(),
                                    b.add(op.getAt(), 4 * kLanes * v),
                                    op.getLane(), 4));
    rewriter.replaceOp(op, packed);
    return success();
  }
};

/// tile.unpack_codes => shifts and masks of dwords, and a tile.lookup if the
/// group has a table
struct UnpackCodes : OpRewritePattern<UnpackCodesOp> {
  using OpRewritePattern::OpRewritePattern;
  LogicalResult matchAndRewrite(UnpackCodesOp op,
                                PatternRewriter &rewriter) const override {
    VectorBuilder b(op, rewriter);
    const GroupShape shape = groupShape(op.getGroup());
    auto bytes = cast<VectorType>(op.getSlots()[0].getType());
    auto dwords = b.i32s(bytes.getDimSize(0) / 4);
    SmallVector<Value> slots(kStep / 4);
    auto packed = op.getPacked().begin();
    for (Plane p : planesOf(shape.codeBits)) {
      const unsigned perByte = 8 / p.width;
      const int64_t kept = int64_t((1 << p.width) - 1) << p.shift;
      for (unsigned v = 0; v < p.width; ++v, ++packed)
        for (unsigned t = 0; t < perByte; ++t) {
          Value u = b.shift(b.bitcast(*packed, dwords),
                            int(p.width * t) - int(p.shift));
          if (p.width < 8)
            u = b.mask(u, kept * 0x01010101);
          Value &slot = slots[v * perByte + t];
          slot = b.either(slot, u);
        }
    }
    for (Value &slot : slots)
      slot = lookup(b, shape, b.bitcast(slot, bytes));
    rewriter.replaceOp(op, slots);
    return success();
  }

  /// Tables of more than 16 entries are looked up in pieces.
  static Value lookup(VectorBuilder &b, const GroupShape &shape, Value u) {
    auto piece = [&](Value index, size_t first) {
      SmallVector<int8_t> entries;
      for (size_t i = first; i < std::min(first + 16, shape.table.size()); ++i)
        entries.push_back(int8_t(shape.table[i] + excessOf(shape)));
      return LookupOp::create(b, u.getType(), index, entries).getResult();
    };
    if (shape.table.empty())
      return u;
    if (shape.table.size() <= 16)
      return piece(u, 0);
    Value low = b.mask(u, 15), result = piece(low, 0);
    for (size_t first = 16; first < shape.table.size(); first += 16) {
      Value in = arith::CmpIOp::create(b, arith::CmpIPredicate::uge, u,
                                       b.splat(u.getType(), first));
      result = arith::SelectOp::create(b, in, piece(low, first), result);
    }
    return result;
  }
};

/// tile.load_super => vector.load, and the codec of the factor
struct LoadSuper : OpRewritePattern<LoadSuperOp> {
  using OpRewritePattern::OpRewritePattern;
  LogicalResult matchAndRewrite(LoadSuperOp op,
                                PatternRewriter &rewriter) const override {
    VectorBuilder b(op, rewriter);
    const GroupShape shape = groupShape(op.getGroup());
    const Layout layout = layoutOf(shape);
    const FactorShape &f = op.getOffset() ? *shape.offset : shape.scale;
    const unsigned bytes = codecBytes(f.codec);
    unsigned at = (op.getOffset() ? layout.superOffset : layout.superScale) +
                  kLanes * bytes * op.getIndex();
    Value v = decode(b, f.codec,
                     loadElements(b, op.getMemory(), b.add(op.getRecord(), at),
                                  op.getLane(), bytes));
    if (f.unit == -1.0f)
      v = arith::NegFOp::create(b, v);
    else if (f.unit != 1.0f)
      v = arith::MulFOp::create(b, v, b.splatFloat(v.getType(), f.unit));
    rewriter.replaceOp(op, v);
    return success();
  }
};

/// tile.factor => the bits of the sub-scale from their planes, as f32, times
/// the super-scale
struct FactorOfGroup : OpRewritePattern<FactorOp> {
  using OpRewritePattern::OpRewritePattern;
  LogicalResult matchAndRewrite(FactorOp op,
                                PatternRewriter &rewriter) const override {
    VectorBuilder b(op, rewriter);
    const GroupShape shape = groupShape(op.getGroup());
    const Layout layout = layoutOf(shape);
    const FactorShape &f = op.getOffset() ? *shape.offset : shape.scale;
    if (!f.subBits) {
      rewriter.replaceOp(op, op.getSuper());
      return success();
    }
    const unsigned groups = shape.span / shape.group;
    auto floats = cast<VectorType>(op.getResult().getType());
    auto ints = b.i32s(floats.getDimSize(0));
    Value plane = b.add(op.getRecord(),
                        op.getOffset() ? layout.subOffset : layout.subScale);
    Value sub;
    for (Plane p : planesOf(f.subBits)) {
      Value bit = b.mul(op.getNumber(), p.width), seven = b.index(7),
            three = b.index(3);
      Value byte = b.createOrFold<arith::ShRUIOp>(bit, three);
      Value raw =
          loadElements(b, op.getMemory(), b.add(plane, b.mul(byte, kLanes)),
                       op.getLane(), 1);
      Value v = f.subSigned ? arith::ExtSIOp::create(b, ints, raw).getResult()
                            : arith::ExtUIOp::create(b, ints, raw).getResult();
      if (p.width < 8) {
        Value low = b.createOrFold<arith::AndIOp>(bit, seven);
        Value amount = arith::IndexCastOp::create(b, b.getI32Type(), low);
        v = arith::ShRUIOp::create(
            b, v, vector::BroadcastOp::create(b, ints, amount));
        v = b.shift(b.mask(v, (1 << p.width) - 1), -int(p.shift));
      }
      sub = b.either(sub, v);
      plane = b.add(plane, (groups * p.width + 7) / 8 * kLanes);
    }
    Value v = arith::SIToFPOp::create(b, floats, sub);
    if (f.subBias)
      v = arith::SubFOp::create(b, v, b.splatFloat(floats, f.subBias));
    rewriter.replaceOpWithNewOp<arith::MulFOp>(op, op.getSuper(), v);
    return success();
  }
};

/// tile.load_floats => vector.load, and the codec of the elements
struct LoadFloats : OpRewritePattern<LoadFloatsOp> {
  using OpRewritePattern::OpRewritePattern;
  LogicalResult matchAndRewrite(LoadFloatsOp op,
                                PatternRewriter &rewriter) const override {
    VectorBuilder b(op, rewriter);
    const GroupShape shape = groupShape(op.getGroup());
    Codec codec = shape.element;
    const bool lanes = shape.order == PanelOrder::Lanes;
    if (lanes && !op.getLane())
      return rewriter.notifyMatchFailure(op, "requires a lane");
    Value bytes = loadElements(b, op.getMemory(), op.getAt(), op.getLane(),
                               lanes ? 16 : codecBytes(codec));
    if (lanes)
      bytes = sliceOf(b, bytes, op.getByte(), codecBytes(codec));
    rewriter.replaceOp(op, decode(b, codec, bytes));
    return success();
  }
};

/// tile.prefetch => memref.prefetch of each line, into the second level
struct Prefetch : OpRewritePattern<PrefetchOp> {
  using OpRewritePattern::OpRewritePattern;
  LogicalResult matchAndRewrite(PrefetchOp op,
                                PatternRewriter &rewriter) const override {
    VectorBuilder b(op, rewriter);
    for (int64_t line = 0; line < int64_t(op.getBytes()); line += 64)
      memref::PrefetchOp::create(b, op.getMemory(), b.add(op.getAt(), line),
                                 /*isWrite=*/false, /*localityHint=*/2,
                                 /*isDataCache=*/true);
    rewriter.eraseOp(op);
    return success();
  }
};
} // namespace

void quern::populatePanelToVectorPatterns(RewritePatternSet &patterns) {
  patterns.add<LoadCodes, UnpackCodes, LoadSuper, FactorOfGroup, LoadFloats,
               Prefetch>(patterns.getContext());
}
