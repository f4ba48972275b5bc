//===- Add.cpp - Sum of activations ---------------------------------------===//
#include "ir/Elementwise.h"

using namespace mlir;
using namespace quern;

void AddOp::reference(ReferenceFrame &frame) {
  referenceElementwise(*this, frame, [](auto x) { return x(0) + x(1); });
}

Value AddOp::emit(OpBuilder &builder, ValueRange x) {
  return FloatBuilder(*this, builder, x[0]).add(x[0], x[1]);
}
