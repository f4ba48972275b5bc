//===- Linear.cpp - Products with packed weights ----------------*- C++ -*-===//
//
//     quern.kernel: N linears of one operand, element-wise ops   => loops
//
// Which loops is decided by the numbers that the activations are in, and by the role.
//
//===----------------------------------------------------------------------===//
#include "codegen/cpu/linear/Linear.h"
#include "ir/Panel.h"

using namespace mlir;
using namespace quern;
using namespace quern::cpu;

bool quern::cpu::takesLinear(KernelOp kernel) {
  return !kernel.getBody().front().getOps<LinearOp>().empty();
}

static LogicalResult verifyRoots(KernelBuilder &b, ArrayRef<LinearOp> roots) {
  for (Operation &op : b.body().without_terminator())
    if (!isa<LinearOp, ElementwiseOpInterface>(op))
      return op.emitOpError("requires a kernel without a linear");
  auto arguments = b.body().getArguments();
  for (LinearOp op : roots) {
    auto panels = dyn_cast<PanelsType>(op.getWeight().getType());
    if (!panels || !llvm::is_contained(arguments, op.getWeight()) ||
        !llvm::is_contained(arguments, op.getInput()))
      return op.emitOpError(
          "requires packed weights and rows from outside of the kernel");
    LinearOp first = roots.front();
    if (op.getInput() != first.getInput() ||
        panels != first.getWeight().getType())
      return op.emitOpError(
          "requires operand and weight's type of the kernel's first linear");
    auto rows = dyn_cast<RowsType>(op.getInput().getType());
    if (rows && rows.getNumber() != Number::BF16 &&
        !b.panels(op.getWeight()).hasCodes())
      return op.emitOpError(
          "requires weights of integer codes for integer rows");
  }
  return success();
}

/// Why rows are in these numbers (traitsOf in Chip.cpp).
static StringRef reasonOf(const Chip &chip, Number number, bool codes) {
  switch (number) {
  case Number::F32:
    return codes ? "f32 was asked for" : "weights are floats, and stay exact";
  case Number::BF16:
    return chip.multipliesBF16 ? "the CPU has a matrix unit for bf16"
                               : "the CPU adds two products of bf16 at once";
  case Number::I16Words:
    return chip.dotsBytes ? "the CPU adds two products of words at once"
                          : "the CPU adds two products of words at once, none of bytes";
  case Number::I16:
    return "the CPU adds four products of bytes at once: a word is two";
  case Number::I8:
    return chip.dotsBytes ? "8 bits were asked for; four products at once"
                          : "8 bits were asked for; products are added in words";
  }
  llvm_unreachable("unknown number");
}

LogicalResult quern::cpu::lowerLinear(KernelBuilder &b) {
  auto roots = llvm::to_vector(b.body().getOps<LinearOp>());
  if (failed(verifyRoots(b, roots)))
    return failure();
  auto rows = dyn_cast<RowsType>(roots.front().getInput().getType());
  const bool many = b.role() == Role::Prompt;
  const Number number = rows ? rows.getNumber() : Number::F32;
  b.because(reasonOf(b.chip, number, b.panels(roots.front().getWeight()).hasCodes()));
  switch (number) {
  case Number::F32:
    return many ? lowerBlockedF32(b, roots) : lowerLinearF32(b, roots);
  case Number::BF16:
    return b.chip.multipliesBF16 ? lowerBlockedMatrix(b, roots)
                          : lowerBlockedBF16(b, roots);
  case Number::I16Words:
    return many ? lowerBlockedWords(b, roots) : lowerLinearIntegers(b, roots);
  case Number::I8:
    return many ? lowerBlockedBytes(b, roots) : lowerLinearIntegers(b, roots);
  case Number::I16:
    return many ? lowerBlockedHalves(b, roots) : lowerLinearIntegers(b, roots);
  }
  llvm_unreachable("unknown number");
}

//===----------------------------------------------------------------------===//
// What the three kinds share
//===----------------------------------------------------------------------===//

void quern::cpu::chooseRows(KernelBuilder &b, Value left,
                            int64_t most,
                            function_ref<void(int64_t)> variant) {
  if (most == 1)
    return variant(1);
  auto choice = scf::IfOp::create(b, b.less(b.index(most / 2), left),
                                  /*withElse=*/true);
  OpBuilder::InsertionGuard guard(b);
  b.setInsertionPointToStart(choice.thenBlock());
  variant(most);
  b.setInsertionPointToStart(choice.elseBlock());
  chooseRows(b, left, most / 2, variant);
}

Value quern::cpu::scratch(KernelBuilder &b, ArrayRef<int64_t> shape,
                          Type type) {
  OpBuilder::InsertionGuard guard(b);
  b.setInsertionPointToStart(&b.function.getBody().front());
  return memref::AllocaOp::create(b, MemRefType::get(shape, type),
                                  b.getI64IntegerAttr(64));
}

Value quern::cpu::loadSplat(KernelBuilder &b, VectorType type, Value memory,
                            Value at) {
  Type element = type.getElementType();
  Value bytes = b.load(
      b.vec(element.getIntOrFloatBitWidth() / 8, b.getI8Type()), memory, at);
  Value one = vector::BitCastOp::create(b, b.vec(1, element), bytes);
  return b.broadcast(type, one);
}

void quern::cpu::finishRows(KernelBuilder &b, ArrayRef<LinearOp> roots,
                            Value sums, int64_t column, int64_t stride,
                            Value firstRow, Value rows, Value panel) {
  b.loop(b.index(0), rows, 1, [&](Value r) {
    DenseMap<Value, Value> vectors;
    for (auto [i, root] : llvm::enumerate(roots))
      vectors[root->getResult(0)] = b.load(b.vec(kLanes, b.getF32Type()), sums,
                                           {r, b.index(column + i * stride)});
    b.epilogue(vectors, b.add(firstRow, r), b.mul(panel, kLanes));
  });
}
