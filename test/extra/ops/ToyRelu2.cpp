//===- ToyRelu2.cpp - Squared ReLU ----------------------------------------===//
//
// It shows that an element-wise op costs a .td and a .cpp: what it means for one
// number, and how it is computed on a vector. Stages take it along as an
// epilogue, and every target that calls emit() has it.
//
//===----------------------------------------------------------------------===//
#include "ir/Elementwise.h"

using namespace mlir;
using namespace quern;

void ToyRelu2Op::reference(ReferenceFrame &frame) {
  referenceElementwise(*this, frame, [](auto x) {
    float rectified = 0 > x(0) ? 0 : x(0); // in the order that keeps a NaN
    return rectified * rectified;
  });
}

Value ToyRelu2Op::emit(OpBuilder &builder, ValueRange x) {
  FloatBuilder b(*this, builder, x[0]);
  Value zero = b.constant(0.0f);
  Value isNegative = arith::CmpFOp::create(b, arith::CmpFPredicate::OGT, zero, x[0]);
  Value rectified = arith::SelectOp::create(b, isNegative, zero, x[0]);
  return b.mul(rectified, rectified);
}
