//===- Linear.cpp - Products with packed weights, f32 rows ----------------===//
//
// By slices (SlicedLinear.h): a thread decodes its weight row's part of a step to f32
// and multiplies the rows with that.
//
//===----------------------------------------------------------------------===//
#include "codegen/simt/SlicedLinear.h"
#include "mlir/Dialect/Math/IR/Math.h"

using namespace mlir;
using namespace quern;
using namespace quern::simt;

namespace {
class LinearEmitter : public SlicedLinear {
public:
  using SlicedLinear::SlicedLinear;

private:
  void addSteps(PanelReader &w, size_t root) override;
  void addStep(PanelReader &w, size_t root, Value step, int64_t columns);
};
} // namespace

/// Adds a step's products to the sums of all rows.
void LinearEmitter::addStep(PanelReader &w, size_t root, Value step,
                            int64_t columns) {
  SmallVector<Value> weights;
  w.decode(
      w.panel(b.placeOfPanel(b.panel)), step, columns,
      [&](int64_t, Value vector) {
        weights.push_back(vector::ExtractOp::create(b, vector, int64_t(0)));
      },
      lane);
  Value first = b.mul(step, kStep);
  eachSum(root, [&](Value r, Value sum) {
    Value row = b.add(firstRow, r);
    for (auto [c, weight] : llvm::enumerate(weights))
      sum = math::FmaOp::create(
          b, weight, b.load(input, {row, b.add(first, int64_t(c))}), sum);
    return sum;
  });
}

void LinearEmitter::addSteps(PanelReader &w, size_t root) {
  const int64_t whole = w.columns / kStep, rest = w.columns % kStep;
  Value end = rest ? b.min(endStep, b.index(whole)) : endStep;
  b.loop(b.add(firstStep, slice), end, slices,
         [&](Value step) { addStep(w, root, step, kStep); });
  if (!rest)
    return;
  // Of the last part, for the slice whose turn it is.
  const Linear &one = roots[root];
  const int64_t before = (one.parts - 1) * (one.columns / kStep);
  Value mine = arith::CmpIOp::create(b, arith::CmpIPredicate::eq, slice,
                                     b.index((whole - before) % slices));
  if (one.parts > 1)
    mine =
        arith::AndIOp::create(b, mine, b.less(b.index(one.parts - 2), b.part));
  b.when(mine, [&] { addStep(w, root, b.index(whole), rest); });
}

bool quern::simt::takesLinear(KernelOp kernel, const Capabilities &chip) {
  return numberOfLinears(kernel) == Number::F32 &&
         !takesLinearTiles(kernel, chip);
}

LogicalResult quern::simt::lowerLinear(KernelBuilder &b) {
  auto roots = linearsOf(b);
  if (failed(roots))
    return failure();
  LinearEmitter(b, std::move(*roots)).emit();
  return success();
}
