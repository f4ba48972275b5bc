//===- TopK.cpp - The best of each row ------------------------------------===//
//
// A bitonic top-k (Shanbhag, Pirk and Madden, SIGMOD 2018) in the memory of a
// workgroup, which makes one list of one row. Numbers lie there in *runs*: sorted,
// best first in the even ones and last in the odd ones. Of two neighbours the better
// numbers, place by place, are the best of both, and are sorted with half the steps.
//
//     7 5 2 1 | 3 4 6 9  =>  7 5 6 9  =>  9 7 6 5
//
// Runs are sorted first (quern.top_k) or come so (quern.merge_top_k). Numbers are
// compared as integers of the same order, which leaves nothing to a driver's idea of
// NaN and zero. All exchanges are the same whatever the numbers are.
//
//===----------------------------------------------------------------------===//
#include "codegen/simt/Kernel.h"
#include "llvm/Support/MathExtras.h"

using namespace mlir;
using namespace quern;
using namespace quern::simt;

static constexpr int64_t kNoColumn = int64_t(1) << 24;

/// Columns of a run: k, rounded up to a power of two.
static int64_t runOf(int64_t k) {
  return int64_t(llvm::PowerOf2Ceil(uint64_t(std::max<int64_t>(k, 2))));
}

static int64_t placesOf(TopKOp op) {
  return std::max(runOf(int64_t(op.getK())),
                  int64_t(llvm::PowerOf2Ceil(uint64_t(op.getPart()))));
}

static int64_t placesOf(MergeTopKOp op) {
  return runOf(int64_t(op.getK())) *
         int64_t(llvm::PowerOf2Ceil(uint64_t(op.getLists())));
}

bool quern::simt::takesTopK(KernelOp kernel, const Capabilities &chip) {
  Operation &op = kernel.getBody().front().front();
  if (!op.getNextNode() || !op.getNextNode()->hasTrait<OpTrait::IsTerminator>())
    return false;
  auto fits = [&](auto op) { return placesOf(op) <= chip.sharedBytes / 8; };
  if (auto topK = dyn_cast<TopKOp>(op))
    return fits(topK);
  auto merge = dyn_cast<MergeTopKOp>(op);
  return merge && fits(merge);
}

namespace {
class Ranking {
public:
  Ranking(KernelBuilder &b, int64_t places, int64_t run)
      : b(b), places(places), run(run), logRun(llvm::Log2_64(uint64_t(run))),
        memory(b.shared({places}, b.vec(2, b.getI32Type()))) {}

  /// A number, or none where not `exists`, and its column.
  void put(Value at, Value exists, Value number, Value column) {
    store(at, {select(exists, keyOf(number), integer(0)),
               select(exists, column, integer(kNoColumn))});
  }
  void sortRuns();
  void mergeRuns();
  /// The first run's k first, from `column` of the result on.
  void write(int64_t k, Value column);

private:
  struct Entry {
    Value key, column;
  };
  Entry load(Value at) {
    Value both = b.load(memory, at);
    return {vector::ExtractOp::create(b, both, int64_t(0)),
            vector::ExtractOp::create(b, both, int64_t(1))};
  }
  void store(Value at, Entry entry) {
    b.store(vector::FromElementsOp::create(b, b.vec(2, b.getI32Type()),
                                           ValueRange{entry.key, entry.column}),
            memory, at);
  }
  Value integer(int64_t v) {
    return arith::ConstantOp::create(b, b.getI32IntegerAttr(int32_t(v)));
  }
  Value compare(arith::CmpIPredicate how, Value x, Value y) {
    return arith::CmpIOp::create(b, how, x, y);
  }
  Value select(Value condition, Value yes, Value no) {
    return arith::SelectOp::create(b, condition, yes, no);
  }
  Value shl(Value x, Value by) { return arith::ShLIOp::create(b, x, by); }
  Value shr(Value x, Value by) { return arith::ShRUIOp::create(b, x, by); }
  /// x modulo 2^bits
  Value low(Value x, Value bits) {
    return arith::AndIOp::create(b, x,
                                 b.sub(shl(b.index(1), bits), b.index(1)));
  }
  Value isEven(Value x) {
    return compare(arith::CmpIPredicate::eq, b.rem(x, 2), b.index(0));
  }
  Value keyOf(Value number);
  Value numberOf(Value key);
  void exchange(Value at, Value other, Value bestFirst);
  void halve(Value logDistance, Value pair, Value begin, Value bestFirst);

  KernelBuilder &b;
  int64_t places, run, logRun;
  Value memory; // of the workgroup: key and column of each place
};
} // namespace

/// An unsigned integer in the order of the numbers; 0 is NaN.
Value Ranking::keyOf(Value number) {
  Type i32 = b.getI32Type();
  Value bits = arith::BitcastOp::create(b, i32, number);
  Value sign = integer(int64_t(1) << 31);
  Value negative = compare(arith::CmpIPredicate::uge, bits, sign);
  Value magnitude = arith::AndIOp::create(b, bits, integer(0x7fffffff));
  Value flipped = arith::SubIOp::create(b, integer(-1), bits);
  Value key = select(negative, flipped, arith::OrIOp::create(b, bits, sign));
  key = select(compare(arith::CmpIPredicate::eq, magnitude, integer(0)), sign,
               key);
  return select(
      compare(arith::CmpIPredicate::ugt, magnitude, integer(0x7f800000)),
      integer(0), key);
}

Value Ranking::numberOf(Value key) {
  Value sign = integer(int64_t(1) << 31);
  Value bits = select(compare(arith::CmpIPredicate::uge, key, sign),
                      arith::XOrIOp::create(b, key, sign),
                      arith::SubIOp::create(b, integer(-1), key));
  bits = select(compare(arith::CmpIPredicate::eq, key, integer(0)),
                integer(0x7fc00000), bits);
  return arith::BitcastOp::create(b, b.getF32Type(), bits);
}

/// Puts two places into order. They are stored even if they stay: a branch for each
/// thread would cost more.
void Ranking::exchange(Value at, Value other, Value bestFirst) {
  using P = arith::CmpIPredicate;
  Entry x = load(at), y = load(other);
  Value better = arith::OrIOp::create(
      b, compare(P::ugt, y.key, x.key),
      arith::AndIOp::create(b, compare(P::eq, y.key, x.key),
                            compare(P::ult, y.column, x.column)));
  Value swap = compare(P::eq, better, bestFirst);
  store(at, {select(swap, y.key, x.key), select(swap, y.column, x.column)});
  store(other, {select(swap, x.key, y.key), select(swap, x.column, y.column)});
}

/// Exchanges the `pair`-th two of what begins at `begin` that are 2^logDistance
/// apart.
void Ranking::halve(Value logDistance, Value pair, Value begin,
                    Value bestFirst) {
  Value at =
      b.add(begin, b.add(shl(shr(pair, logDistance), b.add(logDistance, 1)),
                         low(pair, logDistance)));
  exchange(at, b.add(at, shl(b.index(1), logDistance)), bestFirst);
}

/// A bitonic sort that stops at runs (Batcher, 1968).
void Ranking::sortRuns() {
  b.loop(b.index(1), b.index(logRun + 1), 1, [&](Value logSize) {
    b.loop(b.index(0), logSize, 1, [&](Value i) {
      Value logDistance = b.sub(b.sub(logSize, i), b.index(1));
      b.barrier();
      b.eachOfThreads(places / 2, [&](Value pair) {
        Value sorted = shr(pair, b.sub(logSize, b.index(1)));
        halve(logDistance, pair, b.index(0), isEven(sorted));
      });
    });
  });
}

void Ranking::mergeRuns() {
  // Runs that are left are 2^level runs apart.
  b.loop(b.index(0), b.index(llvm::Log2_64(uint64_t(places / run))), 1,
         [&](Value level) {
           Value logApart = b.add(level, logRun);
           Value count = shr(b.index(places / 2), level);
           Value always = arith::ConstantOp::create(b, b.getBoolAttr(true));
           b.barrier();
           b.loop(b.thread, count, b.chip.threads, [&](Value i) {
             Value pair = b.div(i, run);
             Value at = b.add(shl(pair, b.add(logApart, 1)), b.rem(i, run));
             exchange(at, b.add(at, shl(b.index(1), logApart)), always);
           });
           b.loop(b.index(0), b.index(logRun), 1, [&](Value step) {
             Value logDistance = b.sub(b.index(logRun - 1), step);
             b.barrier();
             b.loop(b.thread, shr(count, b.index(1)), b.chip.threads,
                    [&](Value half) {
                      Value left = b.div(half, run / 2);
                      halve(logDistance, b.rem(half, run / 2),
                            shl(left, b.add(logApart, 1)), isEven(left));
                    });
           });
         });
}

void Ranking::write(int64_t k, Value column) {
  b.barrier();
  b.eachOfThreads(k, [&](Value i) {
    Entry entry = load(i);
    Value where = arith::UIToFPOp::create(b, b.getF32Type(), entry.column);
    b.store(numberOf(entry.key), b.result(0), {b.item, b.add(column, i)});
    b.store(where, b.result(0), {b.item, b.add(b.add(column, k), i)});
  });
}

static void lower(KernelBuilder &b, TopKOp op) {
  const int64_t k = int64_t(op.getK()), part = int64_t(op.getPart());
  const int64_t columns = columnsOf(op.getInput().getType());
  b.launchOverRows((columns + part - 1) / part);
  const int64_t places = placesOf(op);
  Ranking ranking(b, places, runOf(k));
  b.eachOfThreads(places, [&](Value at) {
    Value column = b.add(b.mul(b.task, part), at);
    Value exists = arith::AndIOp::create(b, b.less(at, b.index(part)),
                                         b.less(column, b.index(columns)));
    column = b.min(column, b.index(columns - 1));
    ranking.put(at, exists, b.load(b.memory(op.getInput()), {b.item, column}),
                arith::IndexCastUIOp::create(b, b.getI32Type(), column));
  });
  ranking.sortRuns();
  ranking.mergeRuns();
  ranking.write(k, b.mul(b.task, 2 * k));
}

static void lower(KernelBuilder &b, MergeTopKOp op) {
  const int64_t k = int64_t(op.getK()), together = int64_t(op.getLists());
  const int64_t lists = columnsOf(op.getInput().getType()) / (2 * k);
  b.launchOverRows((lists + together - 1) / together);
  const int64_t places = placesOf(op), run = runOf(k);
  Ranking ranking(b, places, run);
  b.eachOfThreads(places, [&](Value i) {
    Value number = b.div(i, run), place = b.rem(i, run);
    Value list = b.add(b.mul(b.task, together), number);
    Value exists = arith::AndIOp::create(
        b, b.less(place, b.index(k)),
        arith::AndIOp::create(b, b.less(number, b.index(together)),
                              b.less(list, b.index(lists))));
    Value from = b.add(b.mul(b.min(list, b.index(lists - 1)), 2 * k),
                       b.min(place, b.index(k - 1)));
    Value x = b.load(b.memory(op.getInput()), {b.item, from});
    Value column = b.load(b.memory(op.getInput()), {b.item, b.add(from, k)});
    // Odd runs backwards.
    Value at = arith::XOrIOp::create(b, i, b.mul(b.rem(number, 2), run - 1));
    ranking.put(at, exists, x,
                arith::FPToUIOp::create(b, b.getI32Type(), column));
  });
  ranking.mergeRuns();
  ranking.write(k, b.mul(b.task, 2 * k));
}

LogicalResult quern::simt::lowerTopK(KernelBuilder &b) {
  Operation &op = b.body().front();
  if (auto topK = dyn_cast<TopKOp>(op))
    lower(b, topK);
  else
    lower(b, cast<MergeTopKOp>(op));
  return success();
}
