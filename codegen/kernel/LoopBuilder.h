//===- LoopBuilder.h - Short words for what kernels are made of -*- C++ -*-===//
#pragma once
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "mlir/IR/ImplicitLocOpBuilder.h"

namespace quern {

/// What the lowerings of kernels write all the time, on every target: numbers of
/// index type, vectors of 1-D memory, and loops.
class LoopBuilder : public mlir::ImplicitLocOpBuilder {
public:
  using ImplicitLocOpBuilder::ImplicitLocOpBuilder;

  mlir::Value index(int64_t v) {
    return mlir::arith::ConstantIndexOp::create(*this, v);
  }
  mlir::Value add(mlir::Value a, mlir::Value b) {
    return createOrFold<mlir::arith::AddIOp>(a, b);
  }
  mlir::Value add(mlir::Value a, int64_t b) { return b ? add(a, index(b)) : a; }
  mlir::Value sub(mlir::Value a, mlir::Value b) {
    return createOrFold<mlir::arith::SubIOp>(a, b);
  }
  mlir::Value mul(mlir::Value a, mlir::Value b) {
    return createOrFold<mlir::arith::MulIOp>(a, b);
  }
  mlir::Value mul(mlir::Value a, int64_t b) {
    return b == 1 ? a : mul(a, index(b));
  }
  mlir::Value div(mlir::Value a, int64_t b) {
    return b == 1 ? a : createOrFold<mlir::arith::DivUIOp>(a, index(b));
  }
  mlir::Value rem(mlir::Value a, int64_t b) {
    return createOrFold<mlir::arith::RemUIOp>(a, index(b));
  }
  mlir::Value min(mlir::Value a, mlir::Value b) {
    return createOrFold<mlir::arith::MinUIOp>(a, b);
  }
  mlir::Value max(mlir::Value a, mlir::Value b) {
    return createOrFold<mlir::arith::MaxUIOp>(a, b);
  }
  mlir::Value less(mlir::Value a, mlir::Value b) {
    return mlir::arith::CmpIOp::create(*this, mlir::arith::CmpIPredicate::ult,
                                       a, b);
  }
  /// An i32 in memory as an index.
  mlir::Value loadIndex(mlir::Value memory, mlir::Value at);
  mlir::VectorType vec(int64_t n, mlir::Type t) {
    return mlir::VectorType::get({n}, t);
  }
  mlir::Value splat(mlir::VectorType, double v);
  mlir::Value broadcast(mlir::VectorType t, mlir::Value scalar) {
    return mlir::vector::BroadcastOp::create(*this, t, scalar);
  }
  mlir::Value load(mlir::VectorType t, mlir::Value memory,
                   mlir::ValueRange at) {
    return mlir::vector::LoadOp::create(*this, t, memory, at);
  }
  void store(mlir::Value v, mlir::Value memory, mlir::ValueRange at) {
    mlir::vector::StoreOp::create(*this, v, memory, at);
  }

  /// for (i = from; i < to; i += step) carrying `values`; `body(i, carried)`
  /// returns the next ones.
  llvm::SmallVector<mlir::Value>
  loop(mlir::Value from, mlir::Value to, int64_t step, mlir::ValueRange values,
       llvm::function_ref<llvm::SmallVector<mlir::Value>(mlir::Value,
                                                         mlir::ValueRange)>
           body);
  void loop(mlir::Value from, mlir::Value to, int64_t step,
            llvm::function_ref<void(mlir::Value)> body);
  void when(mlir::Value condition, llvm::function_ref<void()> body);
};

} // namespace quern
