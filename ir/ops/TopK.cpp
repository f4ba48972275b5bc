//===- TopK.cpp - The best of each row ------------------------------------===//
#include "ir/Quern.h"
#include <algorithm>
#include <cmath>
#include <limits>

using namespace mlir;
using namespace quern;

static constexpr int64_t kMostColumns = int64_t(1) << 24;

LogicalResult TopKOp::verify() {
  int64_t k = getK(), part = getPart();
  int64_t columns = columnsOf(getInput().getType());
  if (k < 1 || k > part) // C1
    return emitOpError("requires a k from 1 to the part");
  if (columns < k) // C2
    return emitOpError("requires rows of at least k columns");
  if (columns >= kMostColumns) // C3
    return emitOpError("requires rows of fewer than 2^24 columns");
  if (columnsOf(getResult().getType()) !=
      int64_t(llvm::divideCeil(columns, part)) * 2 * k) // C4
    return emitOpError("requires a result of 2 k columns for each part");
  return success();
}

LogicalResult MergeTopKOp::verify() {
  int64_t k = getK(), lists = getLists();
  int64_t columns = columnsOf(getInput().getType());
  if (k < 1 || k > kMostColumns || lists < 2 || lists > kMostColumns) // C1
    return emitOpError("requires a positive k, and two lists to merge");
  if (columns == 0 || columns % (2 * k)) // C2
    return emitOpError("requires an operand of lists of 2 k columns");
  if (columnsOf(getResult().getType()) !=
      int64_t(llvm::divideCeil(columns / (2 * k), lists)) * 2 * k) // C3
    return emitOpError("requires a result of 2 k columns for the lists that "
                       "become one");
  return success();
}

namespace {
struct Ranked {
  float number;
  int64_t column;

  bool operator<(const Ranked &o) const { // is better than
    if (std::isnan(number) != std::isnan(o.number))
      return std::isnan(o.number);
    if (!std::isnan(number) && number != o.number)
      return number > o.number;
    return column < o.column;
  }
};
} // namespace

/// The k best of `all` as a list at `out`.
static void writeList(std::vector<Ranked> all, int64_t k, float *out) {
  std::sort(all.begin(), all.end());
  constexpr float nan = std::numeric_limits<float>::quiet_NaN();
  all.resize(size_t(k), {nan, kMostColumns});
  for (int64_t i = 0; i < k; ++i) {
    out[i] = std::isnan(all[i].number) ? nan : all[i].number + 0.0f;
    out[k + i] = float(all[i].column);
  }
}

void TopKOp::reference(ReferenceFrame &frame) {
  const HostRows &x = frame.rows(getInput());
  int64_t k = getK(), part = getPart();
  HostRows y(x.rows, columnsOf(getResult().getType()));
  for (int64_t row = 0; row < x.rows; ++row)
    for (int64_t from = 0, list = 0; from < x.columns; from += part, ++list) {
      std::vector<Ranked> all;
      for (int64_t i = from; i < std::min(from + part, x.columns); ++i)
        all.push_back({x.row(row)[i], i});
      writeList(std::move(all), k, y.row(row) + list * 2 * k);
    }
  frame.rows(getResult()) = std::move(y);
}

void MergeTopKOp::reference(ReferenceFrame &frame) {
  const HostRows &x = frame.rows(getInput());
  int64_t k = getK(), part = getLists() * 2 * k;
  HostRows y(x.rows, columnsOf(getResult().getType()));
  for (int64_t row = 0; row < x.rows; ++row)
    for (int64_t from = 0, list = 0; from < x.columns; from += part, ++list) {
      std::vector<Ranked> all;
      for (int64_t at = from; at < std::min(from + part, x.columns);
           at += 2 * k)
        for (int64_t i = at; i < at + k; ++i)
          all.push_back({x.row(row)[i], int64_t(x.row(row)[i + k])});
      writeList(std::move(all), k, y.row(row) + list * 2 * k);
    }
  frame.rows(getResult()) = std::move(y);
}
