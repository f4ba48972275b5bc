//===- ConvertRow.cpp - Columns of a row into a linear's numbers -===//
#include "codegen/cpu/linear/ConvertRow.h"
#include "codegen/kernel/RowIntegers.h"
#include "ir/Panel.h"
#include "ir/RowRecord.h"

using namespace mlir;
using namespace quern;
using namespace quern::cpu;

namespace {
class Converter {
public:
  Converter(KernelBuilder &b, RowsType type, const RowSource &from,
            Value result, Value row)
      : b(b), from(from), y(result), row(row),
        kind(type.getNumber()), columns(type.getColumns()),
        steps((columns + kStep - 1) / kStep),
        floats(b.vec(kLanes, b.getF32Type())),
        ints(b.vec(kLanes, b.getI32Type())) {}

  /// Columns [32 * first, 32 * last).
  void toBF16(Value first, Value last);
  void toIntegers(Value first, Value last);

private:
  Value load(Value column);
  void storeCodes(Value q, Value codesAt, int64_t column);
  void storeHalves(Value q, Value codesAt, int64_t column);
  void storeWords(Value q, Value codesAt, int64_t column);
  void storeScalar(Value v, Value at);

  KernelBuilder &b;
  RowSource from;
  Value y, row;
  const Number kind;
  const int64_t columns, steps;
  VectorType floats, ints;
};

/// Sixteen columns, those beyond the last one zero.
Value Converter::load(Value column) {
  Value v =
      b.load(floats, from.memory, {from.row, b.sub(column, from.firstColumn)});
  if (columns % kStep == 0)
    return v;
  Value left = arith::SubIOp::create(b, b.index(columns), column);
  left = arith::MaxSIOp::create(b, left, b.index(0));
  Value mask = vector::CreateMaskOp::create(b, b.vec(kLanes, b.getI1Type()),
                                            b.min(left, b.index(kLanes)));
  return arith::SelectOp::create(b, mask, v, b.splat(floats, 0));
}

void Converter::toBF16(Value first, Value last) {
  b.loop(b.mul(first, kStep), b.mul(last, kStep), kLanes, [&](Value column) {
    Value v = arith::TruncFOp::create(b, b.vec(kLanes, b.getBF16Type()),
                                      load(column));
    b.store(v, y, {row, column});
  });
}

void Converter::storeScalar(Value v, Value at) {
  Value bytes = vector::BitCastOp::create(
      b, b.vec(4, b.getI8Type()), b.broadcast(b.vec(1, v.getType()), v));
  b.store(bytes, y, at);
}

/// Sixteen columns from `column` of the step on.
void Converter::storeHalves(Value q, Value codesAt, int64_t column) {
  using namespace rowRecord;
  VectorType bytes = b.vec(kLanes, b.getI8Type());
  b.store(arith::TruncIOp::create(b, bytes, highHalves(b, q)), y,
          b.add(codesAt, kHigh + column));
  b.store(arith::TruncIOp::create(b, bytes, q), y,
          b.add(codesAt, kLow + column));
}

void Converter::storeCodes(Value q, Value codesAt, int64_t column) {
  if (kind == Number::I16Words)
    return storeWords(q, codesAt, column);
  if (kind == Number::I16)
    return storeHalves(q, codesAt, column);
  b.store(arith::TruncIOp::create(b, b.vec(kLanes, b.getI8Type()), q), y,
          b.add(codesAt, rowRecord::kHigh + column));
}

void Converter::storeWords(Value q, Value codesAt, int64_t column) {
  SmallVector<int64_t> order;
  for (int64_t four = 0; four < int64_t(kLanes); four += 4)
    for (int64_t c : rowRecord::kWordOrder)
      order.push_back(four + c);
  Value words = arith::TruncIOp::create(
      b, b.vec(kLanes, b.getI16Type()), vector::ShuffleOp::create(b, q, q, order));
  b.store(vector::BitCastOp::create(b, b.vec(2 * kLanes, b.getI8Type()), words),
          y, b.add(codesAt, 2 * column));
}

/// The record of one row and step; see RowsType.
void Converter::toIntegers(Value first, Value last) {
  using namespace rowRecord;
  Value inBlock = b.rem(row, kRows),
        block = b.mul(b.div(row, kRows), steps * kBytes);
  Value codes = b.add(block, b.mul(inBlock, kCodes));
  Value scales = b.add(b.add(block, kScalesAt), b.mul(inBlock, kScales));
  Type i32 = b.getI32Type(), f32 = b.getF32Type();
  b.loop(first, last, 1, [&](Value s) {
    Value column = b.mul(s, kStep), half[2];
    Value most;
    for (int h = 0; h < 2; ++h) {
      half[h] = load(b.add(column, h * kLanes));
      Value bits = vector::BitCastOp::create(b, ints, half[h]);
      bits = arith::AndIOp::create(b, bits, b.splat(ints, 0x7FFFFFFF));
      most = most ? arith::MaxUIOp::create(b, most, bits).getResult() : bits;
    }
    most = vector::ReductionOp::create(b, vector::CombiningKind::MAXUI, most);
    RowScale scale = rowScale(b, kind, most);
    Value sum[3];
    Value at = b.mul(s, kBytes), codesAt = b.add(codes, at),
          scalesAt = b.add(scales, at);
    for (int h = 0; h < 2; ++h) {
      Value q = rowIntegers(b, scale, half[h]);
      storeCodes(q, codesAt, h * kLanes);
      sum[h] = vector::ReductionOp::create(b, vector::CombiningKind::ADD, q);
    }
    sum[2] = arith::AddIOp::create(b, sum[0], sum[1]);
    storeScalar(scale.scale, b.add(scalesAt, kScale));
    for (int i = 0; i < 3; ++i) {
      Value f = arith::SIToFPOp::create(b, f32, sum[i]);
      storeScalar(arith::MulFOp::create(b, scale.scale, f),
                  b.add(scalesAt, kScaledSums + 4 * i));
      storeScalar(sum[i], b.add(scalesAt, kSums + 4 * i));
    }
    storeScalar(arith::ConstantIntOp::create(b, i32, 0),
                b.add(scalesAt, kZero));
  });
}
} // namespace

void quern::cpu::convertColumns(KernelBuilder &b, RowsType type,
                                const RowSource &from, Value result, Value row,
                                Value first, Value last) {
  Converter converter(b, type, from, result, row);
  Value firstStep = b.div(first, kStep),
        lastStep = b.div(b.add(last, kStep - 1), kStep);
  if (type.getNumber() == Number::BF16)
    converter.toBF16(firstStep, lastStep);
  else
    converter.toIntegers(firstStep, lastStep);
}
