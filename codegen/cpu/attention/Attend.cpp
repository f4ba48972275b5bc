//===- Attend.cpp - Attention of some query vectors over the keys ---------===//
#include "codegen/cpu/attention/Attend.h"
#include "codegen/cpu/attention/HeadRows.h"
#include "codegen/cpu/attention/Lanes.h"
#include "ir/Elementwise.h"
#include <numeric>

using namespace mlir;
using namespace quern;
using namespace quern::cpu;

/// Below every score, and finite: the difference of two is a number.
static constexpr double kNoScore = -1e30;

AttentionShape AttentionShape::of(const AttentionRoot &root) {
  KvType kv = root.cache.getType();
  int64_t width = kv.getHeads() * kv.getSize();
  return {kv.getHeads(), kv.getSize(), kv.getPage(),
          columnsOf(root.query.getType()) / width,
          std::gcd(kv.getPage(), int64_t(64)), kv.getStored()};
}

struct Attend::Group {
  int64_t rows, heads;       // query vectors: rows * heads, rows outermost
  Value row, position;       // of the first row
  Value column;              // of the first head, in the query's row
  Value last;                // position of the last row
  Value begin, end;          // of a part: its keys
  int64_t vectors() const { return rows * heads; }
};

Attend::Attend(KernelBuilder &b, const AttentionRoot &root)
    : b(b), root(root), shape(AttentionShape::of(root)), kv(b.kv(root.cache)),
      query(b.memory(root.query)), result(b.result(0)) {
  // Sixteen lanes are one register of 32, or two of 16, or four of 32 small ones.
  accumulators = b.chip.vectors * 3 / 4;
  mostVectors = b.chip.vectors > 8 ? 8 : 4;
  b.choose("1 to " + llvm::Twine(mostVectors) + " queries x blocks of " +
           llvm::Twine(shape.block) + " keys");
  b.because(root.parts
                ? "long contexts are work for all workers, in " + llvm::Twine(root.parts) +
                      " parts"
                : llvm::Twine("keys and values are loaded once for the queries of a tile"));
  int64_t columns = piecesOf(shape.size) * kWidth;
  probabilities = scratch(b, {mostVectors, shape.block});
  sums = scratch(b, {mostVectors, columns});
  total = scratch(b, {mostVectors, kWidth});
  top = scratch(b, {mostVectors});
  factor = scratch(b, {mostVectors});
}

int64_t Attend::pieceColumn(int64_t i) const {
  return std::max<int64_t>(0, std::min(i * kWidth, shape.size - kWidth));
}

Value Attend::queryColumn(const Group &g, int64_t vector) {
  return b.add(g.column, vector % g.heads * shape.size);
}

/// max(0, position - window + 1), or 0 without a window.
Value Attend::firstKey(Value position) {
  Value end = b.add(position, 1);
  Value none = arith::CmpIOp::create(b, arith::CmpIPredicate::eq, kv.window, b.index(0));
  Value inside = arith::OrIOp::create(
      b, none, arith::CmpIOp::create(b, arith::CmpIPredicate::ule, end, kv.window));
  return arith::SelectOp::create(b, inside, b.index(0), b.sub(end, kv.window));
}

void Attend::clear(const Group &g) {
  Value zero = b.splat(lanes(b), 0);
  Value none = arith::ConstantOp::create(b, b.getF32FloatAttr(kNoScore));
  b.loop(b.index(0), b.index(g.vectors()), 1, [&](Value v) {
    memref::StoreOp::create(b, none, top, v);
    b.store(zero, total, {v, b.index(0)});
    for (int64_t i = 0; i < piecesOf(shape.size); ++i)
      b.store(zero, sums, {v, b.index(i * kWidth)});
  });
}

/// Products of all vectors with the keys of a block, without the scale.
void Attend::scores(const Group &g, Value keys) {
  int64_t vectors = g.vectors(), tile = shape.block / kWidth;
  while (tile * vectors > accumulators && tile % 2 == 0)
    tile /= 2;
  SmallVector<Value> zeros(vectors * tile, b.splat(lanes(b), 0));
  b.loop(b.index(0), b.index(shape.block), tile * kWidth, [&](Value first) {
    Value base = b.add(keys, b.mul(first, shape.size));
    SmallVector<Value> sum = b.loop(
        b.index(0), b.index(shape.size), 1, zeros, [&](Value d, ValueRange carried) {
          SmallVector<Value> k, next(carried);
          for (int64_t t = 0; t < tile; ++t)
            k.push_back(loadLanes(
                b, kv.pages, b.add(b.add(base, b.mul(d, kWidth)), t * kWidth * shape.size)));
          for (int64_t v = 0; v < vectors; ++v) {
            Value at[] = {b.add(g.row, v / g.heads), b.add(queryColumn(g, v), d)};
            Value q = b.broadcast(lanes(b), memref::LoadOp::create(b, query, at));
            for (int64_t t = 0; t < tile; ++t)
              next[v * tile + t] = math::FmaOp::create(b, q, k[t], next[v * tile + t]);
          }
          return next;
        });
    for (int64_t v = 0; v < vectors; ++v)
      for (int64_t t = 0; t < tile; ++t)
        b.store(sum[v * tile + t], probabilities, {b.index(v), b.add(first, t * kWidth)});
  });
}

void Attend::softmax(const Group &g, Value block) {
  b.loop(b.index(0), b.index(g.vectors()), 1,
         [&](Value v) { softmaxOfVector(g, block, v); });
}

/// From products to probabilities, in place.
void Attend::softmaxOfVector(const Group &g, Value block, Value v) {
  int64_t pieces = shape.block / kWidth;
  VectorType i32 = b.vec(kWidth, b.getI32Type());
  Value position = b.add(g.position, b.div(v, g.heads)), first = firstKey(position);
  if (g.begin) {
    first = b.max(first, g.begin);
    position = b.min(position, b.sub(g.end, b.index(1)));
  }
  auto splat = [&](Value index) {
    return b.broadcast(i32, arith::IndexCastOp::create(b, b.getI32Type(), index));
  };
  SmallVector<int32_t> numbers(kWidth);
  std::iota(numbers.begin(), numbers.end(), 0);
  Value step = arith::ConstantOp::create(
      b, DenseElementsAttr::get(i32, ArrayRef<int32_t>(numbers)));
  // Keys below the first wrap around and are then beyond the last.
  Value seen = splat(b.sub(position, first)), begin = splat(b.sub(block, first));
  FloatBuilder f(root.op, b, b.splat(lanes(b), 0));
  Value none = b.splat(lanes(b), kNoScore), zero = b.splat(lanes(b), 0);
  SmallVector<Value> score, mask;
  for (int64_t i = 0; i < pieces; ++i) {
    Value at = arith::AddIOp::create(b, begin, arith::AddIOp::create(b, step, b.splat(i32, i * kWidth)));
    mask.push_back(arith::CmpIOp::create(b, arith::CmpIPredicate::ule, at, seen));
    Value s = b.load(lanes(b), probabilities, {v, b.index(i * kWidth)});
    s = f.mul(s, f.constant(root.scale));
    if (root.softcap) {
      Value cap = f.constant(*root.softcap);
      s = f.mul(cap, f.tanh(f.div(s, cap)));
    }
    score.push_back(arith::SelectOp::create(b, mask[i], s, none));
  }
  Value most = none;
  for (Value s : score)
    most = larger(b, s, most);
  Value before = memref::LoadOp::create(b, top, v);
  Value now = larger(b, maxOfLanes(b, most), before);
  memref::StoreOp::create(b, now, top, v);
  Value shrink = f.exp(b.broadcast(lanes(b), arith::SubFOp::create(b, before, now)));
  memref::StoreOp::create(b, vector::ExtractOp::create(b, shrink, ArrayRef<int64_t>{0}), factor, v);
  Value sum = f.mul(b.load(lanes(b), total, {v, b.index(0)}), shrink);
  now = b.broadcast(lanes(b), now);
  for (int64_t i = 0; i < pieces; ++i) {
    Value p = arith::SelectOp::create(b, mask[i], f.exp(f.sub(score[i], now)), zero);
    b.store(p, probabilities, {v, b.index(i * kWidth)});
    sum = f.add(sum, p);
  }
  b.store(sum, total, {v, b.index(0)});
}

/// Adds the first `count` values of a block, weighed.
void Attend::weigh(const Group &g, Value values, Value count) {
  int64_t pieces = piecesOf(shape.size);
  int64_t tile = std::clamp<int64_t>(accumulators / g.vectors(), 1, 8);
  for (int64_t first = 0; first < pieces; first += tile)
    weighPieces(g, values, count, first, std::min(tile, pieces - first));
}

void Attend::weighPieces(const Group &g, Value values, Value count,
                         int64_t firstPiece, int64_t pieces) {
  SmallVector<Value> sum;
  auto at = [&](int64_t v, int64_t i) {
    return SmallVector<Value>{b.index(v), b.index((firstPiece + i) * kWidth)};
  };
  for (int64_t v = 0; v < g.vectors(); ++v) {
    Value f = b.broadcast(lanes(b), memref::LoadOp::create(b, factor, b.index(v)));
    for (int64_t i = 0; i < pieces; ++i)
      sum.push_back(arith::MulFOp::create(b, b.load(lanes(b), sums, at(v, i)), f));
  }
  sum = b.loop(b.index(0), count, 1, sum, [&](Value key, ValueRange carried) {
    SmallVector<Value> x, next(carried);
    Value base = b.add(values, b.mul(key, shape.size));
    for (int64_t i = 0; i < pieces; ++i)
      x.push_back(loadLanes(b, kv.pages, b.add(base, pieceColumn(firstPiece + i)), pieceLanes()));
    for (int64_t v = 0; v < g.vectors(); ++v) {
      Value one = memref::LoadOp::create(b, probabilities, ValueRange{b.index(v), key});
      Value p = b.broadcast(lanes(b), one);
      for (int64_t i = 0; i < pieces; ++i)
        next[v * pieces + i] = math::FmaOp::create(b, p, x[i], next[v * pieces + i]);
    }
    return next;
  });
  for (int64_t v = 0; v < g.vectors(); ++v)
    for (int64_t i = 0; i < pieces; ++i)
      b.store(sum[v * pieces + i], sums, at(v, i));
}

void Attend::finish(const Group &g) {
  Value one = arith::ConstantOp::create(b, b.getF32FloatAttr(1));
  b.loop(b.index(0), b.index(g.vectors()), 1, [&](Value v) {
    Value sum = sumOfLanes(b, b.load(lanes(b), total, {v, b.index(0)}));
    Value inverse = b.broadcast(lanes(b), arith::DivFOp::create(b, one, sum));
    Value row = b.add(g.row, b.div(v, g.heads));
    Value column = b.add(g.column, b.mul(b.rem(v, g.heads), shape.size));
    for (int64_t i = 0; i < piecesOf(shape.size); ++i) {
      Value y = arith::MulFOp::create(b, b.load(lanes(b), sums, {v, b.index(i * kWidth)}), inverse);
      // A masked key may have turned a negative zero into a positive one.
      y = arith::AddFOp::create(b, y, b.splat(lanes(b), 0));
      storeLanes(b, y, result, {row, b.add(column, pieceColumn(i))}, pieceLanes());
    }
  });
}

/// What quern.attention_parts leaves of a part: [head][part][o, m, l], zeros where no key
/// is seen.
void Attend::finishPart(const Group &g, Value part) {
  const int64_t columns = shape.size + 2;
  Value zero = arith::ConstantOp::create(b, b.getF32FloatAttr(0));
  b.loop(b.index(0), b.index(g.vectors()), 1, [&](Value v) {
    Value head = b.add(b.div(g.column, shape.size), v);
    Value at = b.mul(b.add(b.mul(head, root.parts), part), columns);
    for (int64_t i = 0; i < piecesOf(shape.size); ++i)
      storeLanes(b, b.load(lanes(b), sums, {v, b.index(i * kWidth)}), result,
                 {g.row, b.add(at, pieceColumn(i))}, pieceLanes());
    Value sum = sumOfLanes(b, b.load(lanes(b), total, {v, b.index(0)}));
    Value none = arith::CmpFOp::create(b, arith::CmpFPredicate::OEQ, sum, zero);
    Value most = arith::SelectOp::create(
        b, none, zero, memref::LoadOp::create(b, top, v));
    memref::StoreOp::create(b, most, result,
                            ValueRange{g.row, b.add(at, shape.size)});
    memref::StoreOp::create(b, sum, result,
                            ValueRange{g.row, b.add(at, shape.size + 1)});
  });
}

void Attend::vectors(const AttentionTask &task, Value row, Value position,
                     int64_t rows, Value head, int64_t heads) {
  Value column = b.mul(b.add(b.mul(task.head, shape.group), head), shape.size);
  Group g{rows, heads, row, position, column, b.add(position, rows - 1), {}, {}};
  clear(g);
  Value first = firstKey(position), end = b.add(g.last, 1);
  if (root.parts) {
    g.begin = b.mul(task.part, root.keys);
    g.end = b.add(g.begin, root.keys);
    first = b.max(first, g.begin), end = b.min(end, g.end);
    end = arith::SelectOp::create(b, b.less(first, end), end, b.index(0));
  }
  first = b.sub(first, b.rem(first, shape.block));
  b.loop(first, end, shape.block, [&](Value block) {
    KvPlace place = placeOf(b, root.cache.getType(), kv, task.slot, block, task.head);
    scores(g, place.key);
    softmax(g, block);
    // Beyond the last row's position nothing was written yet.
    Value count = b.min(b.index(shape.block), b.sub(end, block));
    weigh(g, place.value, count);
  });
  root.parts ? finishPart(g, task.part) : finish(g);
}
