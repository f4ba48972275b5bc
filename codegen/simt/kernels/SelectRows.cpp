//===- SelectRows.cpp - Rows that go on -----------------------------------===//
#include "codegen/simt/Kernel.h"

using namespace mlir;
using namespace quern;
using namespace quern::simt;

/// On its own; RmsNorm takes it along where it can.
bool quern::simt::takesSelectRows(KernelOp kernel, const Capabilities &) {
  Operation &op = kernel.getBody().front().front();
  return isa<SelectRowsOp>(op) &&
         op.getNextNode()->hasTrait<OpTrait::IsTerminator>();
}

LogicalResult quern::simt::lowerSelectRows(KernelBuilder &b) {
  auto op = cast<SelectRowsOp>(b.body().front());
  int64_t columns = columnsOf(op.getResult().getType());
  b.launchOverRows((columns + b.chip.threads - 1) / b.chip.threads);
  Value column = b.add(b.mul(b.task, b.chip.threads), b.thread);
  b.when(b.less(column, b.index(columns)), [&] {
    Value row = b.loadIndex(b.memory(op.getRows()), b.item);
    b.store(b.load(b.memory(op.getInput()), {row, column}), b.result(0),
            {b.item, column});
  });
  return success();
}
