//===- LoopBuilder.cpp - Short words for what kernels are made of ---------===//
#include "codegen/kernel/LoopBuilder.h"

using namespace mlir;
using namespace quern;

Value LoopBuilder::loadIndex(Value memory, Value at) {
  return arith::IndexCastUIOp::create(
      *this, getIndexType(), memref::LoadOp::create(*this, memory, at));
}

Value LoopBuilder::splat(VectorType t, double v) {
  Attribute a = isa<FloatType>(t.getElementType())
                    ? Attribute(getFloatAttr(t.getElementType(), v))
                    : Attribute(getIntegerAttr(t.getElementType(), int64_t(v)));
  return arith::ConstantOp::create(*this, DenseElementsAttr::get(t, a));
}

SmallVector<Value>
LoopBuilder::loop(Value from, Value to, int64_t step, ValueRange values,
                  function_ref<SmallVector<Value>(Value, ValueRange)> body) {
  auto f = scf::ForOp::create(*this, from, to, index(step), values);
  OpBuilder::InsertionGuard guard(*this);
  setInsertionPointToStart(f.getBody());
  SmallVector<Value> next = body(f.getInductionVar(), f.getRegionIterArgs());
  if (!values.empty())
    scf::YieldOp::create(*this, next);
  return SmallVector<Value>(f.getResults());
}

void LoopBuilder::loop(Value from, Value to, int64_t step,
                       function_ref<void(Value)> body) {
  loop(from, to, step, {}, [&](Value i, ValueRange) {
    body(i);
    return SmallVector<Value>();
  });
}

void LoopBuilder::when(Value condition, function_ref<void()> body) {
  auto f = scf::IfOp::create(*this, condition, /*withElse=*/false);
  OpBuilder::InsertionGuard guard(*this);
  setInsertionPointToStart(f.thenBlock());
  body();
}
