//===- Elementwise.h - Helpers for element-wise ops ------------*- C++ -*-===//
#pragma once
#include "ir/Quern.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/IR/ImplicitLocOpBuilder.h"

namespace quern {

/// The reference of an element-wise op: `f` at every element.
template <typename Op, typename F>
void referenceElementwise(Op op, ReferenceFrame &frame, F f) {
  std::vector<const HostRows *> in;
  for (mlir::Value v : op->getOperands())
    in.push_back(&frame.rows(v));
  HostRows y(in[0]->rows, in[0]->columns);
  for (size_t i = 0; i < y.data.size(); ++i)
    y.data[i] = f([&](unsigned operand) { return in[operand]->data[i]; });
  frame.rows(op->getResult(0)) = std::move(y);
}

/// Emits arithmetic on values of the type of `like` (f32 or a vector of it).
struct FloatBuilder : mlir::ImplicitLocOpBuilder {
  mlir::Type type;
  FloatBuilder(mlir::Operation *op, mlir::OpBuilder &b, mlir::Value like)
      : ImplicitLocOpBuilder(op->getLoc(), b), type(like.getType()) {}
  mlir::Value constant(float v) {
    mlir::Attribute a = getF32FloatAttr(v);
    if (auto vector = mlir::dyn_cast<mlir::VectorType>(type))
      a = mlir::DenseElementsAttr::get(vector, v);
    return mlir::arith::ConstantOp::create(*this,
                                           mlir::cast<mlir::TypedAttr>(a));
  }
  mlir::Value add(mlir::Value a, mlir::Value b) {
    return mlir::arith::AddFOp::create(*this, a, b);
  }
  mlir::Value sub(mlir::Value a, mlir::Value b) {
    return mlir::arith::SubFOp::create(*this, a, b);
  }
  mlir::Value mul(mlir::Value a, mlir::Value b) {
    return mlir::arith::MulFOp::create(*this, a, b);
  }
  mlir::Value div(mlir::Value a, mlir::Value b) {
    return mlir::arith::DivFOp::create(*this, a, b);
  }
  mlir::Value fma(mlir::Value a, mlir::Value b, mlir::Value c) {
    return mlir::math::FmaOp::create(*this, a, b, c);
  }
  /// e^x within 2 ulp, e^-87.3 below -87.3 (never denormal), saturating above 88.
  mlir::Value exp(mlir::Value x);
  /// tanh(x) as 1 - 2 / (e^(2x) + 1) with care for small x; error < 2e-7.
  mlir::Value tanh(mlir::Value x);
};

} // namespace quern
