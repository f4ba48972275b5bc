//===- Attention.cpp - Attention over a paged KV cache --------------------===//
//
// A task is a row tile and a KV head, and of two phases also a part of the keys; workers
// take every `workers`-th one, so that the tiles far into a prompt, which see the most
// keys, are spread over all of them. Within a task, as many query vectors as the
// registers allow go over the keys together: all query heads of the group, and of
// prompt rows several rows.
//
//===----------------------------------------------------------------------===//
#include "codegen/cpu/attention/Attend.h"
#include "codegen/cpu/attention/Lanes.h"

using namespace mlir;
using namespace quern;

namespace quern::cpu {

bool takesAttention(KernelOp kernel) { return bool(AttentionRoot::of(kernel)); }

namespace {
class AttentionEmitter {
public:
  explicit AttentionEmitter(KernelBuilder &b)
      : b(b), root(AttentionRoot::of(b.kernel)), shape(AttentionShape::of(root)),
        attend(b, root) {}
  void emit();

private:
  /// Rows [first, first + count) of the step, the first at `position`.
  struct Tile {
    Value first, count, position;
  };
  void emitTask(Value tile, AttentionTask);
  Value emitRows(const Tile &, const AttentionTask &, Value from, int64_t rows,
                 Value head, int64_t heads);

  KernelBuilder &b;
  const AttentionRoot root;
  const AttentionShape shape;
  Attend attend;
};
} // namespace

/// Rows `from` on of the tile, `rows` at a time, of heads [head, head + heads). Returns
/// the first that is left.
Value AttentionEmitter::emitRows(const Tile &tile, const AttentionTask &task,
                                 Value from, int64_t rows, Value head,
                                 int64_t heads) {
  Value count = b.sub(tile.count, from);
  Value end = b.add(from, b.sub(count, b.rem(count, rows)));
  b.loop(from, end, rows, [&](Value r) {
    attend.vectors(task, b.add(tile.first, r), b.add(tile.position, r), rows,
                   head, heads);
  });
  return end;
}

void AttentionEmitter::emitTask(Value number, AttentionTask task) {
  StepMemory step = b.step(root.step);
  Value row = b.loadIndex(step.tiles, b.mul(number, 2));
  const Tile tile{row, b.loadIndex(step.tiles, b.add(b.mul(number, 2), 1)),
                  b.loadIndex(step.positions, row)};
  task.slot = b.loadIndex(step.slots, row);
  auto withHeads = [&](Value head, int64_t heads) {
    // Generated rows are mostly alone in their tile.
    int64_t rows = b.role() == Role::Prompt && !root.parts ? attend.most() / heads : 1;
    Value done = b.index(0);
    if (rows > 1)
      done = emitRows(tile, task, done, rows, head, heads);
    emitRows(tile, task, done, 1, head, heads);
  };
  int64_t heads = std::min(shape.group, attend.most());
  int64_t whole = shape.group / heads * heads;
  b.loop(b.index(0), b.index(whole), heads, [&](Value head) { withHeads(head, heads); });
  if (whole < shape.group)
    withHeads(b.index(whole), shape.group - whole);
  // The last head's task leaves the padding of its rows finite.
  if (root.parts || rowStride(shape.columns()) == shape.columns())
    return;
  Value last = arith::CmpIOp::create(b, arith::CmpIPredicate::eq, task.head,
                                     b.index(shape.heads - 1));
  b.when(last, [&] {
    b.loop(row, b.add(row, tile.count), 1,
           [&](Value r) { zeroPadding(b, b.result(0), r, shape.columns()); });
  });
}

void AttentionEmitter::emit() {
  Value tasks =
      b.mul(b.tiles, shape.heads * std::max<int64_t>(root.parts, 1));
  // The longest are begun first, so that all end together.
  Value first = b.sub(b.sub(b.workers, b.worker), b.index(1));
  auto loop = scf::ForOp::create(b, first, tasks, b.workers);
  OpBuilder::InsertionGuard guard(b);
  b.setInsertionPointToStart(loop.getBody());
  Value task = loop.getInductionVar();
  // Parts outermost: those that have keys come first, and are dealt out to all. Then
  // heads: the keys of one stay in the cache from tile to tile.
  Value headOfPart = arith::DivUIOp::create(b, task, b.tiles);
  emitTask(arith::RemUIOp::create(b, task, b.tiles),
           {.slot = {},
            .head = b.rem(headOfPart, shape.heads),
            .part = b.div(headOfPart, shape.heads)});
}

LogicalResult lowerAttention(KernelBuilder &b) {
  AttentionEmitter(b).emit();
  return success();
}

} // namespace quern::cpu
