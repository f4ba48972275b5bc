//===- KvMemory.cpp - Memory of a KV cache, and of a step -----------------===//
#include "codegen/kernel/KvMemory.h"

using namespace mlir;
using namespace quern;

/// Tokens whose keys lie beside each other; see !quern.kv.
static constexpr int64_t kTogether = 16;

KvPlace quern::placeOf(LoopBuilder &b, KvType type, const KvMemory &kv,
                       Value slot, Value position, Value head) {
  int64_t size = type.getSize(), page = type.getPage();
  Value entry = b.add(b.mul(slot, kv.tableEntries), b.div(position, page));
  Value token = b.rem(position, page);
  Value base = b.add(
      b.mul(b.loadIndex(kv.table, entry), 2 * type.getHeads() * size * page),
      b.mul(head, 2 * size * page));
  Value lane = b.rem(token, kTogether);
  return {b.add(b.add(base, b.mul(b.sub(token, lane), size)), lane),
          b.add(b.add(base, b.mul(token, size)), size * page)};
}
