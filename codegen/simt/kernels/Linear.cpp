//===- Linear.cpp - Products with packed weights, few rows ----------------===//
//
//     y[r, n] = sum over k of x[r, k] * w[n, k]
//
// A task is a panel of 16 weight rows, an item up to kMostRows rows of activations. A
// thread is a lane of the panel and a *slice* of its columns: of the steps of 32
// columns it takes every `slices`-th one, decodes its weight row's part of it to
// f32 and goes through the rows of the item with that. So sixteen threads read what
// lies beside each other, and every byte of the panel is read once for the item.
//
//     thread    0 .. 15   16 .. 31   32 .. 47  ...
//     lane      0 .. 15    0 .. 15    0 .. 15
//     steps     0, 8, ..   1, 9, ..   2, 10, ..        with 128 threads
//
// The sums lie in shared memory, one for each row, slice and lane: a loop over rows
// cannot keep them in registers. At the end those of the slices are added in their
// order. Nothing of that depends on how many rows there are, and so no row's bits do.
//
//===----------------------------------------------------------------------===//
#include "codegen/simt/Kernel.h"
#include "mlir/Dialect/Math/IR/Math.h"

using namespace mlir;
using namespace quern;
using namespace quern::simt;

namespace {
constexpr int64_t kMostRows = 16; // of activations, of an item

class LinearEmitter {
public:
  LinearEmitter(KernelBuilder &b, SmallVector<LinearOp> linears)
      : b(b), roots(std::move(linears)),
        input(b.memory(roots.front().getInput())),
        slices(b.chip.threads / kLanes), itemRows(rowsThatFit()),
        lane(b.rem(b.thread, kLanes)), slice(b.div(b.thread, kLanes)) {}

  void emit();

private:
  void sum(int64_t root);
  void addStep(PanelReader &w, int64_t root, Value step, int64_t columns);
  int64_t rowsThatFit() const;
  void eachRow(function_ref<void(Value)> body) {
    b.loop(b.index(0), rows, 1, body);
  }
  void finish();

  KernelBuilder &b;
  SmallVector<LinearOp> roots;
  Value input;
  int64_t slices, itemRows;
  Value lane, slice;
  Value firstRow, rows; // of this item
  Value partial;        // shared: [root][row][slice][lane]
};

/// Fewer where the sums of more would not fit into shared memory: of many linears.
int64_t LinearEmitter::rowsThatFit() const {
  const int64_t ofRow = int64_t(roots.size() * sizeof(float)) * b.chip.threads;
  return std::clamp<int64_t>(b.chip.sharedBytes / ofRow, 1, kMostRows);
}

/// Adds a step's products to the sums of all rows.
void LinearEmitter::addStep(PanelReader &w, int64_t root, Value step,
                            int64_t columns) {
  SmallVector<Value> weights;
  w.decode(
      w.panel(b.placeOfPanel(b.panel)), step, columns,
      [&](int64_t, Value vector) {
        weights.push_back(vector::ExtractOp::create(b, vector, int64_t(0)));
      },
      lane);
  Value first = b.mul(step, kStep);
  eachRow([&](Value r) {
    Value row = b.add(firstRow, r);
    SmallVector<Value, 4> place{b.index(root), r, slice, lane};
    Value sum = b.load(partial, place);
    for (auto [c, weight] : llvm::enumerate(weights))
      sum = math::FmaOp::create(
          b, weight, b.load(input, {row, b.add(first, int64_t(c))}), sum);
    b.store(sum, partial, place);
  });
}

/// This thread's part of the sums of a root.
void LinearEmitter::sum(int64_t root) {
  PanelReader w = b.panels(roots[size_t(root)].getWeight());
  eachRow([&](Value r) {
    b.store(b.number(0), partial, {b.index(root), r, slice, lane});
  });
  const int64_t whole = w.columns / kStep, rest = w.columns % kStep;
  b.loop(slice, b.index(whole), slices,
         [&](Value step) { addStep(w, root, step, kStep); });
  if (!rest)
    return;
  Value mine = arith::CmpIOp::create(b, arith::CmpIPredicate::eq, slice,
                                     b.index(whole % slices));
  b.when(mine, [&] { addStep(w, root, b.index(whole), rest); });
}

/// Adds the slices up; a thread for each row and lane.
void LinearEmitter::finish() {
  const int64_t columns = columnsOf(roots.front().getResult().getType());
  b.eachOfThreads(itemRows * kLanes, [&](Value at) {
    Value r = b.div(at, kLanes), l = b.rem(at, kLanes);
    Value row = b.add(firstRow, r), column = b.add(b.mul(b.panel, kLanes), l);
    Value valid = arith::AndIOp::create(b, b.less(r, rows),
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

void LinearEmitter::emit() {
  b.launchOverPanels(/*panelsOfTask=*/1, itemRows);
  partial = b.shared({int64_t(roots.size()), itemRows, slices, kLanes},
                     b.getF32Type());
  firstRow = b.mul(b.item, itemRows);
  rows = b.min(b.sub(b.rows, firstRow), b.index(itemRows));
  for (int64_t i = 0; i < int64_t(roots.size()); ++i)
    sum(i);
  b.barrier();
  finish();
}
} // namespace

bool quern::simt::takesLinear(KernelOp kernel, const Capabilities &chip) {
  Block &body = kernel.getBody().front();
  return !body.getOps<LinearOp>().empty() && !takesLinearTiles(kernel, chip);
}

LogicalResult quern::simt::lowerLinear(KernelBuilder &b) {
  auto roots = linearsOf(b);
  if (failed(roots))
    return failure();
  LinearEmitter(b, std::move(*roots)).emit();
  return success();
}
