//===- RmsNorm.cpp - Root mean square normalization -----------------------===//
//
// A task is a *run*: a row, or the columns of one head where the weight is that
// short. Two passes over it, the second of which carries the epilogue. The
// result of a whole row may be converted for the linear that reads it: a row is
// then read from memory once.
//
//===----------------------------------------------------------------------===//
#include "codegen/cpu/attention/Lanes.h"
#include "codegen/cpu/attention/RowOutputs.h"
#include "mlir/Dialect/Math/IR/Math.h"

using namespace mlir;
using namespace quern;
using namespace quern::cpu;

/// The norm of a body that is nothing but `select_rows`, rms_norm and
/// element-wise ops after it, and conversions of whole rows.
static RmsNormOp rootOf(KernelOp kernel) {
  RmsNormOp root;
  for (Operation &op : kernel.getBody().front()) {
    if (auto norm = dyn_cast<RmsNormOp>(op); norm && !root)
      root = norm;
    else if (!isa<YieldOp, SelectRowsOp, ConvertOp, ElementwiseOpInterface>(op))
      return {};
  }
  if (!root || !isa<RankedTensorType>(root.getWeight().getType()))
    return {};
  bool wholeRows = columnsOf(root.getWeight().getType()) == columnsOf(root.getInput().getType());
  bool converts = !kernel.getBody().front().getOps<ConvertOp>().empty();
  if (converts && !(wholeRows && convertsAtEnd(kernel)))
    return {};
  auto plain = [](Value v) { return isa<BlockArgument>(v); };
  for (SelectRowsOp select : kernel.getBody().front().getOps<SelectRowsOp>())
    if (select.getResult() != root.getInput() || !plain(select.getInput()) ||
        !select.getResult().hasOneUse())
      return {};
  bool known = plain(root.getInput()) || root.getInput().getDefiningOp<SelectRowsOp>();
  return known ? root : RmsNormOp();
}

namespace {
class NormEmitter {
public:
  NormEmitter(KernelBuilder &b, RmsNormOp op)
      : b(b), outputs(b), op(op), columns(columnsOf(op.getInput().getType())),
        size(columnsOf(op.getWeight().getType())), runs(columns / size) {
    select = op.getInput().getDefiningOp<SelectRowsOp>();
    input = b.memory(select ? select.getInput() : op.getInput());
    // Columns at a time in the second pass. Vectors may reach into the row's
    // padding, but not into the run of another task.
    while (runs > 1 && size % width)
      width /= 2;
  }
  void emit();

private:
  void scaleRun(Value scale, Value from, Value row, Value run);
  void scaleAt(Value scale, Value from, Value row, Value begin, Value column, int64_t valid);

  KernelBuilder &b;
  RowOutputs outputs;
  RmsNormOp op;
  int64_t columns, size, runs, width = kWidth;
  SelectRowsOp select;
  Value input;
};
} // namespace

/// Columns [begin + column, ...) of the run, `valid` of which are the run's.
void NormEmitter::scaleAt(Value scale, Value from, Value row, Value begin,
                          Value column, int64_t valid) {
  Value at = b.add(begin, column);
  Value x = loadLanes(b, input, {from, at}, valid, width);
  Value w = loadLanes(b, b.memory(op.getWeight()), column, valid, width);
  Value y = arith::MulFOp::create(b, arith::MulFOp::create(b, x, scale), w);
  outputs.at({{op.getResult(), y}}, row, at);
}

void NormEmitter::scaleRun(Value scale, Value from, Value row, Value run) {
  Value begin = b.mul(run, size);
  int64_t whole = size / width * width;
  b.loop(b.index(0), b.index(whole), width, [&](Value column) {
    scaleAt(scale, from, row, begin, column, width);
  });
  if (whole < size)
    scaleAt(scale, from, row, begin, b.index(whole), size - whole);
  // What is left of the row's padding, from a norm of zero.
  int64_t padding = rowStride(columns), done = (columns + width - 1) / width * width;
  if (done == padding)
    return;
  Value last = arith::CmpIOp::create(b, arith::CmpIPredicate::eq, run, b.index(runs - 1));
  b.when(last, [&] {
    b.loop(b.index(done), b.index(padding), width, [&](Value column) {
      outputs.at({{op.getResult(), b.splat(b.vec(width, b.getF32Type()), 0)}}, row, column);
    });
  });
}

void NormEmitter::emit() {
  b.choose(runs > 1 ? "a head of a row" : "a row");
  b.because("the sum of squares is over all of it");
  auto [first, last] = b.share(b.mul(b.rows, runs));
  b.loop(first, last, 1, [&](Value task) {
    Value row = b.div(task, runs), run = b.rem(task, runs), from = row;
    if (select)
      from = b.loadIndex(b.memory(select.getRows()), row);
    Value begin = b.mul(run, size);
    Value sum = sumOfSquares(b, size, [&](Value offset, int64_t valid) {
      return loadLanes(b, input, {from, b.add(begin, offset)}, valid);
    });
    scaleRun(rmsScale(b, sum, size, op, width), from, row, run);
    outputs.convert(row, b.index(0), b.index(columns));
  });
}

namespace quern::cpu {

bool takesRmsNorm(KernelOp kernel) { return bool(rootOf(kernel)); }

LogicalResult lowerRmsNorm(KernelBuilder &b) {
  NormEmitter(b, rootOf(b.kernel)).emit();
  return success();
}

} // namespace quern::cpu
