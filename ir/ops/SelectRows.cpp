//===- SelectRows.cpp - Rows that go on -----------------------------------===//
#include "ir/Quern.h"
#include <algorithm>

using namespace mlir;
using namespace quern;

void SelectRowsOp::reference(ReferenceFrame &frame) {
  const HostRows &x = frame.rows(getInput());
  auto &rows = frame.indices(getRows());
  HostRows y(rows.size(), x.columns);
  for (int64_t i = 0; i < y.rows; ++i)
    std::copy_n(x.row(rows[i]), x.columns, y.row(i));
  frame.rows(getResult()) = std::move(y);
}
