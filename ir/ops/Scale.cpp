//===- Scale.cpp - Product with a number ----------------------------------===//
#include "ir/Elementwise.h"

using namespace mlir;
using namespace quern;

OpFoldResult ScaleOp::fold(FoldAdaptor) {
  return getFactor().isExactlyValue(1.0) ? getInput() : Value();
}

void ScaleOp::reference(ReferenceFrame &frame) {
  referenceElementwise(*this, frame, [&](auto x) {
    return x(0) * getFactor().convertToFloat();
  });
}

Value ScaleOp::emit(OpBuilder &builder, ValueRange x) {
  FloatBuilder b(*this, builder, x[0]);
  return b.mul(x[0], b.constant(getFactor().convertToFloat()));
}
