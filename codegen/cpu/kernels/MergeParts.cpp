//===- MergeParts.cpp - Attention of its parts ----------------------------===//
//
// A task is a query head of a row. Parts are combined in their order:
//
//     y = sum of o * e^(m - M)  /  sum of l * e^(m - M)
//
// A part that has no keys has an l of 0, and neither its m nor its o counts.
//
//===----------------------------------------------------------------------===//
#include "codegen/cpu/attention/Lanes.h"
#include "ir/Elementwise.h"

using namespace mlir;
using namespace quern;
using namespace quern::cpu;

bool quern::cpu::takesMergeParts(KernelOp kernel) {
  Operation &op = kernel.getBody().front().front();
  return isa<MergePartsOp>(op) &&
         op.getNextNode()->hasTrait<OpTrait::IsTerminator>();
}

namespace {
class Merger {
public:
  explicit Merger(KernelBuilder &b)
      : b(b), op(cast<MergePartsOp>(b.body().front())),
        size(int64_t(op.getSize())), parts(int64_t(op.getParts())),
        columns(columnsOf(op.getResult().getType())),
        input(b.memory(op.getInput())) {}
  void emit();

private:
  void emitHead(Value row, Value head);
  /// Column `column` of a part: o, then m, then l.
  Value number(Value row, Value part, int64_t column) {
    Value at = b.add(b.mul(part, size + 2), column);
    return memref::LoadOp::create(b, input, ValueRange{row, at});
  }
  Value hasKeys(Value l) {
    Value zero = arith::ConstantOp::create(b, b.getF32FloatAttr(0));
    return arith::CmpFOp::create(b, arith::CmpFPredicate::UNE, l, zero);
  }

  KernelBuilder &b;
  MergePartsOp op;
  const int64_t size, parts, columns;
  Value input;
};
} // namespace

void Merger::emitHead(Value row, Value head) {
  auto floats = [&]() -> FloatBuilder { // where b stands
    return {op, b, b.splat(lanes(b), 0)};
  };
  Value first = b.mul(head, parts), end = b.add(first, parts);
  Value none = arith::ConstantOp::create(
      b, b.getF32FloatAttr(-std::numeric_limits<float>::infinity()));
  Value top = b.loop(first, end, 1, {none}, [&](Value part, ValueRange carried) {
    Value m = arith::SelectOp::create(b, hasKeys(number(row, part, size + 1)),
                                      number(row, part, size), none);
    return SmallVector<Value>{larger(b, m, carried[0])};
  })[0];
  const int64_t pieces = piecesOf(size);
  // The sums of each piece, and of l, on all lanes.
  SmallVector<Value> sums(size_t(pieces) + 1, b.splat(lanes(b), 0));
  sums = b.loop(first, end, 1, sums, [&](Value part, ValueRange carried) {
    // Most parts of a short sequence have no keys.
    Value l = number(row, part, size + 1);
    auto some = scf::IfOp::create(b, carried.getTypes(), hasKeys(l),
                                  /*addThenBlock=*/true, /*addElseBlock=*/true);
    OpBuilder::InsertionGuard guard(b);
    b.setInsertionPointToStart(some.thenBlock());
    SmallVector<Value> next(carried);
    Value away = arith::SubFOp::create(b, number(row, part, size), top);
    Value weight = floats().exp(b.broadcast(lanes(b), away));
    auto add = [&](Value v, Value &sum) { sum = floats().fma(v, weight, sum); };
    Value at = b.mul(part, size + 2);
    for (int64_t i = 0; i < pieces; ++i)
      add(loadLanes(b, input, {row, b.add(at, i * kWidth)}, lanesOf(size, i)),
          next[size_t(i)]);
    add(b.broadcast(lanes(b), l), next.back());
    scf::YieldOp::create(b, next);
    b.setInsertionPointToStart(some.elseBlock());
    scf::YieldOp::create(b, carried);
    return SmallVector<Value>(some.getResults());
  });
  // As Attend::finish does: rows that see one part have the bits of one phase.
  Value column = b.mul(head, size);
  Value inverse = floats().div(floats().constant(1), sums.back());
  for (int64_t i = 0; i < pieces; ++i) {
    Value y = floats().mul(sums[size_t(i)], inverse);
    y = floats().add(y, b.splat(lanes(b), 0));
    storeLanes(b, y, b.result(0), {row, b.add(column, i * kWidth)},
               lanesOf(size, i));
  }
}

void Merger::emit() {
  const int64_t heads = columns / size;
  b.choose("a head of a row");
  b.because("the second phase of attention in parts");
  auto [from, to] = b.share(b.mul(b.rows, heads));
  b.loop(from, to, 1, [&](Value task) {
    Value row = b.div(task, heads), head = b.rem(task, heads);
    emitHead(row, head);
    if (rowStride(columns) == columns)
      return;
    Value last = arith::CmpIOp::create(b, arith::CmpIPredicate::eq, head,
                                       b.index(heads - 1));
    b.when(last, [&] { zeroPadding(b, b.result(0), row, columns); });
  });
}

LogicalResult quern::cpu::lowerMergeParts(KernelBuilder &b) {
  Merger(b).emit();
  return success();
}
