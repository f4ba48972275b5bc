//===- Convert.cpp - Activations in the arithmetic of a linear -------------===//
//
//     %y = quern.convert %x : tensor<?xKxf32> -> !quern.rows<K, bf16 or i16>
//
// Workers share rows. Columns beyond K are zero in the result, whatever lies in
// the operand's padding.
//
//===----------------------------------------------------------------------===//
#include "codegen/cpu/Kernel.h"
#include "ir/Panel.h"
#include "mlir/Dialect/Math/IR/Math.h"

using namespace mlir;
using namespace quern;
using namespace quern::cpu;

bool quern::cpu::takesConvert(KernelOp kernel) {
  Operation &op = kernel.getBody().front().front();
  return isa<ConvertOp>(op) && op.getNextNode()->hasTrait<OpTrait::IsTerminator>();
}

namespace {
class Converter {
public:
  Converter(KernelBuilder &b, ConvertOp op)
      : b(b), x(b.memory(op.getInput())), y(b.result(0)),
        columns(op.getResult().getType().getColumns()),
        steps((columns + kStep - 1) / kStep), floats(b.vec(kLanes, b.getF32Type())),
        ints(b.vec(kLanes, b.getI32Type())) {}

  void toBF16(Value row);
  void toI16(Value row);

private:
  Value load(Value row, Value column);
  void storeBytes(Value v, Value at);
  void storeScalar(Value v, Value at);

  KernelBuilder &b;
  Value x, y;
  const int64_t columns, steps;
  VectorType floats, ints;
};

/// Sixteen columns, those beyond the last one zero.
Value Converter::load(Value row, Value column) {
  Value v = b.load(floats, x, {row, column});
  if (columns % kStep == 0)
    return v;
  Value left = arith::SubIOp::create(b, b.index(columns), column);
  left = arith::MaxSIOp::create(b, left, b.index(0));
  Value mask = vector::CreateMaskOp::create(
      b, b.vec(kLanes, b.getI1Type()), b.min(left, b.index(kLanes)));
  return arith::SelectOp::create(b, mask, v, b.splat(floats, 0));
}

void Converter::toBF16(Value row) {
  b.loop(b.index(0), b.index(steps * kStep), kLanes, [&](Value column) {
    Value v = arith::TruncFOp::create(b, b.vec(kLanes, b.getBF16Type()), load(row, column));
    b.store(v, y, {row, column});
  });
}

void Converter::storeScalar(Value v, Value at) {
  Value bytes = vector::BitCastOp::create(b, b.vec(4, b.getI8Type()),
                                          b.broadcast(b.vec(1, v.getType()), v));
  b.store(bytes, y, at);
}

/// The record of one row and step; see RowsType.
void Converter::toI16(Value row) {
  constexpr int64_t kRecord = 768, kScales = 512;
  Value inBlock = b.rem(row, 8), block = b.mul(b.div(row, 8), steps * kRecord);
  Value codes = b.add(block, b.mul(inBlock, 64));
  Value scales = b.add(b.add(block, kScales), b.mul(inBlock, 32));
  Type i32 = b.getI32Type(), f32 = b.getF32Type(), i8 = b.getI8Type();
  auto scalar = [&](float v) {
    return arith::ConstantOp::create(b, b.getF32FloatAttr(v)).getResult();
  };
  b.loop(b.index(0), b.index(steps), 1, [&](Value s) {
    Value column = b.mul(s, kStep), half[2];
    // The bits of |x| are in the order of the numbers, NaNs above all others.
    Value most;
    for (int h = 0; h < 2; ++h) {
      half[h] = load(row, b.add(column, h * kLanes));
      Value bits = vector::BitCastOp::create(b, ints, half[h]);
      bits = arith::AndIOp::create(b, bits, b.splat(ints, 0x7FFFFFFF));
      most = most ? arith::MaxUIOp::create(b, most, bits).getResult() : bits;
    }
    most = vector::ReductionOp::create(b, vector::CombiningKind::MAXUI, most);
    Value scale = arith::DivFOp::create(b, arith::BitcastOp::create(b, f32, most), scalar(32512));
    // Below the least normal number a scale is too coarse: take zero.
    Value tiny = arith::CmpFOp::create(b, arith::CmpFPredicate::OLT, scale, scalar(0x1p-126f));
    scale = arith::SelectOp::create(b, tiny, scalar(0), scale);
    Value divisor = arith::SelectOp::create(b, tiny, scalar(1), scale), sum[3];
    Value at = b.mul(s, kRecord), codesAt = b.add(codes, at), scalesAt = b.add(scales, at);
    for (int h = 0; h < 2; ++h) {
      Value q = arith::DivFOp::create(b, half[h], b.broadcast(floats, divisor));
      q = arith::FPToSIOp::create(b, ints, math::RoundEvenOp::create(b, q));
      q = arith::SelectOp::create(b, b.broadcast(b.vec(kLanes, b.getI1Type()), tiny),
                                  b.splat(ints, 0), q);
      // high = (q - low) / 256, with low as a signed byte.
      Value high = arith::AddIOp::create(b, q, b.splat(ints, 128));
      high = arith::ShRSIOp::create(b, high, b.splat(ints, 8));
      VectorType bytes = b.vec(kLanes, i8);
      b.store(arith::TruncIOp::create(b, bytes, high), y, b.add(codesAt, h * kLanes));
      b.store(arith::TruncIOp::create(b, bytes, q), y, b.add(codesAt, kStep + h * kLanes));
      sum[h] = vector::ReductionOp::create(b, vector::CombiningKind::ADD, q);
    }
    sum[2] = arith::AddIOp::create(b, sum[0], sum[1]);
    storeScalar(scale, scalesAt);
    for (int i = 0; i < 3; ++i) {
      Value f = arith::SIToFPOp::create(b, f32, sum[i]);
      storeScalar(arith::MulFOp::create(b, scale, f), b.add(scalesAt, 4 + 4 * i));
      storeScalar(sum[i], b.add(scalesAt, 16 + 4 * i));
    }
    storeScalar(arith::ConstantIntOp::create(b, i32, 0), b.add(scalesAt, 28));
  });
}
} // namespace

LogicalResult quern::cpu::lowerConvert(KernelBuilder &b) {
  auto op = cast<ConvertOp>(b.body().front());
  Converter converter(b, op);
  const bool bf16 = op.getResult().getType().getNumber() == Number::BF16;
  auto [from, to] = b.share(b.rows);
  b.loop(from, to, 1, [&](Value row) {
    bf16 ? converter.toBF16(row) : converter.toI16(row);
  });
  return success();
}
