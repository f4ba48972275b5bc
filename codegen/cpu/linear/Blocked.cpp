//===- Blocked.cpp - Linears of many rows ---------------------------------===//
#include "codegen/cpu/linear/Blocked.h"
#include "codegen/cpu/linear/Linear.h"
#include "codegen/kernel/PanelReader.h"
#include "llvm/Support/FormatVariadic.h"

using namespace mlir;
using namespace quern;
using namespace quern::cpu;

BlockedLinear::BlockedLinear(KernelBuilder &b, ArrayRef<LinearOp> roots,
                             VectorType unit, Registers registers)
    : b(b), x(b.memory(LinearOp(roots.front()).getInput())), unit(unit),
      floats(b.vec(kLanes, b.getF32Type())), roots(roots),
      registers(registers) {
  for (LinearOp root : roots)
    readers.push_back(b.panels(root.getWeight()));
  panelsTogether =
      std::max<int64_t>(1, registers.tiles / int64_t(roots.size()));
  tilesOfBlock = panelsTogether * int64_t(roots.size());
  b.choose(llvm::formatv("{0} rows x {1} panel{2}, decoded for {3} rows", registers.rows,
                         panelsTogether, panelsTogether == 1 ? "" : "s", registers.chunk)
               .str());
  weights = scratch(b,
                    {kColumns / kStep * unitsPerStep() * tilesOfBlock *
                     unit.getNumElements()},
                    unit.getElementType());
  sumsMemory =
      scratch(b, {registers.chunk, tilesOfBlock * kLanes}, b.getF32Type());
}

int64_t BlockedLinear::unitsPerStep() const {
  return kStep * kLanes / unit.getNumElements();
}

Value BlockedLinear::loadUnit(Value step, Value number, const Tiles &tiles,
                              int64_t tile) {
  Value place = b.add(b.mul(step, unitsPerStep()), number);
  place = b.add(b.mul(place, tiles.of), tiles.first + tile);
  return b.load(unit, weights, b.mul(place, unit.getNumElements()));
}

/// Of groups, where there are enough for all; else of panels.
std::pair<Value, Value> BlockedLinear::shareOfPanels() {
  const int64_t panels = readers[0].panels,
                groups = (panels + panelsTogether - 1) / panelsTogether;
  auto ofPanels = b.share(b.index(panels));
  if (panelsTogether == 1)
    return ofPanels;
  auto ofGroups = b.share(b.index(groups));
  Value few = b.less(b.index(groups), b.workers);
  auto choose = [&](Value panel, Value group) -> Value {
    group = b.min(b.mul(group, panelsTogether), b.index(panels));
    return arith::SelectOp::create(b, few, panel, group);
  };
  return {choose(ofPanels.first, ofGroups.first),
          choose(ofPanels.second, ofGroups.second)};
}

void BlockedLinear::emit() {
  auto [from, to] = shareOfPanels();
  // Whole groups, then what is left: half a group twice, or one.
  Value count = b.sub(to, from),
        whole = b.sub(count, b.rem(count, panelsTogether));
  Value middle = b.add(from, whole);
  b.loop(from, middle, panelsTogether,
         [&](Value panel) { group(panel, to, panelsTogether); });
  if (panelsTogether > 1) {
    const int64_t half = panelsTogether / 2;
    b.loop(middle, to, half,
           [&, to = to](Value panel) { group(panel, to, half); });
  }
}

void BlockedLinear::group(Value panel, Value last, int64_t together) {
  const int64_t tiles = together * int64_t(roots.size()),
                steps = readers[0].steps;
  constexpr int64_t blockSteps = kColumns / kStep;
  b.loop(b.index(0), b.rows, registers.chunk, [&](Value firstRow) {
    Value rows = b.min(b.sub(b.rows, firstRow), b.index(registers.chunk));
    clear(rows, tiles);
    b.loop(b.index(0), b.index(steps), blockSteps, [&](Value firstStep) {
      Steps block = {firstStep, b.min(b.sub(b.index(steps), firstStep),
                                      b.index(blockSteps))};
      decodeBlock(panel, last, block, together);
      multiplyBlock(firstRow, rows, block, tiles);
    });
    Value present = b.min(b.sub(last, panel), b.index(together));
    for (int64_t p = 0; p < together; ++p)
      b.when(b.less(b.index(p), present), [&] {
        finishRows(b, roots, sumsMemory, p * kLanes, together * kLanes,
                   firstRow, rows, b.add(panel, p));
      });
  });
}

void BlockedLinear::clear(Value rows, int64_t tiles) {
  b.loop(b.index(0), rows, 1, [&](Value r) {
    for (int64_t t = 0; t < tiles; ++t)
      b.store(b.splat(floats, 0), sumsMemory, {r, b.index(t * kLanes)});
  });
}

void BlockedLinear::decodeBlock(Value panel, Value last, const Steps &steps,
                                int64_t together) {
  const int64_t tiles = together * int64_t(roots.size());
  b.loop(b.index(0), b.index(together), 1, [&](Value p) {
    Value number = b.add(panel, p);
    b.when(b.less(number, last), [&] {
      for (auto [root, w] : llvm::enumerate(readers)) {
        Value panelAt = w.panel(number);
        Value tile = b.add(p, int64_t(root) * together);
        b.loop(b.index(0), steps.count, 1, [&](Value s) {
          Value place = b.add(b.mul(s, tiles), tile);
          Value at = b.add(b.mul(s, unitsPerStep() * tiles), tile);
          decode(w, panelAt, b.add(steps.first, s), place,
                 [&](int64_t number, Value v) {
                   b.store(v, weights,
                           b.mul(b.add(at, number * tiles),
                                 unit.getNumElements()));
                 });
        });
      }
    });
  });
}

void BlockedLinear::multiplyBlock(Value firstRow, Value rows,
                                  const Steps &steps, int64_t tiles) {
  for (int64_t first = 0; first < tiles; first += registers.tiles) {
    const Tiles some = {first, std::min(registers.tiles, tiles - first), tiles};
    // As many rows as there are registers for, then what is left by two and one.
    Value from = b.index(0);
    for (int64_t n : {registers.rows, int64_t(2), int64_t(1)}) {
      Value to = b.sub(rows, b.rem(b.sub(rows, from), n));
      b.loop(from, to, n, [&](Value r) {
        multiplyRows({b.add(firstRow, r), r, n}, steps, some);
      });
      from = to;
    }
  }
}

void BlockedLinear::multiplyRows(const Rows &rows, const Steps &steps,
                                 const Tiles &tiles) {
  auto each = [&](llvm::function_ref<void(size_t, ValueRange)> f) {
    for (int64_t i = 0; i < rows.count; ++i)
      for (int64_t t = 0; t < tiles.count; ++t)
        f(size_t(i * tiles.count + t),
          {b.add(rows.at, i), b.index((tiles.first + t) * kLanes)});
  };
  Values sums(size_t(rows.count * tiles.count));
  each([&](size_t i, ValueRange at) {
    sums[i] = b.load(floats, sumsMemory, at);
  });
  multiply(rows, steps, tiles, sums);
  each([&](size_t i, ValueRange at) { b.store(sums[i], sumsMemory, at); });
}
