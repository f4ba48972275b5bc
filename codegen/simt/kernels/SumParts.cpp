//===- SumParts.cpp - Sums of the parts of linears ------------------------===//
//
// A thread for each column of each row adds its parts in their order, and goes on
// with the element-wise ops that a linear in one phase would have taken along.
//
//===----------------------------------------------------------------------===//
#include "codegen/simt/Kernel.h"

using namespace mlir;
using namespace quern;
using namespace quern::simt;

bool quern::simt::takesSumParts(KernelOp kernel, const Capabilities &) {
  Block &body = kernel.getBody().front();
  auto first = dyn_cast<SumPartsOp>(body.front());
  auto fits = [&](Operation &op) {
    auto sum = dyn_cast<SumPartsOp>(op);
    return sum ? isa<BlockArgument>(sum.getInput()) &&
                     sum.getType() == first.getType()
               : isa<YieldOp, ElementwiseOpInterface>(op);
  };
  return first && llvm::all_of(body, fits);
}

LogicalResult quern::simt::lowerSumParts(KernelBuilder &b) {
  auto sums = llvm::to_vector(b.body().getOps<SumPartsOp>());
  const int64_t columns = columnsOf(sums.front().getResult().getType());
  b.launchOverRows((columns + b.chip.threads - 1) / b.chip.threads);
  Value column = b.add(b.mul(b.task, b.chip.threads), b.thread);
  b.when(b.less(column, b.index(columns)), [&] {
    DenseMap<Value, Value> results;
    for (SumPartsOp op : sums) {
      Value input = b.memory(op.getInput());
      Value sum = b.load(input, {b.item, column});
      for (int64_t part = 1; part < int64_t(op.getParts()); ++part)
        sum = arith::AddFOp::create(
            b, sum, b.load(input, {b.item, b.add(column, part * columns)}));
      results[op.getResult()] = sum;
    }
    b.epilogue(results, b.item, column);
  });
  return success();
}
