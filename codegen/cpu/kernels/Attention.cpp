//===- Attention.cpp - Attention over a paged KV cache --------------------===//
//
// A task is a row tile and a KV head; workers take every `workers`-th one, so
// that the tiles far into a prompt, which see the most keys, are spread over all
// of them. Within a task, as many query vectors as the registers allow go over
// the keys together: all query heads of the group, and of prompt rows several
// rows.
//
//===----------------------------------------------------------------------===//
#include "codegen/cpu/attention/Attend.h"
#include "codegen/cpu/attention/Lanes.h"

using namespace mlir;
using namespace quern;

namespace quern::cpu {

static AttentionOp rootOf(KernelOp kernel) {
  Block &body = kernel.getBody().front();
  if (body.getOperations().size() != 2)
    return {};
  return dyn_cast<AttentionOp>(body.front());
}

bool takesAttention(KernelOp kernel) { return bool(rootOf(kernel)); }

/// Rows [row, end) of the task, `rows` at a time, of heads [head, head + heads).
static Value emitRows(KernelBuilder &b, Attend &attend, const AttentionTask &task,
                      Value tileRow, Value tilePosition, Value from, Value to,
                      int64_t rows, Value head, int64_t heads) {
  Value count = b.sub(to, from);
  Value end = b.add(from, b.sub(count, b.rem(count, rows)));
  b.loop(from, end, rows, [&](Value r) {
    attend.vectors(task, b.add(tileRow, r), b.add(tilePosition, r), rows, head, heads);
  });
  return end;
}

static void emitTask(KernelBuilder &b, AttentionOp op, Attend &attend, Value tile,
                     Value kvHead) {
  AttentionShape shape = AttentionShape::of(op);
  StepMemory step = b.step(op.getStep());
  Value row = b.loadIndex(step.tiles, b.mul(tile, 2));
  Value count = b.loadIndex(step.tiles, b.add(b.mul(tile, 2), 1));
  Value position = b.loadIndex(step.positions, row);
  AttentionTask task{b.loadIndex(step.slots, row), kvHead};
  auto withHeads = [&](Value head, int64_t heads) {
    // Generated rows are mostly alone in their tile.
    int64_t rows = b.role() == Role::Prompt ? attend.most() / heads : 1;
    Value done = b.index(0);
    if (rows > 1)
      done = emitRows(b, attend, task, row, position, done, count, rows, head, heads);
    emitRows(b, attend, task, row, position, done, count, 1, head, heads);
  };
  int64_t heads = std::min(shape.group, attend.most());
  int64_t whole = shape.group / heads * heads;
  b.loop(b.index(0), b.index(whole), heads, [&](Value head) { withHeads(head, heads); });
  if (whole < shape.group)
    withHeads(b.index(whole), shape.group - whole);
  // The last head's task leaves the padding of its rows finite.
  if (rowStride(shape.columns()) == shape.columns())
    return;
  Value last = arith::CmpIOp::create(b, arith::CmpIPredicate::eq, kvHead,
                                     b.index(shape.heads - 1));
  b.when(last, [&] {
    b.loop(row, b.add(row, count), 1,
           [&](Value r) { zeroPadding(b, b.result(0), r, shape.columns()); });
  });
}

LogicalResult lowerAttention(KernelBuilder &b) {
  AttentionOp op = rootOf(b.kernel);
  KvType kv = op.getCache().getType();
  Attend attend(b, op);
  Value tasks = b.mul(b.tiles, kv.getHeads());
  auto loop = scf::ForOp::create(b, b.worker, tasks, b.workers);
  OpBuilder::InsertionGuard guard(b);
  b.setInsertionPointToStart(loop.getBody());
  Value task = loop.getInductionVar();
  // Heads outermost: the keys of one stay in the cache from tile to tile.
  Value head = arith::DivUIOp::create(b, task, b.tiles);
  emitTask(b, op, attend, arith::RemUIOp::create(b, task, b.tiles), head);
  return success();
}

} // namespace quern::cpu
