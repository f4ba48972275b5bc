//===- Rope.cpp - Rotary embedding, with what precedes it in the head -----===//
#include "codegen/cpu/attention/HeadRows.h"

using namespace mlir;
using namespace quern;

namespace quern::cpu {

/// Bodies without a write to the cache; those with one are KvWrite's.
bool takesRope(KernelOp kernel) {
  Block &body = kernel.getBody().front();
  return headSize(kernel) && body.getOps<KvWriteOp>().empty();
}

LogicalResult lowerRope(KernelBuilder &b) { return lowerHeads(b); }

} // namespace quern::cpu
