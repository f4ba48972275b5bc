//===- RmsNorm.cpp - Root mean square normalization -----------------------===//
//
// A workgroup for each *run*: a row, or the columns of one head where the weight
// is that short. Threads take every `threads`-th column, sum its square, and go
// over the columns a second time with the sum of all, which carries the epilogue, or
// the conversion of a whole row for the linears that read it.
//
//===----------------------------------------------------------------------===//
#include "codegen/simt/ConvertRow.h"
#include "mlir/Dialect/Math/IR/Math.h"

using namespace mlir;
using namespace quern;
using namespace quern::simt;

/// The conversion of a norm of whole rows, and of nothing else.
static ConvertOp conversionOf(RmsNormOp norm) {
  auto convert = norm->hasOneUse()
                     ? dyn_cast<ConvertOp>(*norm->getUsers().begin())
                     : ConvertOp();
  return columnsOf(norm.getWeight().getType()) ==
                 columnsOf(norm.getInput().getType())
             ? convert
             : ConvertOp();
}

/// The norm of a body that is nothing but `select_rows`, rms_norm and element-wise
/// ops after it or a conversion.
static RmsNormOp rootOf(KernelOp kernel) {
  RmsNormOp root;
  for (Operation &op : kernel.getBody().front()) {
    if (auto norm = dyn_cast<RmsNormOp>(op); norm && !root)
      root = norm;
    else if (auto convert = dyn_cast<ConvertOp>(op);
             convert && (!root || conversionOf(root) != convert))
      return {};
    else if (!isa<YieldOp, SelectRowsOp, ConvertOp, ElementwiseOpInterface>(op))
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
  auto normed = [&](Value column) -> Value {
    Value x = b.load(input, {from, b.add(begin, column)});
    x = arith::MulFOp::create(b, x, scale);
    return arith::MulFOp::create(b, x,
                                 b.load(b.memory(op.getWeight()), column));
  };
  if (ConvertOp convert = conversionOf(op)) {
    RowConverter converter(b, convert.getResult().getType(), b.result(0));
    b.loop(b.index(0), b.index(converter.chunks()), 1,
           [&](Value chunk) { converter.convert(b.item, chunk, normed); });
    return success();
  }
  b.eachOfThreads(size, [&](Value column) {
    b.epilogue({{op.getResult(), normed(column)}}, b.item,
               b.add(begin, column));
  });
  return success();
}
