//===- Embed.cpp - Token embedding ----------------------------------------===//
#include "ir/Quern.h"

using namespace mlir;
using namespace quern;

LogicalResult EmbedOp::verify() {
  if (columnsOf(getTable().getType()) != columnsOf(getResult().getType())) // C1
    return emitOpError("requires a result with the table's columns");
  return success();
}

void EmbedOp::reference(ReferenceFrame &frame) {
  auto &tokens = frame.indices(getTokens());
  HostWeight &table = frame.weight(getTable());
  HostRows y(tokens.size(), table.columns);
  for (int64_t r = 0; r < y.rows; ++r) {
    table.decode(tokens[r], y.row(r));
    for (int64_t c = 0; c < y.columns; ++c)
      y.row(r)[c] *= getScale().convertToFloat();
  }
  frame.rows(getResult()) = std::move(y);
}
