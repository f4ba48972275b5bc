//===- Heads.cpp - Rotations and cache writes, head by head ---------------===//
//
// A workgroup for each head of each row; threads take every `threads`-th column.
// What a column comes to is a function of the head's numbers, so that a rotation
// asks for both columns of its pair and nothing is exchanged; only a norm needs a
// sum of all threads, once, before.
//
//===----------------------------------------------------------------------===//
#include "codegen/simt/Kernel.h"
#include "mlir/Dialect/Math/IR/Math.h"

using namespace mlir;
using namespace quern;
using namespace quern::simt;

/// The head size that an op insists on, or 0.
static int64_t sizeOf(Operation &op) {
  if (auto rope = dyn_cast<RopeOp>(op))
    return rope.getSize();
  if (auto write = dyn_cast<KvWriteOp>(op))
    return write.getCache().getType().getSize();
  return 0;
}

static bool fits(Operation &op, int64_t size) {
  if (auto norm = dyn_cast<RmsNormOp>(op))
    return columnsOf(norm.getWeight().getType()) == size &&
           isa<RankedTensorType>(norm.getWeight().getType());
  if (auto rope = dyn_cast<RopeOp>(op))
    return int64_t(rope.getSize()) == size && rope.getTable();
  if (auto write = dyn_cast<KvWriteOp>(op))
    return write.getCache().getType().getSize() == size;
  return isa<YieldOp, ElementwiseOpInterface>(op);
}

/// The head size of a body of rotations and cache writes, with what precedes them
/// in a head: norms of that size and element-wise ops. 0 for any other body.
static int64_t headSize(KernelOp kernel) {
  Block &body = kernel.getBody().front();
  int64_t size = 0;
  for (Operation &op : body)
    size = std::max(size, sizeOf(op));
  return size && llvm::all_of(body,
                              [&](Operation &op) { return fits(op, size); })
             ? size
             : 0;
}

namespace {
class HeadEmitter {
public:
  explicit HeadEmitter(KernelBuilder &b) : b(b), size(headSize(b.kernel)) {}
  void emit();

private:
  int64_t headsOf(Value v) { return columnsOf(v.getType()) / size; }
  /// Makes the sums that `v` of this head depends on.
  void prepare(Value v, Value head);
  /// The number of `v` in a column of the head; after prepare().
  Value at(Value v, Value head, Value column);
  Value rotated(RopeOp, Value head, Value column);
  void write(KvWriteOp, Value head);
  void eachHead(int64_t first, int64_t heads, function_ref<void(Value)> body);

  KernelBuilder &b;
  int64_t size;
  DenseMap<Operation *, Value> scales; // of norms, in this head
};
} // namespace

void HeadEmitter::prepare(Value v, Value head) {
  Operation *op = v.getDefiningOp();
  if (!op)
    return;
  if (auto rope = dyn_cast<RopeOp>(op))
    return prepare(rope.getInput(), head);
  auto norm = dyn_cast<RmsNormOp>(op);
  if (!norm) {
    for (Value operand : op->getOperands())
      prepare(operand, head);
    return;
  }
  prepare(norm.getInput(), head);
  Value sum =
      b.loop(b.thread, b.index(size), b.chip.threads, b.number(0),
             [&](Value column, ValueRange carried) -> SmallVector<Value> {
               Value x = at(norm.getInput(), head, column);
               return {math::FmaOp::create(b, x, x, carried[0])};
             })[0];
  Value scratch = b.shared({b.chip.threads}, b.getF32Type());
  Value mean = arith::DivFOp::create(b, b.sumOfThreads(sum, scratch),
                                     b.number(float(size)));
  mean = arith::AddFOp::create(b, mean,
                               b.number(norm.getEpsilon().convertToFloat()));
  scales[norm] =
      arith::DivFOp::create(b, b.number(1), math::SqrtOp::create(b, mean));
}

Value HeadEmitter::at(Value v, Value head, Value column) {
  Operation *op = v.getDefiningOp();
  if (!op)
    return b.load(b.memory(v), {b.item, b.add(b.mul(head, size), column)});
  if (auto rope = dyn_cast<RopeOp>(op))
    return rotated(rope, head, column);
  if (auto norm = dyn_cast<RmsNormOp>(op)) {
    Value x = at(norm.getInput(), head, column);
    Value w = b.load(b.memory(norm.getWeight()), column);
    return arith::MulFOp::create(
        b, arith::MulFOp::create(b, x, scales.lookup(op)), w);
  }
  SmallVector<Value> operands;
  for (Value operand : op->getOperands())
    operands.push_back(at(operand, head, column));
  return cast<ElementwiseOpInterface>(op).emit(b, operands);
}

/// Angles are sums of two that the table holds, as quern.rope says.
Value HeadEmitter::rotated(RopeOp op, Value head, Value column) {
  constexpr int64_t fineRows = 64;
  const int64_t pairs = op.getDims() / 2;
  bool half = op.getHalf();
  Value position = b.loadIndex(b.step(op.getStep()).positions, b.item);
  Value fine = b.rem(position, fineRows);
  Value coarse = b.add(b.div(position, fineRows), fineRows);
  // Columns beyond `dims` have a pair too, of which they make no use.
  Value pair = half ? b.rem(column, pairs) : b.rem(b.div(column, 2), pairs);
  Value first = half ? pair : b.mul(pair, 2);
  Value second = b.add(first, half ? pairs : 1);
  Value isFirst =
      arith::CmpIOp::create(b, arith::CmpIPredicate::eq, column, first);
  Value table = b.memory(op.getTable()), sinAt = b.add(pair, pairs);
  Value cosA = b.load(table, {fine, pair}), sinA = b.load(table, {fine, sinAt});
  Value cosB = b.load(table, {coarse, pair}),
        sinB = b.load(table, {coarse, sinAt});
  auto mul = [&](Value x, Value y) -> Value {
    return arith::MulFOp::create(b, x, y);
  };
  auto fma = [&](Value x, Value y, Value z) -> Value {
    return math::FmaOp::create(b, x, y, z);
  };
  auto negate = [&](Value x) -> Value { return arith::NegFOp::create(b, x); };
  Value cos = fma(negate(sinA), sinB, mul(cosA, cosB));
  Value sin = fma(cosA, sinB, mul(sinA, cosB));
  Value u = at(op.getInput(), head, first), v = at(op.getInput(), head, second);
  Value y = arith::SelectOp::create(
      b, isFirst, fma(negate(v), sin, mul(u, cos)), fma(u, sin, mul(v, cos)));
  if (int64_t(op.getDims()) == size)
    return y;
  return arith::SelectOp::create(b, b.less(column, b.index(op.getDims())), y,
                                 at(op.getInput(), head, column));
}

/// f32 as the cache stores it: what is too large becomes the largest number.
static Value stored(KernelBuilder &b, Value v, Type type) {
  if (type.isF32())
    return v;
  auto bound = [&](arith::CmpFPredicate beyond, float most) {
    Value limit = b.number(most);
    v = arith::SelectOp::create(b, arith::CmpFOp::create(b, beyond, v, limit),
                                limit, v);
  };
  bound(arith::CmpFPredicate::OGT, 65504.0f);
  bound(arith::CmpFPredicate::OLT, -65504.0f);
  return arith::TruncFOp::create(b, type, v);
}

void HeadEmitter::write(KvWriteOp op, Value head) {
  StepMemory step = b.step(op.getStep());
  KvMemory kv = b.kv(op.getCache());
  KvType type = op.getCache().getType();
  prepare(op.getKeys(), head);
  prepare(op.getValues(), head);
  KvPlace place = placeOf(b, type, kv, b.loadIndex(step.slots, b.item),
                          b.loadIndex(step.positions, b.item), head);
  b.eachOfThreads(size, [&](Value column) {
    Value key = at(op.getKeys(), head, column);
    Value value = at(op.getValues(), head, column);
    b.store(stored(b, key, type.getStored()), kv.pages,
            b.add(place.key, b.mul(column, 16)));
    b.store(stored(b, value, type.getStored()), kv.pages,
            b.add(place.value, column));
  });
}

/// Tasks [first, first + heads) are heads of one run.
void HeadEmitter::eachHead(int64_t first, int64_t heads,
                           function_ref<void(Value)> body) {
  Value head = b.sub(b.task, b.index(first)); // wraps around below the first
  b.when(b.less(head, b.index(heads)), [&] { body(head); });
}

/// Every result and every write is a run of heads, each a task.
void HeadEmitter::emit() {
  int64_t heads = 0;
  for (auto [i, v] : llvm::enumerate(b.body().getTerminator()->getOperands())) {
    eachHead(heads, headsOf(v), [&](Value head) {
      prepare(v, head);
      b.eachOfThreads(size, [&](Value column) {
        b.store(at(v, head, column), b.result(i),
                {b.item, b.add(b.mul(head, size), column)});
      });
    });
    heads += headsOf(v);
  }
  for (KvWriteOp op : b.body().getOps<KvWriteOp>()) {
    int64_t its = op.getCache().getType().getHeads();
    eachHead(heads, its, [&](Value head) { write(op, head); });
    heads += its;
  }
  b.launchOverRows(heads);
}

bool quern::simt::takesHeads(KernelOp kernel, const Capabilities &) {
  return headSize(kernel) != 0;
}

LogicalResult quern::simt::lowerHeads(KernelBuilder &b) {
  HeadEmitter(b).emit();
  return success();
}
