//===- LinearParts.cpp - Products in two phases ---------------------------===//
#include "ir/Quern.h"
#include <algorithm>

using namespace mlir;
using namespace quern;

LogicalResult LinearPartsOp::verify() {
  const int64_t k = columnsOf(getWeight().getType()),
                columns = int64_t(getColumns()), parts = int64_t(getParts());
  if (columnsOf(getInput().getType()) != k) // C1
    return emitOpError("requires an operand with the weight's columns");
  if (columns < 1 || columns % 32) // C2
    return emitOpError("requires parts of a positive multiple of 32 columns");
  if (parts < 2 || parts != (k - 1) / columns + 1) // C3
    return emitOpError("requires two parts or more, as many as the weight's "
                       "columns fill");
  if (columnsOf(getResult().getType()) !=
      parts * rowsOfWeight(getWeight().getType())) // C4
    return emitOpError("requires a result with as many columns as the weight "
                       "has rows, for each part");
  return success();
}

void LinearPartsOp::reference(ReferenceFrame &frame) {
  const HostRows &x = frame.rows(getInput());
  HostWeight &w = frame.weight(getWeight());
  const int64_t columns = int64_t(getColumns());
  HostRows y(x.rows, int64_t(getParts()) * w.rows);
  std::vector<float> row(w.columns);
  for (int64_t n = 0; n < w.rows; ++n) {
    w.decode(n, row.data());
    for (int64_t r = 0; r < x.rows; ++r)
      for (int64_t begin = 0; begin < w.columns; begin += columns) {
        double sum = 0;
        for (int64_t k = begin; k < std::min(begin + columns, w.columns); ++k)
          sum += double(x.row(r)[k]) * row[k];
        y.row(r)[begin / columns * w.rows + n] = float(sum);
      }
  }
  frame.rows(getResult()) = std::move(y);
}

LogicalResult SumPartsOp::verify() {
  if (int64_t(getParts()) < 2 || int64_t(getParts()) > 65536) // C1
    return emitOpError("requires 2 to 65536 parts");
  if (columnsOf(getInput().getType()) !=
      int64_t(getParts()) * columnsOf(getResult().getType())) // C2
    return emitOpError(
        "requires an operand with the result's columns for each part");
  return success();
}

void SumPartsOp::reference(ReferenceFrame &frame) {
  const HostRows &x = frame.rows(getInput());
  HostRows y(x.rows, columnsOf(getResult().getType()));
  for (int64_t r = 0; r < x.rows; ++r)
    for (int64_t c = 0; c < x.columns; ++c)
      y.row(r)[c % y.columns] += x.row(r)[c];
  frame.rows(getResult()) = std::move(y);
}
