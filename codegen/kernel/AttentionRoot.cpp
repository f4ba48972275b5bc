//===- AttentionRoot.cpp - Attention, whole or in parts -------------------===//
#include "codegen/kernel/AttentionRoot.h"

using namespace mlir;
using namespace quern;

template <typename Op> AttentionRoot AttentionRoot::from(Op op) {
  AttentionRoot root;
  root.op = op;
  root.query = op.getQuery(), root.cache = op.getCache();
  root.step = op.getStep();
  root.scale = op.getScale().convertToFloat();
  if (op.getSoftcap())
    root.softcap = op.getSoftcap()->convertToFloat();
  return root;
}

AttentionRoot AttentionRoot::of(KernelOp kernel) {
  Block &body = kernel.getBody().front();
  if (body.getOperations().size() != 2)
    return {};
  if (auto op = dyn_cast<AttentionOp>(body.front()))
    return from(op);
  auto op = dyn_cast<AttentionPartsOp>(body.front());
  if (!op)
    return {};
  AttentionRoot root = from(op);
  root.keys = int64_t(op.getKeys()), root.parts = int64_t(op.getParts());
  return root;
}
