//===- Attention.cpp - Attention over a paged KV cache --------------------===//
//
// A workgroup for each query head of each row. Online softmax (Milakov and
// Gimelshein, 2018, arXiv:1805.02867) over blocks of as many keys as there are
// threads, at absolute positions: a thread has a key for the scores, and columns of
// the head for the weighed sum of values.
//
//     for each block:  s = scale * q . K        a key a thread
//                      m' = max(m, s)           of all threads
//                      p = e^(s - m')           0 where masked
//                      l = l * e^(m - m') + sum of p
//                      o = o * e^(m - m') + p V      columns of a thread
//     y = o / l
//
//===----------------------------------------------------------------------===//
#include "codegen/simt/Kernel.h"
#include "ir/Elementwise.h"

using namespace mlir;
using namespace quern;
using namespace quern::simt;

/// Below every score, and finite: the difference of two is a number.
static constexpr float kNoScore = -1e30f;

static AttentionOp rootOf(KernelOp kernel) {
  Block &body = kernel.getBody().front();
  if (body.getOperations().size() != 2)
    return {};
  return dyn_cast<AttentionOp>(body.front());
}

bool quern::simt::takesAttention(KernelOp kernel, const Capabilities &) {
  return bool(rootOf(kernel));
}

namespace {
class Attend {
public:
  explicit Attend(KernelBuilder &b)
      : b(b), op(rootOf(b.kernel)), type(op.getCache().getType()),
        size(type.getSize()), heads(columnsOf(op.getQuery().getType()) / size),
        columns((size + b.chip.threads - 1) / b.chip.threads),
        one(b.number(1)) {}
  void emit();

private:
  Value score(Value key);
  SmallVector<Value> block(Value begin, ValueRange carried);
  SmallVector<Value> weigh(Value from, Value to, Value begin, ValueRange sums);
  /// Arithmetic where `b` stands.
  FloatBuilder floats() { return {op, b, one}; }
  Value columnOfThread(int64_t i) {
    return b.add(b.thread, i * b.chip.threads);
  }
  Value number(Value pagesAt) {
    Value v = b.load(kv.pages, pagesAt);
    return type.getStored().isF32()
               ? v
               : arith::ExtFOp::create(b, b.getF32Type(), v).getResult();
  }

  KernelBuilder &b;
  AttentionOp op;
  KvType type;
  int64_t size, heads, columns; // columns: of a thread
  Value one;
  KvMemory kv;
  Value slot, position, first, kvHead;          // of this workgroup
  Value greatest, total, probabilities, values; // shared, one a thread
};

/// The product of query and key, scaled and capped.
Value Attend::score(Value key) {
  Value at = placeOf(b, type, kv, slot, key, kvHead).key;
  Value query = b.memory(op.getQuery()), begin = b.mul(b.task, size);
  Value s = b.loop(b.index(0), b.index(size), 1, b.number(0),
                   [&](Value d, ValueRange carried) -> SmallVector<Value> {
                     Value q = b.load(query, {b.item, b.add(begin, d)});
                     Value k = number(b.add(at, b.mul(d, 16)));
                     return {floats().fma(q, k, carried[0])};
                   })[0];
  s = floats().mul(s, b.number(op.getScale().convertToFloat()));
  if (!op.getSoftcap())
    return s;
  Value cap = b.number(op.getSoftcap()->convertToFloat());
  return floats().mul(cap, floats().tanh(floats().div(s, cap)));
}

/// Adds values of keys [from, to), weighed, to the sums of this thread's columns.
SmallVector<Value> Attend::weigh(Value from, Value to, Value begin,
                                 ValueRange sums) {
  return b.loop(from, to, 1, sums, [&](Value key, ValueRange carried) {
    Value n = b.sub(key, begin);
    Value p = b.load(probabilities, n);
    Value at =
        arith::IndexCastUIOp::create(b, b.getIndexType(), b.load(values, n));
    SmallVector<Value> next;
    for (int64_t i = 0; i < columns; ++i) {
      Value column = b.min(columnOfThread(i), b.index(size - 1));
      next.push_back(floats().fma(p, number(b.add(at, column)), carried[i]));
    }
    return next;
  });
}

/// One block of keys. Carried: m, l, and o of this thread's columns.
SmallVector<Value> Attend::block(Value begin, ValueRange carried) {
  Value key = b.add(begin, b.thread);
  Value end = b.add(position, 1);
  Value seen = arith::AndIOp::create(
      b, b.less(key, end),
      arith::CmpIOp::create(b, arith::CmpIPredicate::uge, key, first));
  // Of a key that is not seen there may be no page: another one's is read.
  Value there = b.max(b.min(key, position), first);
  Value s = arith::SelectOp::create(b, seen, score(there), b.number(kNoScore));
  auto larger = [&](Value x, Value y) -> Value {
    Value is = arith::CmpFOp::create(b, arith::CmpFPredicate::OGT, x, y);
    return arith::SelectOp::create(b, is, x, y);
  };
  Value now = larger(b.combine(s, greatest, larger), carried[0]);
  Value p = arith::SelectOp::create(b, seen, floats().exp(floats().sub(s, now)),
                                    b.number(0));
  Value shrink = floats().exp(floats().sub(carried[0], now));
  // Everybody has come from the last block by now, and the sum's barriers are
  // between these stores and the loads in weigh().
  b.store(p, probabilities, b.thread);
  Value place = placeOf(b, type, kv, slot, there, kvHead).value;
  b.store(arith::IndexCastUIOp::create(b, b.getI32Type(), place), values,
          b.thread);
  Value sum = floats().fma(carried[1], shrink, b.sumOfThreads(p, total));
  SmallVector<Value> next{now, sum}, sums;
  for (Value o : carried.drop_front(2))
    sums.push_back(floats().mul(o, shrink));
  next.append(weigh(b.max(begin, first),
                    b.min(end, b.add(begin, b.chip.threads)), begin, sums));
  return next;
}

void Attend::emit() {
  b.launchOverRows(heads);
  const int64_t threads = b.chip.threads, group = heads / type.getHeads();
  StepMemory step = b.step(op.getStep());
  kv = b.kv(op.getCache());
  slot = b.loadIndex(step.slots, b.item);
  position = b.loadIndex(step.positions, b.item);
  kvHead = b.div(b.task, group);
  // max(0, position - window + 1), or 0 without a window.
  Value end = b.add(position, 1), zero = b.index(0);
  Value whole = arith::OrIOp::create(
      b, arith::CmpIOp::create(b, arith::CmpIPredicate::eq, kv.window, zero),
      arith::CmpIOp::create(b, arith::CmpIPredicate::ule, end, kv.window));
  first = arith::SelectOp::create(b, whole, zero, b.sub(end, kv.window));
  for (Value *memory : {&greatest, &total, &probabilities})
    *memory = b.shared({threads}, b.getF32Type());
  values = b.shared({threads}, b.getI32Type());
  SmallVector<Value> state(2 + columns, b.number(0));
  state[0] = b.number(kNoScore);
  state = b.loop(
      b.sub(first, b.rem(first, threads)), end, threads, state,
      [&](Value begin, ValueRange carried) { return block(begin, carried); });
  for (int64_t i = 0; i < columns; ++i) {
    Value column = columnOfThread(i);
    b.when(b.less(column, b.index(size)), [&] {
      b.store(floats().div(state[2 + i], state[1]), b.result(0),
              {b.item, b.add(b.mul(b.task, size), column)});
    });
  }
}
} // namespace

LogicalResult quern::simt::lowerAttention(KernelBuilder &b) {
  Attend(b).emit();
  return success();
}
