//===- RmsNorm.cpp - Root mean square normalization -----------------------===//
#include "ir/Quern.h"
#include <cmath>

using namespace mlir;
using namespace quern;

LogicalResult RmsNormOp::verify() {
  Type weight = getWeight().getType();
  int64_t size = columnsOf(weight);
  if (rowsOfWeight(weight) != 1 || size <= 0 || // C1
      columnsOf(getInput().getType()) % size != 0)
    return emitOpError(
        "requires a vector whose length divides the row as weight");
  if (getInput().getType() != getResult().getType()) // C2
    return emitOpError("requires a result of the operand's type");
  if (!(getEpsilon().convertToFloat() > 0)) // C3
    return emitOpError("requires a positive epsilon");
  return success();
}

void RmsNormOp::reference(ReferenceFrame &frame) {
  HostRows y = frame.rows(getInput());
  int64_t size = columnsOf(getWeight().getType());
  std::vector<float> weight(size);
  frame.weight(getWeight()).decode(0, weight.data());
  for (float *x = y.data.data(), *end = x + y.data.size(); x != end;
       x += size) {
    double sum = 0;
    for (int64_t c = 0; c < size; ++c)
      sum += double(x[c]) * x[c];
    float scale = 1 / std::sqrt(sum / size + getEpsilon().convertToFloat());
    for (int64_t c = 0; c < size; ++c)
      x[c] *= scale * weight[c];
  }
  frame.rows(getResult()) = std::move(y);
}
