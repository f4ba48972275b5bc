//===- RmsNorm.cpp - Root mean square normalization -----------------------===//
//
// A workgroup for each *run*: a row, or the columns of one head where the weight
// is that short. Threads take every `threads`-th column, sum its square, and go
// over the columns a second time with the sum of all, which carries the epilogue.
//
//===----------------------------------------------------------------------===//
#include "codegen/simt/Kernel.h"
#include "mlir/Dialect/Math/IR/Math.h"

using namespace mlir;
using namespace quern;
using namespace quern::simt;

/// The norm of a body that is nothing but `select_rows`, rms_norm and element-wise
/// ops after it.
static RmsNormOp rootOf(KernelOp kernel) {
  RmsNormOp root;
  for (Operation &op : kernel.getBody().front()) {
    if (auto norm = dyn_cast<RmsNormOp>(op); norm && !root)
      root = norm;
    else if (!isa<YieldOp, SelectRowsOp, ElementwiseOpInterface>(op))
      return {};
  }
  if (!root || !isa<RankedTensorType>(root.getWeight().getType()))
    return {};
  auto isMemory = [](Value v) { return isa<BlockArgument>(v); };
  for (SelectRowsOp select : kernel.getBody().front().getOps<SelectRowsOp>())
    if (select.getResult() != root.getInput() || !isMemory(select.getInput()) ||
        !select.getResult().hasOneUse())
      return {};
  return isMemory(root.getInput()) ||
                 root.getInput().getDefiningOp<SelectRowsOp>()
             ? root
             : RmsNormOp();
}

bool quern::simt::takesRmsNorm(KernelOp kernel, const Capabilities &) {
  return bool(rootOf(kernel));
}

/// 1 / sqrt(sum / columns + epsilon)
static Value scaleOf(KernelBuilder &b, Value sum, int64_t columns,
                     RmsNormOp op) {
  Value mean = arith::DivFOp::create(b, sum, b.number(float(columns)));
  mean = arith::AddFOp::create(b, mean,
                               b.number(op.getEpsilon().convertToFloat()));
  return arith::DivFOp::create(b, b.number(1), math::SqrtOp::create(b, mean));
}

LogicalResult quern::simt::lowerRmsNorm(KernelBuilder &b) {
  RmsNormOp op = rootOf(b.kernel);
  int64_t size = columnsOf(op.getWeight().getType());
  b.launchOverRows(columnsOf(op.getInput().getType()) / size);
  auto select = op.getInput().getDefiningOp<SelectRowsOp>();
  Value input = b.memory(select ? select.getInput() : op.getInput());
  Value from =
      select ? b.loadIndex(b.memory(select.getRows()), b.item) : b.item;
  Value begin = b.mul(b.task, size);
  Value sum =
      b.loop(b.thread, b.index(size), b.chip.threads, b.number(0),
             [&](Value column, ValueRange carried) -> SmallVector<Value> {
               Value x = b.load(input, {from, b.add(begin, column)});
               return {math::FmaOp::create(b, x, x, carried[0])};
             })[0];
  Value scratch = b.shared({b.chip.threads}, b.getF32Type());
  Value scale = scaleOf(b, b.sumOfThreads(sum, scratch), size, op);
  b.eachOfThreads(size, [&](Value column) {
    Value at = b.add(begin, column);
    Value x = arith::MulFOp::create(b, b.load(input, {from, at}), scale);
    Value w = b.load(b.memory(op.getWeight()), column);
    b.epilogue({{op.getResult(), arith::MulFOp::create(b, x, w)}}, b.item, at);
  });
  return success();
}
