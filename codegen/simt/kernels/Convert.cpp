//===- Convert.cpp - Activations as 16-bit integers -----------------------===//
//
// A task is a chunk of the columns, an item a row; see ConvertRow.h.
//
//===----------------------------------------------------------------------===//
#include "codegen/simt/ConvertRow.h"

using namespace mlir;
using namespace quern;
using namespace quern::simt;

bool quern::simt::takesConvert(KernelOp kernel, const Capabilities &) {
  Operation &op = kernel.getBody().front().front();
  return isa<ConvertOp>(op) &&
         op.getNextNode()->hasTrait<OpTrait::IsTerminator>();
}

LogicalResult quern::simt::lowerConvert(KernelBuilder &b) {
  auto op = cast<ConvertOp>(b.body().front());
  Value input = b.memory(op.getInput());
  RowConverter converter(b, op.getResult().getType(), b.result(0));
  b.launchOverRows(converter.chunks());
  converter.convert(b.item, b.task, [&](Value column) {
    return b.load(input, {b.item, column});
  });
  return success();
}
