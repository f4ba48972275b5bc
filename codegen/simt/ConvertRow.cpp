//===- ConvertRow.cpp - Columns of a row as integers ----------------------===//
#include "codegen/simt/ConvertRow.h"
#include "codegen/kernel/RowIntegers.h"
#include "ir/RowRecord.h"

using namespace mlir;
using namespace quern;
using namespace quern::simt;

constexpr int64_t kColumns = 4;                // of a thread
constexpr int64_t kThreads = kStep / kColumns; // of a step

RowConverter::RowConverter(KernelBuilder &b, RowsType type, Value result)
    : b(b), kind(type.getNumber()), result(result), columns(type.getColumns()),
      steps((columns + kStep - 1) / kStep),
      chunkColumns(b.shared({b.chip.threads * kColumns}, b.getF32Type())),
      greatest(b.shared({b.chip.threads}, b.getI32Type())),
      sums(b.shared({b.chip.threads}, b.getI32Type())) {}

int64_t RowConverter::chunks() const {
  const int64_t stepsOfChunk = b.chip.threads / kThreads;
  return (steps + stepsOfChunk - 1) / stepsOfChunk;
}

SmallVector<Value> RowConverter::ofStep(Value shared) {
  Value first = b.mul(b.div(b.thread, kThreads), kThreads);
  SmallVector<Value> numbers;
  for (int64_t i = 0; i < kThreads; ++i)
    numbers.push_back(b.load(shared, b.add(first, i)));
  return numbers;
}

/// Four columns; those beyond the last one are zero.
Value RowConverter::columnsOfThread(Value chunk,
                                    function_ref<Value(Value)> one) {
  const int64_t threads = b.chip.threads;
  for (int64_t i = 0; i < kColumns; ++i) {
    Value place = b.add(b.thread, i * threads);
    Value column = b.add(b.mul(chunk, threads * kColumns), place);
    Value isThere = b.less(column, b.index(columns));
    Value x = one(b.min(column, b.index(columns - 1)));
    b.store(arith::SelectOp::create(b, isThere, x, b.number(0)), chunkColumns,
            place);
  }
  b.barrier();
  SmallVector<Value, kColumns> four;
  for (int64_t c = 0; c < kColumns; ++c)
    four.push_back(b.load(chunkColumns, b.add(b.mul(b.thread, kColumns), c)));
  return vector::FromElementsOp::create(b, b.vec(kColumns, b.getF32Type()),
                                        four);
}

void RowConverter::storeWord(Value word, Value at) {
  VectorType bytes = b.vec(4, b.getI8Type());
  if (word.getType() != bytes)
    word = vector::BitCastOp::create(
        b, bytes, b.broadcast(b.vec(1, word.getType()), word));
  vector::StoreOp::create(b, word, result, at);
}

void RowConverter::convert(Value row, Value chunk,
                           function_ref<Value(Value)> one) {
  using namespace rowRecord;
  const int64_t stepsOfChunk = b.chip.threads / kThreads;
  Value inStep = b.rem(b.thread, kThreads);
  Value step = b.add(b.mul(chunk, stepsOfChunk), b.div(b.thread, kThreads));
  Value isThere = b.less(step, b.index(steps));
  Value x = columnsOfThread(chunk, one);
  VectorType ints = b.vec(kColumns, b.getI32Type());
  Value bits = vector::BitCastOp::create(b, ints, x);
  bits = arith::AndIOp::create(b, bits, b.splat(ints, 0x7FFFFFFF));
  b.store(vector::ReductionOp::create(b, vector::CombiningKind::MAXUI, bits),
          greatest, b.thread);
  b.barrier();
  Value most;
  for (Value other : ofStep(greatest))
    most = most ? b.max(most, other) : other;
  RowScale scale = rowScale(b, kind, most);
  Value q = rowIntegers(b, scale, x);
  b.store(vector::ReductionOp::create(b, vector::CombiningKind::ADD, q), sums,
          b.thread);
  b.barrier();
  Value number = b.add(b.mul(b.div(row, kRows), steps), step);
  Value record = b.mul(number, kBytes), inBlock = b.rem(row, kRows);
  b.when(isThere, [&] {
    Value codes =
        b.add(b.add(record, b.mul(inBlock, kCodes)), b.mul(inStep, kColumns));
    VectorType bytes = b.vec(kColumns, b.getI8Type());
    auto store = [&](Value part, int64_t place) {
      storeWord(arith::TruncIOp::create(b, bytes, part), b.add(codes, place));
    };
    store(kind == Number::I8 ? q : highHalves(b, q), kHigh);
    if (kind == Number::I16)
      store(q, kLow);
  });
  Value isFirst =
      arith::CmpIOp::create(b, arith::CmpIPredicate::eq, inStep, b.index(0));
  b.when(arith::AndIOp::create(b, isThere, isFirst), [&] {
    Value at = b.add(b.add(record, kScalesAt), b.mul(inBlock, kScales));
    SmallVector<Value> parts = ofStep(sums);
    Value half[2];
    for (auto [i, part] : llvm::enumerate(parts)) {
      Value &sum = half[i / (kThreads / 2)];
      sum = sum ? b.add(sum, part) : part;
    }
    const Value sumOf[] = {half[0], half[1], b.add(half[0], half[1])};
    storeWord(scale.scale, b.add(at, kScale));
    for (auto [i, sum] : llvm::enumerate(sumOf)) {
      Value f = arith::SIToFPOp::create(b, b.getF32Type(), sum);
      storeWord(arith::MulFOp::create(b, scale.scale, f),
                b.add(at, kScaledSums + 4 * int64_t(i)));
      storeWord(sum, b.add(at, kSums + 4 * int64_t(i)));
    }
    storeWord(arith::ConstantIntOp::create(b, b.getI32Type(), 0),
              b.add(at, kZero));
  });
}
