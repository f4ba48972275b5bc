//===- Softcap.cpp - Soft cap of logits -----------------------------------===//
#include "ir/Elementwise.h"
#include <cmath>

using namespace mlir;
using namespace quern;

LogicalResult SoftcapOp::verify() {
  if (!(getCap().convertToFloat() > 0)) // C1
    return emitOpError("requires a positive cap");
  return success();
}

void SoftcapOp::reference(ReferenceFrame &frame) {
  double cap = getCap().convertToFloat();
  referenceElementwise(*this, frame, [&](auto x) -> float {
    return cap * std::tanh(x(0) / cap);
  });
}

Value SoftcapOp::emit(OpBuilder &builder, ValueRange x) {
  FloatBuilder b(*this, builder, x[0]);
  Value cap = b.constant(getCap().convertToFloat());
  return b.mul(cap, b.tanh(b.div(x[0], cap)));
}
