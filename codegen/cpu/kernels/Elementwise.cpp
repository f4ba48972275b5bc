//===- Elementwise.cpp - Sums, gates and factors on their own -------------===//
//
// What no root could take along. A task is a run of columns of one row, so that
// one generated row still occupies all workers.
//
//===----------------------------------------------------------------------===//
#include "codegen/cpu/attention/Lanes.h"
#include "codegen/cpu/attention/RowOutputs.h"

using namespace mlir;
using namespace quern;

namespace quern::cpu {

bool takesElementwise(KernelOp kernel) {
  Block &body = kernel.getBody().front();
  return convertsAtEnd(kernel) &&
         llvm::any_of(body, llvm::IsaPred<ElementwiseOpInterface>) &&
         llvm::all_of(body, llvm::IsaPred<YieldOp, ConvertOp, ElementwiseOpInterface>);
}

LogicalResult lowerElementwise(KernelBuilder &b) {
  constexpr int64_t run = 256;
  b.choose("256 columns of a row");
  b.because("nothing that makes its operand could take it along");
  RowOutputs outputs(b);
  int64_t columns = columnsOf(b.body().getTerminator()->getOperand(0).getType());
  int64_t stride = rowStride(columns), runs = (stride + run - 1) / run;
  // The padding takes part: what it holds is finite and stays so.
  auto [first, last] = b.share(b.mul(b.rows, runs));
  b.loop(first, last, 1, [&](Value task) {
    Value row = b.div(task, runs), begin = b.mul(b.rem(task, runs), run);
    Value end = b.min(b.add(begin, run), b.index(stride));
    b.loop(begin, end, kWidth, [&](Value column) {
      DenseMap<Value, Value> vectors;
      for (Operation &op : b.body().without_terminator())
        for (Value v : op.getOperands())
          if (isa<BlockArgument>(v) && !vectors.contains(v))
            vectors[v] = loadLanes(b, b.memory(v), {row, column});
      outputs.at(vectors, row, column);
    });
    outputs.convert(row, begin, b.min(end, b.index(columns)));
  });
  return success();
}

} // namespace quern::cpu
