//===- Attention.cpp - Attention over a KV cache --------------------------===//
#include "ir/ops/Scores.h"
#include <algorithm>
#include <cmath>

using namespace mlir;
using namespace quern;

LogicalResult KvWriteOp::verify() {
  int64_t columns =
      getCache().getType().getHeads() * getCache().getType().getSize();
  if (columnsOf(getKeys().getType()) != columns || // C1
      columnsOf(getValues().getType()) != columns)
    return emitOpError("requires keys and values of heads * size columns");
  return success();
}

void KvWriteOp::reference(ReferenceFrame &frame) {
  const HostRows &k = frame.rows(getKeys()), &v = frame.rows(getValues());
  const HostStep &step = frame.step(getStep());
  for (int64_t r = 0; r < k.rows; ++r)
    frame.kv(getCache())->rows[{step.slots[r], step.positions[r]}] = {
        {k.row(r), k.row(r) + k.columns}, {v.row(r), v.row(r) + v.columns}};
}

LogicalResult AttentionOp::verify() {
  KvType kv = getCache().getType();
  if (columnsOf(getQuery().getType()) % (kv.getHeads() * kv.getSize()) !=
      0) // C1
    return emitOpError(
        "requires query columns that are a multiple of heads * size");
  if (getQuery().getType() != getResult().getType()) // C2
    return emitOpError("requires a result of the query's type");
  if (getSoftcap() && !(getSoftcap()->convertToFloat() > 0)) // C3
    return emitOpError("requires a positive softcap");
  return success();
}

/// One query head of one row: softmax over scores, then the weighed values.
static void attend(AttentionOp op, HostKv &kv, int32_t slot, int32_t position,
                   int64_t kvHead, const float *q, float *y) {
  KvType type = op.getCache().getType();
  int64_t size = type.getSize(), window = type.getWindow();
  int32_t first = window ? std::max<int64_t>(0, position - window + 1) : 0;
  std::vector<double> scores =
      scoresOf(op, kv, slot, first, position + 1, kvHead, q);
  double top = *std::max_element(scores.begin(), scores.end()), sum = 0;
  for (double &s : scores)
    sum += s = std::exp(s - top);
  std::vector<double> total(size);
  for (int32_t p = first; p <= position; ++p) {
    const float *v = kv.rows[{slot, p}].second.data() + kvHead * size;
    for (int64_t i = 0; i < size; ++i)
      total[i] += scores[p - first] * v[i];
  }
  for (int64_t i = 0; i < size; ++i)
    y[i] = total[i] / sum;
}

void AttentionOp::reference(ReferenceFrame &frame) {
  const HostRows &q = frame.rows(getQuery());
  const HostStep &step = frame.step(getStep());
  KvType type = getCache().getType();
  int64_t size = type.getSize(), heads = q.columns / size;
  HostRows y(q.rows, q.columns);
  for (int64_t r = 0; r < q.rows; ++r)
    for (int64_t h = 0; h < heads; ++h)
      attend(*this, *frame.kv(getCache()), step.slots[r], step.positions[r],
             h / (heads / type.getHeads()), q.row(r) + h * size,
             y.row(r) + h * size);
  frame.rows(getResult()) = std::move(y);
}
