//===- RowOutputs.cpp - Results of work on rows, converted or not ---------===//
#include "codegen/cpu/attention/RowOutputs.h"
#include "codegen/cpu/attention/Lanes.h"
#include "codegen/cpu/linear/ConvertRow.h"

using namespace mlir;
using namespace quern;
using namespace quern::cpu;

bool quern::cpu::convertsAtEnd(KernelOp kernel) {
  return llvm::all_of(kernel.getBody().front().getOps<ConvertOp>(), [](ConvertOp op) {
    return op.getResult().hasOneUse() && isa<YieldOp>(*op.getResult().user_begin());
  });
}

RowOutputs::RowOutputs(KernelBuilder &b) : b(b) {
  for (auto [i, v] : llvm::enumerate(b.body().getTerminator()->getOperands())) {
    if (auto op = v.getDefiningOp<ConvertOp>())
      conversions.push_back({op, unsigned(i)});
    else
      results[v] = b.result(i);
  }
  for (Conversion &c : conversions) {
    Value v = c.op.getInput();
    if (!isa<BlockArgument>(v) && !results.contains(v) && !kept.contains(v))
      kept[v] = scratch(b, {1, rowStride(columnsOf(v.getType()))});
  }
}

std::pair<Value, Value> RowOutputs::holder(Value v, Value row) {
  if (Value memory = kept.lookup(v))
    return {memory, b.index(0)};
  Value memory = results.lookup(v);
  return {memory ? memory : b.memory(v), row};
}

void RowOutputs::at(const DenseMap<Value, Value> &roots, Value row, Value column) {
  DenseMap<Value, Value> vectors = roots;
  auto type = cast<VectorType>(roots.begin()->second.getType());
  auto vectorOf = [&](Value v) {
    Value vector = vectors.lookup(v);
    if (!vector)
      vectors[v] = vector = b.load(type, b.memory(v), {row, column});
    return vector;
  };
  for (Operation &op : b.body()) {
    auto elementwise = dyn_cast<ElementwiseOpInterface>(op);
    if (!elementwise)
      continue;
    SmallVector<Value> operands;
    for (Value v : op.getOperands())
      operands.push_back(vectorOf(v));
    vectors[op.getResult(0)] = elementwise.emit(b, operands);
  }
  for (auto [i, v] : llvm::enumerate(b.body().getTerminator()->getOperands()))
    if (!v.getDefiningOp<ConvertOp>())
      b.store(vectorOf(v), b.result(i), {row, column});
  for (auto [v, memory] : kept)
    b.store(vectorOf(v), memory, {b.index(0), column});
}

void RowOutputs::convert(Value row, Value first, Value last) {
  for (Conversion &c : conversions) {
    auto [memory, at] = holder(c.op.getInput(), row);
    convertColumns(b, c.op.getResult().getType(), {memory, at, b.index(0)},
                   b.result(c.result), row, first, last);
  }
}
