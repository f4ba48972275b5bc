//===- Attention.cpp - Attention over a paged KV cache --------------------===//
//
// Online softmax (Milakov and Gimelshein, 2018, arXiv:1805.02867) over blocks of as
// many keys as there are threads, at absolute positions. A workgroup has one KV head
// and several *queries*, for all of which it loads K and V once: the query heads of
// the group, and of prompt rows several rows of a row tile.
//
//     for each block:  s = scale * q . K        a key a thread, for each query
//                      m' = max(m, s)           of all threads
//                      p = e^(s - m')           0 where masked
//                      l = l * e^(m - m') + p   of this thread's keys
//                      o = o * e^(m - m') + p V a column a thread
//     y = o / sum of l
//
// Heads that are smaller than a workgroup has threads leave room for *slices* of
// keys: a thread adds every slices-th value, and slices are added at the end, in
// order.
//
//     quern.attention, prompt       task = (KV head, heads of it, rows of a tile)
//                                   item = row tile
//     quern.attention, generated    task = (KV head, heads of it)          item = row
//     quern.attention_parts         task = (KV head, heads of it)          item = row
//
// What is not seen by a row of a tile, but by another one, multiplies by 1 and adds
// 0: rows have the same bits in any tile.
//
// By count, for each key and column: a load of K and one of V for as many multiply-
// adds as there are queries, which are up to Capabilities::queries. Queries and
// probabilities come in pieces of four.
//
//===----------------------------------------------------------------------===//
#include "codegen/kernel/AttentionRoot.h"
#include "codegen/simt/Kernel.h"
#include "ir/Elementwise.h"
#include "runtime/Plan.h"

using namespace mlir;
using namespace quern;
using namespace quern::simt;

namespace {
constexpr int64_t kPiece = 4; // queries, or columns of one

class Attend {
public:
  explicit Attend(KernelBuilder &b);
  void emit();

private:
  /// A number for each query.
  using PerQuery = SmallVector<Value>;

  void launch();
  void placeRows();
  void attend(Value begin, Value end);
  SmallVector<Value> queryAt(Value row, Value column, int64_t count);
  PerQuery scores(Value key);
  SmallVector<Value> block(Value begin, Value end, ValueRange carried);
  SmallVector<Value> weigh(Value count, ValueRange sums);
  void finish(ValueRange state);
  PerQuery addSlices(ArrayRef<Value> sums);
  void storeColumn(Value column, ArrayRef<Value> sums);
  void storePart(ArrayRef<Value> m, ArrayRef<Value> l);

  /// Arithmetic where `b` stands.
  FloatBuilder floats() { return {root.op, b, one}; }
  Value larger(Value x, Value y) {
    Value is = arith::CmpFOp::create(b, arith::CmpFPredicate::OGT, x, y);
    return arith::SelectOp::create(b, is, x, y);
  }
  Value choose(Value condition, Value yes, Value no) {
    return arith::SelectOp::create(b, condition, yes, no);
  }
  Value number(Value at) {
    Value v = b.load(kv.pages, at);
    return type.getStored().isF32()
               ? v
               : arith::ExtFOp::create(b, b.getF32Type(), v).getResult();
  }
  /// Of query q: which row of the workgroup's, which head of the KV head's.
  int64_t rowOf(int64_t q) const { return q / heads; }
  Value inGroup(int64_t q) { return b.add(firstOfSet, q % heads); }
  Value headOf(int64_t q) {
    Value number = inGroup(q);
    if (group % heads) // there may be no such one: another one is read
      number = b.min(number, b.index(group - 1));
    return b.add(firstHead, number);
  }
  /// Whether there is such a query; null: there always is.
  Value isThere(int64_t q) {
    Value row = valid.empty() ? Value() : valid[size_t(rowOf(q))];
    if (group % heads == 0)
      return row;
    Value head = b.less(inGroup(q), b.index(group));
    return row ? arith::AndIOp::create(b, row, head).getResult() : head;
  }

  KernelBuilder &b;
  AttentionRoot root;
  KvType type;
  /// Query heads of a KV head; workgroups that share them, heads of one (the last may
  /// have fewer); rows of one; heads times rows.
  int64_t size, group, sets, heads, rows, queries;
  int64_t columns, slices; // columns of a thread; threads of a column
  Value one;
  KvMemory kv;
  // Of this workgroup:
  Value slot, kvHead, firstHead, firstOfSet;
  Value run;                                      // of `rows` rows of its tile
  SmallVector<Value> row, valid, position, first; // of its rows
  Value column, slice;                            // of this thread
  // Shared: numbers of each query and thread; p of each key, queries in pieces;
  // where values of each key lie.
  Value scratch, probabilities, values;
};
} // namespace

Attend::Attend(KernelBuilder &b)
    : b(b), root(AttentionRoot::of(b.kernel)), type(cast<KvType>(root.cache.getType())),
      size(type.getSize()),
      group(columnsOf(root.query.getType()) / size / type.getHeads()),
      sets((group + b.chip.queries - 1) / b.chip.queries),
      heads((group + sets - 1) / sets),
      rows(b.role() == Role::Prompt && !root.parts ? b.chip.queries / heads
                                                   : 1),
      queries(rows * heads),
      columns((size + b.chip.threads - 1) / b.chip.threads),
      slices(std::max<int64_t>(1, b.chip.threads / size)), one(b.number(1)) {}

/// The grid, and which of it this workgroup is.
void Attend::launch() {
  const int64_t runs = rows > 1 ? (plan::kTileRows + rows - 1) / rows : 1;
  const int64_t tasks = type.getHeads() * sets * runs;
  if (rows > 1)
    b.launchOverTiles(tasks);
  else
    b.launchOverRows(tasks, /*rowsOfItem=*/1, std::max<int64_t>(root.parts, 1));
  run = b.rem(b.task, runs);
  Value set = b.div(b.task, runs);
  kvHead = b.div(set, sets);
  firstHead = b.mul(kvHead, group);
  firstOfSet = b.mul(b.rem(set, sets), heads);
}

void Attend::placeRows() {
  StepMemory step = b.step(root.step);
  Value firstRow = b.item, end;
  if (rows > 1) {
    Value pair = b.mul(b.item, 2);
    Value begin = b.loadIndex(step.tiles, pair);
    end = b.add(begin, b.loadIndex(step.tiles, b.add(pair, 1)));
    firstRow = b.add(begin, b.mul(run, rows));
  }
  for (int64_t r = 0; r < rows; ++r) {
    Value at = b.add(firstRow, r);
    if (rows > 1) {
      valid.push_back(b.less(at, end));
      at = b.min(at, b.sub(end, b.index(1)));
    }
    row.push_back(at);
    position.push_back(b.loadIndex(step.positions, at));
    // max(0, position - window + 1), or 0 without a window.
    Value behind = b.add(position.back(), 1), zero = b.index(0);
    Value whole = arith::OrIOp::create(
        b, arith::CmpIOp::create(b, arith::CmpIPredicate::eq, kv.window, zero),
        arith::CmpIOp::create(b, arith::CmpIPredicate::ule, behind, kv.window));
    first.push_back(choose(whole, zero, b.sub(behind, kv.window)));
  }
  slot = b.loadIndex(step.slots, row.front());
}

/// Columns of a query: one, or a piece of four.
SmallVector<Value> Attend::queryAt(Value row, Value column, int64_t count) {
  Value query = b.memory(root.query);
  if (count == 1)
    return {b.load(query, {row, column})};
  Value piece = vector::LoadOp::create(b, b.vec(count, b.getF32Type()), query,
                                       ValueRange{row, column});
  SmallVector<Value> columns;
  for (int64_t c = 0; c < count; ++c)
    columns.push_back(vector::ExtractOp::create(b, piece, c));
  return columns;
}

/// Products of the queries with a key, scaled and capped.
Attend::PerQuery Attend::scores(Value key) {
  Value at = placeOf(b, type, kv, slot, key, kvHead).key;
  const int64_t together = size % kPiece ? 1 : kPiece;
  PerQuery sums = b.loop(
      b.index(0), b.index(size), together,
      PerQuery(size_t(queries), b.number(0)), [&](Value d, ValueRange carried) {
        SmallVector<Value> k;
        for (int64_t c = 0; c < together; ++c)
          k.push_back(number(b.add(at, b.mul(b.add(d, c), 16))));
        PerQuery next(carried);
        for (int64_t q = 0; q < queries; ++q) {
          Value head = b.mul(headOf(q), size);
          SmallVector<Value> x =
              queryAt(row[size_t(rowOf(q))], b.add(head, d), together);
          for (auto [a, c] : llvm::zip_equal(x, k))
            next[size_t(q)] = floats().fma(a, c, next[size_t(q)]);
        }
        return next;
      });
  for (Value &s : sums) {
    s = floats().mul(s, b.number(root.scale));
    if (!root.softcap)
      continue;
    Value cap = b.number(*root.softcap);
    s = floats().mul(cap, floats().tanh(floats().div(s, cap)));
  }
  return sums;
}

/// Adds this thread's slice of the first `count` values of a block, weighed, to the
/// sums of its columns: [query][column].
SmallVector<Value> Attend::weigh(Value count, ValueRange sums) {
  return b.loop(slice, count, slices, sums, [&](Value n, ValueRange carried) {
    SmallVector<Value> p, next;
    for (int64_t q = 0; q < queries; q += kPiece) {
      Value piece = b.load(probabilities, {n, b.index(q / kPiece)});
      for (int64_t i = q; i < std::min(queries, q + kPiece); ++i)
        p.push_back(vector::ExtractOp::create(b, piece, i - q));
    }
    Value at =
        arith::IndexCastUIOp::create(b, b.getIndexType(), b.load(values, n));
    SmallVector<Value> v;
    for (int64_t i = 0; i < columns; ++i)
      v.push_back(number(b.add(
          at, b.min(b.add(column, i * b.chip.threads), b.index(size - 1)))));
    for (int64_t q = 0; q < queries; ++q)
      for (int64_t i = 0; i < columns; ++i)
        next.push_back(floats().fma(p[size_t(q)], v[size_t(i)],
                                    carried[size_t(q * columns + i)]));
    return next;
  });
}

/// One block of keys, before `end`. Carried: m and l of each query, then sums of
/// columns.
SmallVector<Value> Attend::block(Value begin, Value end, ValueRange carried) {
  Value key = b.add(begin, b.thread);
  // Of a key that no row sees there may be no page: another one's is read.
  Value there = b.max(b.min(key, position.back()), first.front());
  PerQuery s = scores(there), seen;
  for (int64_t r = 0; r < rows; ++r) {
    Value is = arith::AndIOp::create(
        b, b.less(key, b.min(end, b.add(position[size_t(r)], 1))),
        arith::CmpIOp::create(b, arith::CmpIPredicate::uge, key,
                              first[size_t(r)]));
    seen.push_back(is);
  }
  for (int64_t q = 0; q < queries; ++q)
    s[size_t(q)] =
        choose(seen[size_t(rowOf(q))], s[size_t(q)], b.number(kNoScore));
  PerQuery top =
      b.combine(s, scratch, [&](Value x, Value y) { return larger(x, y); });
  SmallVector<Value> m, l, sums, p;
  for (int64_t q = 0; q < queries; ++q) {
    Value before = carried[size_t(q)];
    Value now = larger(top[size_t(q)], before);
    Value shrink = floats().exp(floats().sub(before, now));
    p.push_back(choose(seen[size_t(rowOf(q))],
                       floats().exp(floats().sub(s[size_t(q)], now)),
                       b.number(0)));
    m.push_back(now);
    l.push_back(floats().fma(carried[size_t(queries + q)], shrink, p.back()));
    for (int64_t i = 0; i < columns; ++i)
      sums.push_back(
          floats().mul(carried[size_t(2 * queries + q * columns + i)], shrink));
  }
  // Everybody has come from the last block by now.
  p.resize(size_t((queries + kPiece - 1) / kPiece * kPiece), b.number(0));
  for (int64_t q = 0; q < queries; q += kPiece)
    b.store(vector::FromElementsOp::create(
                b, b.vec(kPiece, b.getF32Type()),
                ArrayRef(p).slice(size_t(q), size_t(kPiece))),
            probabilities, {b.thread, b.index(q / kPiece)});
  Value place = placeOf(b, type, kv, slot, there, kvHead).value;
  b.store(arith::IndexCastUIOp::create(b, b.getI32Type(), place), values,
          b.thread);
  b.barrier();
  SmallVector<Value> next(m);
  next.append(l);
  next.append(weigh(b.min(b.sub(end, begin), b.index(b.chip.threads)), sums));
  return next;
}

/// Over keys [begin, end), of which the workgroup's rows see some.
void Attend::attend(Value begin, Value end) {
  const int64_t threads = b.chip.threads;
  SmallVector<Value> state(size_t(queries * (2 + columns)), b.number(0));
  std::fill_n(state.begin(), queries, b.number(kNoScore));
  finish(b.loop(
      b.sub(begin, b.rem(begin, threads)), end, threads, state,
      [&](Value at, ValueRange carried) { return block(at, end, carried); }));
}

/// The slices' sums of a column, added in their order; for the threads of slice 0.
Attend::PerQuery Attend::addSlices(ArrayRef<Value> sums) {
  if (slices == 1)
    return PerQuery(sums);
  b.barrier(); // all have read what is in it
  for (int64_t q = 0; q < queries; ++q)
    b.store(sums[size_t(q)], scratch, {b.index(q), b.thread});
  b.barrier();
  PerQuery added;
  for (int64_t q = 0; q < queries; ++q) {
    Value sum = sums[size_t(q)];
    for (int64_t s = 1; s < slices; ++s) {
      // Threads of other slices add something, too, which nobody reads.
      Value at = b.min(b.add(b.thread, s * size), b.index(b.chip.threads - 1));
      sum = floats().add(sum, b.load(scratch, {b.index(q), at}));
    }
    added.push_back(sum);
  }
  return added;
}

void Attend::storeColumn(Value column, ArrayRef<Value> sums) {
  for (int64_t q = 0; q < queries; ++q) {
    Value head = headOf(q), at = row[size_t(rowOf(q))];
    auto store = [&] {
      Value begin =
          root.parts ? b.mul(b.add(b.mul(head, root.parts), b.part), size + 2)
                     : b.mul(head, size);
      b.store(sums[size_t(q)], b.result(0), {at, b.add(begin, column)});
    };
    if (Value there = isThere(q))
      b.when(there, store);
    else
      store();
  }
}

/// m and l of a part, by one thread.
void Attend::storePart(ArrayRef<Value> m, ArrayRef<Value> l) {
  b.when(b.less(b.thread, b.index(1)), [&] {
    storeColumn(b.index(size), m);
    storeColumn(b.index(size + 1), l);
  });
}

void Attend::finish(ValueRange state) {
  PerQuery m(state.take_front(size_t(queries)));
  PerQuery l = b.combine(
      PerQuery(state.slice(size_t(queries), size_t(queries))), scratch,
      [&](Value x, Value y) -> Value { return floats().add(x, y); });
  for (int64_t i = 0; i < columns; ++i) {
    PerQuery sums;
    for (int64_t q = 0; q < queries; ++q)
      sums.push_back(state[size_t(2 * queries + q * columns + i)]);
    sums = addSlices(sums);
    if (!root.parts)
      for (int64_t q = 0; q < queries; ++q)
        sums[size_t(q)] = floats().div(sums[size_t(q)], l[size_t(q)]);
    Value at = b.add(b.thread, i * b.chip.threads);
    b.when(b.less(at, b.index(size)), [&] { storeColumn(at, sums); });
  }
  if (root.parts)
    storePart(m, l);
}

void Attend::emit() {
  const int64_t threads = b.chip.threads;
  launch();
  kv = b.kv(root.cache);
  placeRows();
  column = slices > 1 ? b.rem(b.thread, size) : b.thread;
  slice = slices > 1 ? b.div(b.thread, size) : b.index(0);
  scratch = b.shared({queries, threads}, b.getF32Type());
  probabilities = b.shared({threads, (queries + kPiece - 1) / kPiece},
                           b.vec(kPiece, b.getF32Type()));
  values = b.shared({threads}, b.getI32Type());
  Value begin = first.front(), end = b.add(position.back(), 1);
  if (rows > 1) // of the tile there may be no such rows
    return b.when(valid.front(), [&] { attend(begin, end); });
  if (!root.parts)
    return attend(begin, end);
  Value from = b.mul(b.part, root.keys);
  begin = first.front() = b.max(begin, from);
  end = b.min(end, b.add(from, root.keys));
  b.when(b.less(begin, end), [&] { attend(begin, end); });
  Value none = arith::CmpIOp::create(b, arith::CmpIPredicate::uge, begin, end);
  b.when(none, [&] {
    PerQuery zeros(size_t(queries), b.number(0));
    b.eachOfThreads(size + 2, [&](Value at) { storeColumn(at, zeros); });
  });
}

bool quern::simt::takesAttention(KernelOp kernel, const Capabilities &) {
  return bool(AttentionRoot::of(kernel));
}

LogicalResult quern::simt::lowerAttention(KernelBuilder &b) {
  Attend(b).emit();
  return success();
}
