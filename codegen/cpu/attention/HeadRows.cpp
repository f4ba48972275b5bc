//===- HeadRows.cpp - Work that is done head by head ----------------------===//
#include "codegen/cpu/attention/HeadRows.h"
#include "codegen/cpu/attention/Lanes.h"
#include "codegen/cpu/attention/RotateHead.h"

using namespace mlir;
using namespace quern;
using namespace quern::cpu;

/// The head size that an op insists on, or 0.
static int64_t sizeOf(Operation &op) {
  if (auto rope = dyn_cast<RopeOp>(op))
    return rope.getSize();
  if (auto write = dyn_cast<KvWriteOp>(op))
    return write.getCache().getType().getSize();
  return 0;
}

int64_t quern::cpu::headSize(KernelOp kernel) {
  int64_t size = 0;
  for (Operation &op : kernel.getBody().front()) {
    int64_t its = sizeOf(op);
    if (its && size && its != size)
      return 0;
    size = its ? its : size;
  }
  if (!size)
    return 0;
  for (Operation &op : kernel.getBody().front()) {
    if (auto norm = dyn_cast<RmsNormOp>(op)) {
      if (columnsOf(norm.getWeight().getType()) != size ||
          !isa<RankedTensorType>(norm.getWeight().getType()))
        return 0;
    } else if (auto rope = dyn_cast<RopeOp>(op)) {
      if (!rope.getTable())
        return 0;
    } else if (!isa<KvWriteOp, YieldOp, ElementwiseOpInterface>(op)) {
      return 0;
    }
  }
  return size;
}

namespace {
class HeadEmitter {
public:
  HeadEmitter(KernelBuilder &b, int64_t size) : b(b), size(size) {}

  void emit();

private:
  int64_t headsOf(Value v) { return columnsOf(v.getType()) / size; }
  HeadPieces pieces(Value v, Value row, Value head);
  HeadPieces norm(RmsNormOp, HeadPieces x);
  void storeResult(unsigned i, Value v, Value row, Value head);
  void write(KvWriteOp, Value row, Value head);

  KernelBuilder &b;
  int64_t size;
};
} // namespace

HeadPieces HeadEmitter::norm(RmsNormOp op, HeadPieces x) {
  size_t next = 0;
  Value sum = sumOfSquares(b, size, [&](Value, int64_t) { return x[next++]; });
  Value scale = rmsScale(b, sum, size, op), weight = b.memory(op.getWeight());
  for (auto [i, piece] : llvm::enumerate(x)) {
    Value w = loadLanes(b, weight, b.index(i * kWidth), lanesOf(size, i));
    piece = arith::MulFOp::create(b, arith::MulFOp::create(b, piece, scale), w);
  }
  return x;
}

HeadPieces HeadEmitter::pieces(Value v, Value row, Value head) {
  HeadPieces result;
  Operation *op = v.getDefiningOp();
  if (!op) {
    for (int64_t i = 0; i < piecesOf(size); ++i)
      result.push_back(loadLanes(b, b.memory(v),
                                 {row, b.add(b.mul(head, size), i * kWidth)},
                                 lanesOf(size, i)));
    return result;
  }
  if (auto rms = dyn_cast<RmsNormOp>(op))
    return norm(rms, pieces(rms.getInput(), row, head));
  if (auto rope = dyn_cast<RopeOp>(op))
    return rotateHead(b, rope, pieces(rope.getInput(), row, head), row);
  SmallVector<HeadPieces> operands;
  for (Value operand : op->getOperands())
    operands.push_back(pieces(operand, row, head));
  for (int64_t i = 0; i < piecesOf(size); ++i) {
    SmallVector<Value> at;
    for (HeadPieces &operand : operands)
      at.push_back(operand[i]);
    result.push_back(cast<ElementwiseOpInterface>(op).emit(b, at));
  }
  return result;
}

void HeadEmitter::storeResult(unsigned i, Value v, Value row, Value head) {
  Value memory = b.result(i);
  for (auto [n, piece] : llvm::enumerate(pieces(v, row, head)))
    storeLanes(b, piece, memory, {row, b.add(b.mul(head, size), n * kWidth)},
               lanesOf(size, n));
  int64_t columns = columnsOf(v.getType());
  if (rowStride(columns) == columns)
    return;
  Value last = arith::CmpIOp::create(b, arith::CmpIPredicate::eq, head,
                                     b.index(headsOf(v) - 1));
  b.when(last, [&] { zeroPadding(b, memory, row, columns); });
}

void HeadEmitter::write(KvWriteOp op, Value row, Value head) {
  StepMemory step = b.step(op.getStep());
  KvMemory kv = b.kv(op.getCache());
  KvType type = op.getCache().getType();
  KvPlace place = placeOf(b, type, kv, b.loadIndex(step.slots, row),
                          b.loadIndex(step.positions, row), head);
  // Keys of sixteen tokens lie beside each other: one element every sixteen.
  for (auto [n, piece] : llvm::enumerate(pieces(op.getKeys(), row, head))) {
    Value stored = narrow(b, piece, type.getStored());
    for (int64_t i = 0; i < lanesOf(size, n); ++i)
      memref::StoreOp::create(b, vector::ExtractOp::create(b, stored, i), kv.pages,
                              b.add(place.key, kWidth * (kWidth * int64_t(n) + i)));
  }
  for (auto [n, piece] : llvm::enumerate(pieces(op.getValues(), row, head)))
    storeLanes(b, piece, kv.pages, b.add(place.value, n * kWidth), lanesOf(size, n));
}

/// Every result and every write is a run of heads; a task is one head of one
/// row, rows outermost.
void HeadEmitter::emit() {
  struct Run {
    int64_t first;
    std::function<void(Value, Value)> emit;
  };
  SmallVector<Run> runs;
  int64_t heads = 0;
  for (auto [i, v] : llvm::enumerate(b.body().getTerminator()->getOperands())) {
    runs.push_back({heads, [this, i = i, v = v](Value row, Value head) {
                      storeResult(i, v, row, head);
                    }});
    heads += headsOf(v);
  }
  for (KvWriteOp op : b.body().getOps<KvWriteOp>()) {
    runs.push_back({heads, [this, op](Value row, Value head) { write(op, row, head); }});
    heads += op.getCache().getType().getHeads();
  }
  auto [first, last] = b.share(b.mul(b.rows, heads));
  b.loop(first, last, 1, [&](Value task) {
    Value row = b.div(task, heads), head = b.rem(task, heads);
    for (auto [i, run] : llvm::enumerate(runs)) {
      Value mine = b.less(b.sub(head, b.index(run.first)),
                          b.index((i + 1 < runs.size() ? runs[i + 1].first : heads) -
                                  run.first));
      b.when(mine, [&] { run.emit(row, b.sub(head, b.index(run.first))); });
    }
  });
}

LogicalResult quern::cpu::lowerHeads(KernelBuilder &b) {
  b.choose("a head of a row");
  b.because("norm, rotation and the write to the cache look at one head");
  HeadEmitter(b, headSize(b.kernel)).emit();
  return success();
}
