//===- SelectRows.cpp - Rows that go on -----------------------------------===//
#include "codegen/cpu/attention/Lanes.h"

using namespace mlir;
using namespace quern;

namespace quern::cpu {

static SelectRowsOp rootOf(KernelOp kernel) {
  SelectRowsOp root;
  for (Operation &op : kernel.getBody().front()) {
    if (auto select = dyn_cast<SelectRowsOp>(op); select && !root)
      root = select;
    else if (!isa<YieldOp, ElementwiseOpInterface>(op))
      return {};
  }
  return root && isa<BlockArgument>(root.getInput()) ? root : SelectRowsOp();
}

bool takesSelectRows(KernelOp kernel) { return bool(rootOf(kernel)); }

LogicalResult lowerSelectRows(KernelBuilder &b) {
  SelectRowsOp op = rootOf(b.kernel);
  b.choose("a row");
  b.because("only rows that want logits go on");
  Value x = b.memory(op.getInput()), which = b.memory(op.getRows());
  int64_t stride = rowStride(columnsOf(op.getResult().getType()));
  auto [first, last] = b.share(b.rows);
  b.loop(first, last, 1, [&](Value row) {
    Value from = b.loadIndex(which, row);
    b.loop(b.index(0), b.index(stride), kWidth, [&](Value column) {
      b.epilogue({{op.getResult(), loadLanes(b, x, {from, column})}}, row, column);
    });
  });
  return success();
}

} // namespace quern::cpu
