//===- Linear.cpp - Products with packed weights --------------------------===//
//
//     y[r, n] = sum over k of x[r, k] * w[n, k]
//
// A task is a panel of 16 weight rows, an item up to kRows rows of activations. A
// thread is a lane of the panel and a *slice* of its columns: of the steps of 32
// columns it takes every `slices`-th one, decodes its weight row's part of it to
// f32 and multiplies that with all rows of the item. So sixteen threads read what
// lies beside each other, and every byte of the panel is read once for the item.
//
//     thread    0 .. 15   16 .. 31   32 .. 47  ...
//     lane      0 .. 15    0 .. 15    0 .. 15
//     steps     0, 8, ..   1, 9, ..   2, 10, ..        with 128 threads
//
// The slices' sums go to shared memory and are added there in order of the slices,
// whatever the number of rows: a row's bits do not depend on it.
//
//===----------------------------------------------------------------------===//
#include "codegen/simt/Kernel.h"
#include "mlir/Dialect/Math/IR/Math.h"

using namespace mlir;
using namespace quern;
using namespace quern::simt;

namespace {
constexpr int64_t kRows = 8; // of activations, of an item

class LinearEmitter {
public:
  explicit LinearEmitter(KernelBuilder &b)
      : b(b), roots(llvm::to_vector(b.body().getOps<LinearOp>())),
        input(b.memory(roots.front().getInput())),
        slices(b.chip.threads / kLanes), lane(b.rem(b.thread, kLanes)),
        slice(b.div(b.thread, kLanes)) {}

  void emit();

private:
  void emitRows(Value firstRow, int64_t rows);
  SmallVector<Value> sums(LinearOp root, ValueRange inputRows);
  void multiply(PanelReader &w, Value step, int64_t columns,
                ValueRange inputRows, MutableArrayRef<Value> sums);
  void finish(Value firstRow, int64_t rows);

  KernelBuilder &b;
  SmallVector<LinearOp> roots;
  Value input;
  int64_t slices;
  Value lane, slice, partial; // partial: [root][row][slice][lane]
};

void LinearEmitter::multiply(PanelReader &w, Value step, int64_t columns,
                             ValueRange inputRows,
                             MutableArrayRef<Value> sums) {
  Value first = b.mul(step, kStep);
  w.decode(
      w.panel(b.placeOfPanel(b.task)), step, columns,
      [&](int64_t c, Value vector) {
        Value weight = vector::ExtractOp::create(b, vector, int64_t(0));
        for (auto [sum, row] : llvm::zip_equal(sums, inputRows)) {
          Value x = b.load(input, {row, b.add(first, c)});
          sum = math::FmaOp::create(b, weight, x, sum);
        }
      },
      lane);
}

/// This thread's part of the sums of a root, one for each row.
SmallVector<Value> LinearEmitter::sums(LinearOp root, ValueRange inputRows) {
  PanelReader w = b.panels(root.getWeight());
  SmallVector<Value> zeros(inputRows.size(), b.number(0));
  auto steps = [&](Value from, Value to, int64_t by, int64_t columns,
                   ValueRange carried) {
    return b.loop(from, to, by, carried, [&](Value step, ValueRange carried) {
      SmallVector<Value> next(carried);
      multiply(w, step, columns, inputRows, next);
      return next;
    });
  };
  const int64_t whole = w.columns / kStep, rest = w.columns % kStep;
  SmallVector<Value> result =
      steps(slice, b.index(whole), slices, kStep, zeros);
  if (!rest)
    return result;
  // The last step is not whole: a loop of one round, for the slice that it is of.
  Value mine = arith::CmpIOp::create(b, arith::CmpIPredicate::eq, slice,
                                     b.index(whole % slices));
  Value from =
      arith::SelectOp::create(b, mine, b.index(whole), b.index(whole + 1));
  return steps(from, b.index(whole + 1), 1, rest, result);
}

/// Adds the slices up; a thread for each row and lane.
void LinearEmitter::finish(Value firstRow, int64_t rows) {
  const int64_t columns = columnsOf(roots.front().getResult().getType());
  b.eachOfThreads(rows * kLanes, [&](Value at) {
    Value r = b.div(at, kLanes), l = b.rem(at, kLanes);
    Value row = b.add(firstRow, r), column = b.add(b.mul(b.task, kLanes), l);
    Value valid = arith::AndIOp::create(b, b.less(row, b.rows),
                                        b.less(column, b.index(columns)));
    b.when(valid, [&] {
      DenseMap<Value, Value> results;
      for (auto [i, root] : llvm::enumerate(roots)) {
        Value first = b.index(i);
        results[root.getResult()] =
            b.loop(b.index(0), b.index(slices), 1, b.number(0),
                   [&](Value s, ValueRange carried) -> SmallVector<Value> {
                     Value part = b.load(partial, {first, r, s, l});
                     return {arith::AddFOp::create(b, carried[0], part)};
                   })[0];
      }
      b.epilogue(results, row, column);
    });
  });
}

void LinearEmitter::emitRows(Value firstRow, int64_t rows) {
  SmallVector<Value> inputRows; // of rows that are not there, the last one
  for (int64_t r = 0; r < rows; ++r)
    inputRows.push_back(b.min(b.add(firstRow, r), b.sub(b.rows, b.index(1))));
  for (auto [i, root] : llvm::enumerate(roots))
    for (auto [r, sum] : llvm::enumerate(sums(root, inputRows)))
      b.store(sum, partial, {b.index(i), b.index(r), slice, lane});
  b.barrier();
  finish(firstRow, rows);
}

void LinearEmitter::emit() {
  b.launchOverPanels(kRows);
  partial =
      b.shared({int64_t(roots.size()), kRows, slices, kLanes}, b.getF32Type());
  Value firstRow = b.mul(b.item, kRows), left = b.sub(b.rows, firstRow);
  auto choice =
      scf::IfOp::create(b, b.less(b.index(1), left), /*withElse=*/true);
  OpBuilder::InsertionGuard guard(b);
  b.setInsertionPointToStart(choice.thenBlock());
  emitRows(firstRow, kRows);
  b.setInsertionPointToStart(choice.elseBlock());
  emitRows(firstRow, 1);
}
} // namespace

bool quern::simt::takesLinear(KernelOp kernel) {
  Block &body = kernel.getBody().front();
  return !body.getOps<LinearOp>().empty();
}

LogicalResult quern::simt::lowerLinear(KernelBuilder &b) {
  LinearOp first = *b.body().getOps<LinearOp>().begin();
  for (Operation &op : b.body().without_terminator()) {
    if (isa<ElementwiseOpInterface>(op))
      continue;
    auto linear = dyn_cast<LinearOp>(op);
    if (!linear || !isa<PanelsType>(linear.getWeight().getType()) ||
        !isa<BlockArgument>(linear.getInput()) ||
        !isa<RankedTensorType>(linear.getInput().getType()) ||
        linear.getInput() != first.getInput() ||
        columnsOf(linear.getResult().getType()) !=
            columnsOf(first.getResult().getType()))
      return op.emitOpError(
          "requires linears of one operand in f32 with packed "
          "weights of one shape");
  }
  LinearEmitter(b).emit();
  return success();
}
