//===- Elementwise.cpp - exp and tanh in plain arithmetic -----------------===//
//
// Both are written out here, in operations that every target has, so that a
// vector of any width gives the same bits on every lane.
//
//===----------------------------------------------------------------------===//
#include "ir/Elementwise.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"

using namespace mlir;
using namespace quern;

/// Cody and Waite: e^x = 2^n * e^r with n = round(x / ln 2), |r| <= ln(2) / 2,
/// and a Taylor polynomial of degree 7 for e^r (error below 1e-8 there).
Value FloatBuilder::exp(Value x) {
  // Bounds as compare and select, in the order that keeps a NaN: one
  // instruction each, where arith.maximumf takes four.
  auto bound = [&](arith::CmpFPredicate beyond, float at) {
    Value limit = constant(at);
    x = arith::SelectOp::create(
        *this, arith::CmpFOp::create(*this, beyond, limit, x), limit, x);
  };
  bound(arith::CmpFPredicate::OGT, -87.3f);
  bound(arith::CmpFPredicate::OLT, 88.0f);
  // Adding 1.5 * 2^23 rounds to nearest even and leaves n in the low bits.
  Value magic = constant(12582912.0f);
  Value shifted = fma(x, constant(1.44269504f), magic);
  Value n = sub(shifted, magic);
  Value r = fma(n, constant(-0.693359375f), x);
  r = fma(n, constant(2.12194440e-4f), r);
  Value p = constant(1.0f / 5040);
  for (float c :
       {1.0f / 720, 1.0f / 120, 1.0f / 24, 1.0f / 6, 0.5f, 1.0f, 1.0f})
    p = fma(p, r, constant(c));
  // 2^n: n + 127 into the exponent.
  Type i32 = getI32Type();
  if (auto vector = dyn_cast<VectorType>(type))
    i32 = VectorType::get(vector.getShape(), i32);
  auto integer = [&](int32_t v) -> Value {
    Attribute a = getI32IntegerAttr(v);
    if (auto vector = dyn_cast<VectorType>(i32))
      a = DenseElementsAttr::get(vector, v);
    return arith::ConstantOp::create(*this, cast<TypedAttr>(a));
  };
  Value bits = arith::BitcastOp::create(*this, i32, shifted);
  bits = arith::ShLIOp::create(
      *this, arith::AddIOp::create(*this, bits, integer(127)), integer(23));
  return mul(p, arith::BitcastOp::create(*this, type, bits));
}

/// For |x| < 0.25 a polynomial, beyond it by exp: 1 - 2 / (e^2x + 1) would
/// cancel for small x.
Value FloatBuilder::tanh(Value x) {
  Value bound = arith::MaximumFOp::create(
      *this, arith::MinimumFOp::create(*this, x, constant(10.0f)),
      constant(-10.0f));
  Value e = exp(add(bound, bound));
  Value far = sub(constant(1.0f), div(constant(2.0f), add(e, constant(1.0f))));
  Value s = mul(x, x);
  Value p = constant(62.0f / 2835);
  for (float c : {-17.0f / 315, 2.0f / 15, -1.0f / 3})
    p = fma(p, s, constant(c));
  Value near = fma(mul(p, s), x, x);
  Value isNear = arith::CmpFOp::create(*this, arith::CmpFPredicate::OLT, s,
                                       constant(0.0625f));
  return arith::SelectOp::create(*this, isNear, near, far);
}
