//===- VectorBuilder.h - Short words for vector arithmetic -----*- C++ -*-===//
#pragma once
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "mlir/IR/ImplicitLocOpBuilder.h"

namespace quern {

/// What the lowerings of tile ops write all the time. Nothing here is specific
/// to a target.
struct VectorBuilder : mlir::ImplicitLocOpBuilder {
  VectorBuilder(mlir::Operation *op, mlir::OpBuilder &b)
      : ImplicitLocOpBuilder(op->getLoc(), b) {}

  mlir::VectorType vec(int64_t n, mlir::Type t) {
    return mlir::VectorType::get({n}, t);
  }
  mlir::VectorType i32s(int64_t n) { return vec(n, getI32Type()); }
  mlir::VectorType f32s(int64_t n) { return vec(n, getF32Type()); }
  static int64_t lanes(mlir::Value v) {
    return mlir::cast<mlir::VectorType>(v.getType()).getDimSize(0);
  }

  mlir::Value index(int64_t v) {
    return mlir::arith::ConstantIndexOp::create(*this, v);
  }
  mlir::Value add(mlir::Value a, mlir::Value b) {
    return createOrFold<mlir::arith::AddIOp>(a, b);
  }
  mlir::Value add(mlir::Value a, int64_t b) { return b ? add(a, index(b)) : a; }
  mlir::Value mul(mlir::Value a, int64_t b) {
    return b == 1 ? a : createOrFold<mlir::arith::MulIOp>(a, index(b));
  }

  /// The integer `v` in all lanes of a vector type.
  mlir::Value splat(mlir::Type t, int64_t v) {
    auto vector = mlir::cast<mlir::VectorType>(t);
    unsigned bits = vector.getElementTypeBitWidth();
    llvm::APInt i(bits, uint64_t(v), /*isSigned=*/false,
                  /*implicitTrunc=*/true);
    return mlir::arith::ConstantOp::create(
        *this, mlir::DenseElementsAttr::get(vector, i));
  }
  mlir::Value splatFloat(mlir::Type t, float v) {
    return mlir::arith::ConstantOp::create(
        *this,
        mlir::DenseElementsAttr::get(mlir::cast<mlir::VectorType>(t), v));
  }
  /// Right by n bits, or left by -n.
  mlir::Value shift(mlir::Value v, int n) {
    if (n > 0)
      return mlir::arith::ShRUIOp::create(*this, v, splat(v.getType(), n));
    if (n < 0)
      return mlir::arith::ShLIOp::create(*this, v, splat(v.getType(), -n));
    return v;
  }
  mlir::Value mask(mlir::Value v, int64_t bits) {
    return mlir::arith::AndIOp::create(*this, v, splat(v.getType(), bits));
  }
  mlir::Value either(mlir::Value a, mlir::Value b) {
    return a ? mlir::arith::OrIOp::create(*this, a, b).getResult() : b;
  }
  mlir::Value bitcast(mlir::Value v, mlir::VectorType t) {
    return v.getType() == t
               ? v
               : mlir::vector::BitCastOp::create(*this, t, v).getResult();
  }
  mlir::Value load(mlir::VectorType t, mlir::Value memory, mlir::Value at) {
    return mlir::vector::LoadOp::create(*this, t, memory, at);
  }
};

} // namespace quern
