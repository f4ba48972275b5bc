//===- Rope.cpp - Rotary position embedding
//--------------------------------===//
#include "ir/Quern.h"
#include <cmath>

using namespace mlir;
using namespace quern;

LogicalResult RopeOp::verify() {
  if (getDims() <= 0 || getDims() % 2 || getDims() > int64_t(getSize())) // C1
    return emitOpError("requires an even number of dims, at most size");
  if (columnsOf(getInput().getType()) % getSize() != 0) // C2
    return emitOpError("requires a size that divides the columns");
  if (!(getBase().convertToDouble() > 0)) // C3
    return emitOpError("requires a positive base");
  if (getInput().getType() != getResult().getType()) // C4
    return emitOpError("requires a result of the operand's type");
  return success();
}

void RopeOp::reference(ReferenceFrame &frame) {
  HostRows y = frame.rows(getInput());
  const HostStep &step = frame.step(getStep());
  int64_t size = getSize(), pairs = getDims() / 2;
  for (int64_t r = 0; r < y.rows; ++r)
    for (int64_t head = 0; head < y.columns; head += size)
      for (int64_t i = 0; i < pairs; ++i) {
        double angle = step.positions[r] * std::pow(getBase().convertToDouble(),
                                                    -double(i) / pairs);
        if (getFactors())
          angle /= (*getFactors())[i];
        float *x = y.row(r) + head;
        float &a = x[getHalf() ? i : 2 * i];
        float &b = x[getHalf() ? i + pairs : 2 * i + 1];
        double c = std::cos(angle), s = std::sin(angle), u = a, v = b;
        a = u * c - v * s;
        b = u * s + v * c;
      }
  frame.rows(getResult()) = std::move(y);
}
