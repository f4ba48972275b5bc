//===- KvWrite.cpp - Keys and values into their pages ---------------------===//
#include "codegen/cpu/attention/HeadRows.h"

using namespace mlir;
using namespace quern;

namespace quern::cpu {

/// Together with the norm and the rotation of the keys, and of the queries.
bool takesKvWrite(KernelOp kernel) {
  Block &body = kernel.getBody().front();
  return headSize(kernel) && !body.getOps<KvWriteOp>().empty();
}

LogicalResult lowerKvWrite(KernelBuilder &b) { return lowerHeads(b); }

} // namespace quern::cpu
