//===- SlicedLinear.cpp - Linears of few rows, by slices ------------------===//
#include "codegen/simt/SlicedLinear.h"

using namespace mlir;
using namespace quern;
using namespace quern::simt;

constexpr int64_t kMostRows = 16; // of activations, of an item

SlicedLinear::SlicedLinear(KernelBuilder &b, SmallVector<Linear> linears)
    : b(b), roots(std::move(linears)), slices(b.chip.threads / kLanes),
      lane(b.rem(b.thread, kLanes)), slice(b.div(b.thread, kLanes)),
      input(b.memory(roots.front().input)), itemRows(rowsThatFit()) {}

/// Fewer where the sums of more would not fit into shared memory: of many linears.
int64_t SlicedLinear::rowsThatFit() const {
  const int64_t ofRow = int64_t(roots.size() * sizeof(float)) * b.chip.threads;
  return std::clamp<int64_t>(b.chip.sharedBytes / ofRow, 1, kMostRows);
}

void SlicedLinear::eachSum(size_t root,
                           function_ref<Value(Value, Value)> next) {
  b.loop(b.index(0), rows, 1, [&](Value r) {
    SmallVector<Value, 4> place{b.index(int64_t(root)), r, slice, lane};
    b.store(next(r, b.load(partial, place)), partial, place);
  });
}

/// Adds the slices up; a thread for each row and lane.
void SlicedLinear::finish() {
  const int64_t columns = rowsOfWeight(roots.front().weight.getType());
  const bool inParts = roots.front().parts > 1;
  b.eachOfThreads(itemRows * kLanes, [&](Value at) {
    Value r = b.div(at, kLanes), l = b.rem(at, kLanes);
    Value row = b.add(firstRow, r), column = b.add(b.mul(b.panel, kLanes), l);
    Value valid = arith::AndIOp::create(b, b.less(r, rows),
                                        b.less(column, b.index(columns)));
    b.when(valid, [&] {
      DenseMap<Value, Value> results;
      Value place = inParts ? b.add(b.mul(b.part, columns), column) : column;
      for (auto [i, root] : llvm::enumerate(roots)) {
        Value first = b.index(i);
        results[root.result] =
            b.loop(b.index(0), b.index(slices), 1, b.number(0),
                   [&](Value s, ValueRange carried) -> SmallVector<Value> {
                     Value part = b.load(partial, {first, r, s, l});
                     return {arith::AddFOp::create(b, carried[0], part)};
                   })[0];
      }
      b.epilogue(results, row, place);
    });
  });
}

void SlicedLinear::emit() {
  const Linear &one = roots.front();
  b.launchOverPanels(/*panelsOfTask=*/1, itemRows, one.parts);
  partial = b.shared({int64_t(roots.size()), itemRows, slices, kLanes},
                     b.getF32Type());
  firstRow = b.mul(b.item, itemRows);
  rows = b.min(b.sub(b.rows, firstRow), b.index(itemRows));
  for (auto [i, root] : llvm::enumerate(roots)) {
    Value at = b.index(int64_t(i));
    b.loop(b.index(0), rows, 1, [&](Value r) {
      b.store(b.number(0), partial, {at, r, slice, lane});
    });
    PanelReader w = b.panels(root.weight);
    firstStep = b.index(0), endStep = b.index(w.steps);
    if (one.parts > 1) {
      firstStep = b.mul(b.part, one.columns / kStep);
      endStep = b.min(b.add(firstStep, one.columns / kStep), endStep);
    }
    addSteps(w, i);
  }
  b.barrier();
  finish();
}
