//===- Convert.cpp - Activations in the arithmetic of a linear --*- C++ -*-===//
//
//     %y = quern.convert %x : tensor<?xKxf32> -> !quern.rows<K, N>
//
// Workers share rows. Columns beyond K are zero in the result, whatever lies in
// the operand's padding.
//
//===----------------------------------------------------------------------===//
#include "codegen/cpu/linear/ConvertRow.h"

using namespace mlir;
using namespace quern;
using namespace quern::cpu;

bool quern::cpu::takesConvert(KernelOp kernel) {
  Operation &op = kernel.getBody().front().front();
  return isa<ConvertOp>(op) &&
         op.getNextNode()->hasTrait<OpTrait::IsTerminator>();
}

LogicalResult quern::cpu::lowerConvert(KernelBuilder &b) {
  auto op = cast<ConvertOp>(b.body().front());
  Value input = b.memory(op.getInput()), zero = b.index(0);
  RowsType type = op.getResult().getType();
  b.choose("a row");
  b.because("once a step for all that read it");
  auto [from, to] = b.share(b.rows);
  b.loop(from, to, 1, [&](Value row) {
    convertColumns(b, type, {input, row, zero}, b.result(0), row, zero,
                   b.index(type.getColumns()));
  });
  return success();
}
