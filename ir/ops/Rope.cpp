//===- Rope.cpp - Rotary position embedding -------------------------------===//
#include "ir/Quern.h"
#include <cmath>

using namespace mlir;
using namespace quern;

LogicalResult RopeOp::verify() {
  if (getDims() <= 0 || getDims() % 2 || getDims() > int64_t(getSize())) // C1
    return emitOpError("requires an even number of dims, at most size");
  if (columnsOf(getInput().getType()) % getSize() != 0) // C2
    return emitOpError("requires a size that divides the columns");
  if (!getTable() && !getBase()) // C3
    return emitOpError("requires a base or a table");
  if (getBase() && !(getBase()->convertToDouble() > 0)) // C3
    return emitOpError("requires a positive base");
  if (getInput().getType() != getResult().getType()) // C4
    return emitOpError("requires a result of the operand's type");
  if (getFactors() && getFactors()->size() != getDims() / 2) // C5
    return emitOpError("requires a factor for each pair of dims");
  if (getTable()) { // C6
    auto table = cast<RankedTensorType>(getTable().getType());
    if (table.getRank() != 2 || table.getDimSize(0) <= 64 ||
        table.getDimSize(1) != int64_t(getDims()))
      return emitOpError("requires a table of dims columns and more than 64 "
                         "rows");
  }
  return success();
}

namespace {
struct Angle {
  double cos, sin;
};
} // namespace

/// Those of all pairs of a position, from the base, or from the table by the
/// sum of two angles.
static std::vector<Angle> anglesOf(RopeOp op, ReferenceFrame &frame,
                                   int64_t position) {
  int64_t pairs = op.getDims() / 2;
  std::vector<Angle> angles(pairs);
  if (op.getBase()) {
    double base = op.getBase()->convertToDouble();
    for (int64_t i = 0; i < pairs; ++i) {
      double angle = position * std::pow(base, -double(i) / pairs);
      if (op.getFactors())
        angle /= (*op.getFactors())[i];
      angles[i] = {std::cos(angle), std::sin(angle)};
    }
    return angles;
  }
  const HostWeight &table = frame.weight(op.getTable());
  std::vector<float> fine(2 * pairs), coarse(2 * pairs);
  table.decode(position % 64, fine.data());
  table.decode(64 + position / 64, coarse.data());
  for (int64_t i = 0; i < pairs; ++i) {
    double c = fine[i], s = fine[pairs + i];
    double cs = coarse[i], sn = coarse[pairs + i];
    angles[i] = {c * cs - s * sn, s * cs + c * sn};
  }
  return angles;
}

void RopeOp::reference(ReferenceFrame &frame) {
  HostRows y = frame.rows(getInput());
  const HostStep &step = frame.step(getStep());
  int64_t size = getSize(), pairs = getDims() / 2;
  for (int64_t r = 0; r < y.rows; ++r) {
    std::vector<Angle> angles = anglesOf(*this, frame, step.positions[r]);
    for (int64_t head = 0; head < y.columns; head += size)
      for (int64_t i = 0; i < pairs; ++i) {
        float *x = y.row(r) + head;
        float &a = x[getHalf() ? i : 2 * i];
        float &b = x[getHalf() ? i + pairs : 2 * i + 1];
        double c = angles[i].cos, s = angles[i].sin, u = a, v = b;
        a = u * c - v * s;
        b = u * s + v * c;
      }
  }
  frame.rows(getResult()) = std::move(y);
}
