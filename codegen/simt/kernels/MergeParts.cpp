//===- MergeParts.cpp - Attention of its parts ----------------------------===//
//
// A workgroup for each query head of each row, a thread for each column of the head.
// Parts are combined in their order:
//
//     y = sum of o * e^(m - M)  /  sum of l * e^(m - M)
//
// A part that has no keys has an l of 0, and neither its m nor its o counts.
//
//===----------------------------------------------------------------------===//
#include "codegen/simt/Kernel.h"
#include "ir/Elementwise.h"

using namespace mlir;
using namespace quern;
using namespace quern::simt;

bool quern::simt::takesMergeParts(KernelOp kernel, const Capabilities &) {
  Operation &op = kernel.getBody().front().front();
  return isa<MergePartsOp>(op) &&
         op.getNextNode()->hasTrait<OpTrait::IsTerminator>();
}

LogicalResult quern::simt::lowerMergeParts(KernelBuilder &b) {
  auto op = cast<MergePartsOp>(b.body().front());
  const int64_t size = int64_t(op.getSize()), parts = int64_t(op.getParts());
  Value input = b.memory(op.getInput()), zero = b.number(0);
  auto floats = [&]() -> FloatBuilder {
    return {op, b, zero};
  }; // where b stands
  auto select = [&](Value condition, Value yes, Value no) -> Value {
    return arith::SelectOp::create(b, condition, yes, no);
  };
  auto isLarger = [&](Value x, Value y) -> Value {
    return arith::CmpFOp::create(b, arith::CmpFPredicate::OGT, x, y);
  };
  b.launchOverRows(columnsOf(op.getResult().getType()) / size);
  Value begin = b.mul(b.task, parts * (size + 2));
  /// Column `column` of the part, and whether it has keys.
  auto at = [&](Value part, Value column) {
    return b.load(input,
                  {b.item, b.add(b.add(begin, b.mul(part, size + 2)), column)});
  };
  Value m = b.index(size), l = b.index(size + 1);
  auto hasKeys = [&](Value part) -> Value { // a NaN has come of some
    return arith::CmpFOp::create(b, arith::CmpFPredicate::UNE, at(part, l),
                                 zero);
  };
  Value none = b.number(kNoScore);
  auto over = [&](SmallVector<Value> sums, auto body) {
    return b.loop(b.index(0), b.index(parts), 1, sums, body);
  };
  Value top = over({none}, [&](Value part, ValueRange carried) {
    Value here = select(hasKeys(part), at(part, m), none);
    return SmallVector<Value>{
        select(isLarger(here, carried[0]), here, carried[0])};
  })[0];
  b.eachOfThreads(size, [&](Value column) {
    auto sums = over({zero, zero}, [&](Value part, ValueRange carried) {
      Value some = hasKeys(part);
      Value weight = floats().exp(floats().sub(at(part, m), top));
      return SmallVector<Value>{
          select(some, floats().fma(at(part, column), weight, carried[0]),
                 carried[0]),
          select(some, floats().fma(at(part, l), weight, carried[1]),
                 carried[1])};
    });
    b.store(floats().div(sums[0], sums[1]), b.result(0),
            {b.item, b.add(b.mul(b.task, size), column)});
  });
  return success();
}
