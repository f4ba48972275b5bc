//===- AttentionParts.cpp - Attention in two phases -----------------------===//
#include "ir/ops/Scores.h"
#include "llvm/ADT/STLExtras.h"
#include <algorithm>
#include <cmath>

using namespace mlir;
using namespace quern;

/// So that no product of sizes wraps.
static constexpr int64_t kMostParts = 1 << 16, kMostKeys = 1 << 24;

LogicalResult AttentionPartsOp::verify() {
  KvType kv = getCache().getType();
  const int64_t query = columnsOf(getQuery().getType());
  if (query % (kv.getHeads() * kv.getSize()) != 0) // C1
    return emitOpError(
        "requires query columns that are a multiple of heads * size");
  if (int64_t(getParts()) < 2 || int64_t(getParts()) > kMostParts || // C2
      int64_t(getKeys()) < 1 || int64_t(getKeys()) > kMostKeys)
    return emitOpError("requires 2 to 65536 parts of 1 to 2^24 keys");
  if (columnsOf(getResult().getType()) != // C3
      query / kv.getSize() * int64_t(getParts()) * (kv.getSize() + 2))
    return emitOpError(
        "requires a result of query heads * parts * (size + 2) columns");
  if (getSoftcap() && !(getSoftcap()->convertToFloat() > 0)) // C4
    return emitOpError("requires a positive softcap");
  return success();
}

/// One part of one query head of one row: positions [begin, end).
static void attendPart(AttentionPartsOp op, HostKv &kv, int32_t slot,
                       int64_t begin, int64_t end, int64_t kvHead,
                       const float *q, float *y) {
  if (begin >= end)
    return; // zeros
  const int64_t size = op.getCache().getType().getSize();
  std::vector<double> scores = scoresOf(op, kv, slot, begin, end, kvHead, q);
  double top = *llvm::max_element(scores), sum = 0;
  std::vector<double> total(size);
  for (int64_t p = begin; p < end; ++p) {
    const float *v = kv.rows[{slot, int32_t(p)}].second.data() + kvHead * size;
    double weight = std::exp(scores[p - begin] - top);
    sum += weight;
    for (int64_t i = 0; i < size; ++i)
      total[i] += weight * v[i];
  }
  std::copy(total.begin(), total.end(), y);
  y[size] = float(top), y[size + 1] = float(sum);
}

void AttentionPartsOp::reference(ReferenceFrame &frame) {
  const HostRows &q = frame.rows(getQuery());
  const HostStep &step = frame.step(getStep());
  KvType type = getCache().getType();
  const int64_t size = type.getSize(), heads = q.columns / size,
                group = heads / type.getHeads(), window = type.getWindow(),
                keys = int64_t(getKeys()), parts = int64_t(getParts());
  HostRows y(q.rows, columnsOf(getResult().getType()));
  for (int64_t r = 0; r < q.rows; ++r) {
    const int64_t end = step.positions[r] + 1,
                  first = window ? std::max<int64_t>(0, end - window) : 0;
    for (int64_t h = 0; h < heads; ++h)
      for (int64_t p = 0; p < parts; ++p)
        attendPart(*this, *frame.kv(getCache()), step.slots[r],
                   std::max(first, p * keys), std::min(end, (p + 1) * keys),
                   h / group, q.row(r) + h * size,
                   y.row(r) + (h * parts + p) * (size + 2));
  }
  frame.rows(getResult()) = std::move(y);
}

LogicalResult MergePartsOp::verify() {
  const int64_t parts = int64_t(getParts()), size = int64_t(getSize());
  if (parts < 2 || parts > kMostParts || size < 1 || size > kMostKeys) // C1
    return emitOpError("requires 2 to 65536 parts of a size of 1 to 2^24");
  const int64_t columns = columnsOf(getResult().getType());
  if (columns % size != 0 || columnsOf(getInput().getType()) != // C2
                                 columns / size * parts * (size + 2))
    return emitOpError("requires an operand of parts * (size + 2) columns for "
                       "each size columns of the result");
  return success();
}

void MergePartsOp::reference(ReferenceFrame &frame) {
  const HostRows &x = frame.rows(getInput());
  const int64_t size = int64_t(getSize()), parts = int64_t(getParts());
  HostRows y(x.rows, columnsOf(getResult().getType()));
  for (int64_t r = 0; r < x.rows; ++r)
    for (int64_t h = 0; h < y.columns / size; ++h) {
      auto part = [&](int64_t p) {
        return x.row(r) + (h * parts + p) * (size + 2);
      };
      double top = -INFINITY, sum = 0;
      for (int64_t p = 0; p < parts; ++p)
        if (part(p)[size + 1] != 0)
          top = std::max(top, double(part(p)[size]));
      std::vector<double> total(size);
      for (int64_t p = 0; p < parts; ++p) {
        if (part(p)[size + 1] == 0)
          continue;
        const double weight = std::exp(part(p)[size] - top);
        sum += weight * part(p)[size + 1];
        for (int64_t i = 0; i < size; ++i)
          total[i] += weight * part(p)[i];
      }
      for (int64_t i = 0; i < size; ++i)
        y.row(r)[h * size + i] = float(total[i] / sum);
    }
  frame.rows(getResult()) = std::move(y);
}
