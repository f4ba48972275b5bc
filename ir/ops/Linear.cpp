//===- Linear.cpp - Products with weights ---------------------------------===//
#include "ir/Quern.h"

using namespace mlir;
using namespace quern;

LogicalResult LinearOp::verify() {
  if (columnsOf(getInput().getType()) != columnsOf(getWeight().getType())) // C1
    return emitOpError("requires an operand with the weight's columns");
  if (columnsOf(getResult().getType()) !=
      rowsOfWeight(getWeight().getType())) // C2
    return emitOpError(
        "requires a result with as many columns as the weight has rows");
  return success();
}

void LinearOp::reference(ReferenceFrame &frame) {
  const HostRows &x = frame.rows(getInput());
  HostWeight &w = frame.weight(getWeight());
  HostRows y(x.rows, w.rows);
  std::vector<float> row(w.columns);
  for (int64_t n = 0; n < w.rows; ++n) {
    w.decode(n, row.data());
    for (int64_t r = 0; r < x.rows; ++r) {
      double sum = 0;
      for (int64_t k = 0; k < w.columns; ++k)
        sum += double(x.row(r)[k]) * row[k];
      y.row(r)[n] = sum;
    }
  }
  frame.rows(getResult()) = std::move(y);
}

LogicalResult ConvertOp::verify() {
  if (columnsOf(getInput().getType()) !=
      getResult().getType().getColumns()) // C1
    return emitOpError("requires a result with the operand's columns");
  return success();
}

/// The oracle computes with the numbers it was given: no rounding.
void ConvertOp::reference(ReferenceFrame &frame) {
  HostRows x = frame.rows(getInput());
  frame.rows(getResult()) = std::move(x);
}
