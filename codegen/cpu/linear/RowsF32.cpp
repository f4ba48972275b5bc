//===- RowsF32.cpp - Linears of few rows of f32 -----------------*- C++ -*-===//
//
// Nothing is rounded but the sums: mostly for weights that are floats themselves.
// Sixteen weight rows are the lanes, activations are broadcast,
//
//     even += w[2k] * x[2k]      odd += w[2k+1] * x[2k+1]      y = even + odd
//
// two chains for each row, so that one row alone keeps up with memory. Columns
// beyond the matrix are not touched.
//
//===----------------------------------------------------------------------===//
#include "codegen/cpu/linear/Linear.h"
#include "codegen/kernel/PanelReader.h"
#include "ir/tile/Tile.h"
#include "mlir/Dialect/Math/IR/Math.h"

using namespace mlir;
using namespace quern;
using namespace quern::cpu;

namespace {
constexpr int64_t kChains = 2, kAhead = 6144;

/// Rows whose sums lie in registers beside a column of weights: of two chains of 16
/// lanes each, which are one register of AVX-512, two of AVX2 and four of NEON.
int64_t rowsOf(const Chip &chip) { return chip.vectors > 8 ? 8 : 2; }
} // namespace

/// Sums of `rows` rows from `firstRow` on with one panel.
static SmallVector<Value> sumsOf(KernelBuilder &b, LinearOp root, Value panel,
                                 Value firstRow, int64_t rows) {
  PanelReader w = b.panels(root.getWeight());
  Value x = b.memory(root.getInput()), panelAt = w.panel(panel);
  VectorType floats = b.vec(kLanes, b.getF32Type());
  auto step = [&](Value s, ValueRange carried, int64_t columns) {
    SmallVector<Value> state(carried);
    Value first = b.mul(s, kStep);
    w.decode(panelAt, s, columns, [&](int64_t c, Value weight) {
      for (int64_t r = 0; r < rows; ++r) {
        Value v = memref::LoadOp::create(
            b, x, ValueRange{b.add(firstRow, r), b.add(first, c)});
        Value &sum = state[r * kChains + c % kChains];
        sum = math::FmaOp::create(b, weight, b.broadcast(floats, v), sum);
      }
    });
    return state;
  };
  SmallVector<Value> state(rows * kChains, b.splat(floats, 0));
  const int64_t whole = w.columns / kStep, rest = w.columns % kStep;
  state = b.loop(
      b.index(0), b.index(whole), 1, state, [&](Value s, ValueRange carried) {
        Value at = w.codesAt(w.record(panelAt, b.div(s, w.stepsPerSpan)),
                             b.rem(s, w.stepsPerSpan));
        tile::PrefetchOp::create(b, w.memory, b.add(at, kAhead),
                                 w.layout.codesPerStep);
        return step(s, carried, kStep);
      });
  if (rest)
    state = step(b.index(whole), state, rest);
  SmallVector<Value> sums;
  for (int64_t r = 0; r < rows; ++r)
    sums.push_back(
        arith::AddFOp::create(b, state[r * kChains], state[r * kChains + 1]));
  return sums;
}

LogicalResult quern::cpu::lowerLinearF32(KernelBuilder &b,
                                         ArrayRef<LinearOp> roots) {
  const PanelReader first = b.panels(LinearOp(roots.front()).getWeight());
  const int64_t blockRows = rowsOf(b.chip);
  b.choose("1 to " + llvm::Twine(blockRows) + " rows x 1 panel, read once for them");
  Value sums =
      scratch(b, {blockRows, int64_t(roots.size()) * kLanes}, b.getF32Type());
  auto [from, to] = b.share(b.index(first.panels));
  b.loop(from, to, 1, [&](Value panel) {
    b.loop(b.index(0), b.rows, blockRows, [&](Value row) {
      Value left = b.min(b.sub(b.rows, row), b.index(blockRows));
      chooseRows(b, left, blockRows, [&](int64_t rows) {
        for (auto [i, root] : llvm::enumerate(roots))
          for (auto [r, sum] :
               llvm::enumerate(sumsOf(b, root, panel, row, rows)))
            b.store(sum, sums, {b.index(r), b.index(i * kLanes)});
      });
      finishRows(b, roots, sums, 0, kLanes, row, left, panel);
    });
  });
  return success();
}
