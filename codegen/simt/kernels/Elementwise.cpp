//===- Elementwise.cpp - Sums, gates and factors on their own -------------===//
//
// What no root could take along: a thread for each column of each row.
//
//===----------------------------------------------------------------------===//
#include "codegen/simt/Kernel.h"

using namespace mlir;
using namespace quern;
using namespace quern::simt;

bool quern::simt::takesElementwise(KernelOp kernel, const Capabilities &) {
  Block &body = kernel.getBody().front();
  return llvm::any_of(body, llvm::IsaPred<ElementwiseOpInterface>) &&
         llvm::all_of(body, llvm::IsaPred<YieldOp, ElementwiseOpInterface>);
}

LogicalResult quern::simt::lowerElementwise(KernelBuilder &b) {
  int64_t columns =
      columnsOf(b.body().getTerminator()->getOperand(0).getType());
  b.launchOverRows((columns + b.chip.threads - 1) / b.chip.threads);
  Value column = b.add(b.mul(b.task, b.chip.threads), b.thread);
  b.when(b.less(column, b.index(columns)),
         [&] { b.epilogue(DenseMap<Value, Value>(), b.item, column); });
  return success();
}
