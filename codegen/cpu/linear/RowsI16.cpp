//===- RowsI16.cpp - Linears of 16-bit integer rows ------------------------===//
//
// The kernel of generated rows: it reads every byte of the weights once and
// should do so at the speed of the memory. For a panel (16 weight rows, one a
// lane) and up to 8 rows of activations,
//
//     for each step of 32 columns:
//       u[8]  = codes of the step, unsigned bytes           (loaded a step ago)
//       high  = sum of u . x.high        vpdpbusd, 4 columns of 16 rows each
//       low   = -excess * sum(x) + sum of u . x.low
//       y    += float(256 * high + low) * scale * x.scale
//       y    += offset * x.scale * sum(x)
//
// The integers are exact. Groups of 16 columns are two halves of a step.
//
//===----------------------------------------------------------------------===//
#include "codegen/cpu/linear/Linear.h"
#include "codegen/cpu/linear/PanelReader.h"
#include "ir/tile/Tile.h"
#include "mlir/Dialect/Math/IR/Math.h"

using namespace mlir;
using namespace quern;
using namespace quern::cpu;

namespace {
/// The record of a step and a block of rows; see RowsType.
constexpr int64_t kBlockRows = 8, kRecord = 768, kRowCodes = 64, kLow = 32;
constexpr int64_t kScales = 512, kRowScales = 32;
constexpr int64_t kScale = 0, kScaledSum = 4, kSum = 16; // of A; then B, both

/// Bytes between what is computed and what is prefetched. Less does not cover
/// the latency of memory, more is thrown out of the cache by the hardware's.
constexpr int64_t kAhead = 6144;
/// Rows whose dot products advance together: eight chains hide the latency of
/// vpdpbusd, more would not stay in registers.
constexpr int64_t kTogether = 4;

class Panel {
public:
  Panel(KernelBuilder &b, LinearOp root, int64_t rows)
      : b(b), w(b, root.getWeight()), x(b.memory(root.getInput())), rows(rows),
        ints(b.vec(kLanes, b.getI32Type())), floats(b.vec(kLanes, b.getF32Type())),
        bytes(b.vec(4 * kLanes, b.getI8Type())) {}

  /// Sums of `rows` rows, of a block whose records begin at byte `xAt`.
  SmallVector<Value> sums(Value panel, Value xAt);

private:
  /// Sums and, with `pipelined`, the packed codes of the step to come.
  using State = SmallVector<Value>;
  State span(Value panelAt, Value n, Value xAt, State state);
  void step(ArrayRef<Value> codes, const PanelReader::Factors &, Value xAt,
            MutableArrayRef<Value> sums);

  KernelBuilder &b;
  PanelReader w;
  Value x;
  int64_t rows;
  VectorType ints, floats, bytes;
};

SmallVector<Value> Panel::sums(Value panel, Value xAt) {
  Value panelAt = w.panel(panel), zero = b.index(0);
  State state(rows, b.splat(floats, 0));
  llvm::append_range(state, w.packedCodes(w.codesAt(panelAt, zero)));
  state = b.loop(zero, b.index(w.spans), 1, state, [&](Value n, ValueRange carried) {
    return span(panelAt, n, xAt, State(carried));
  });
  state.truncate(rows);
  return state;
}

Panel::State Panel::span(Value panelAt, Value n, Value xAt, State state) {
  Value record = w.record(panelAt, n), firstStep = b.mul(n, w.stepsPerSpan);
  PanelReader::Factors supers = w.supers(record);
  tile::PrefetchOp::create(b, w.memory, b.add(record, kAhead + w.layout.subScale),
                           w.layout.record - w.layout.subScale);
  Value lastStep = b.index(w.steps - 1);
  auto body = [&](Value s, ValueRange carried) {
    Value number = b.add(firstStep, s), at = w.codesAt(record, s);
    tile::PrefetchOp::create(b, w.memory, b.add(at, kAhead), w.layout.codesPerStep);
    // The codes that follow; the last step has none and reads its own again.
    Value next = b.add(at, w.layout.codesPerStep);
    if (w.stepsPerSpan == 1)
      next = b.add(at, w.layout.record);
    else
      next = arith::SelectOp::create(
          b, b.less(s, b.index(w.stepsPerSpan - 1)), next,
          w.codesAt(b.add(record, w.layout.record), b.index(0)));
    next = arith::SelectOp::create(b, b.less(number, lastStep), next, at);
    State result(carried.take_front(rows));
    SmallVector<Value> following = w.packedCodes(next);
    step(w.unpack(carried.drop_front(rows)), w.factors(supers, record, s),
         b.add(xAt, b.mul(number, kRecord)), result);
    llvm::append_range(result, following);
    return result;
  };
  if (w.stepsPerSpan == 1)
    return body(b.index(0), state);
  Value count = b.index(w.stepsPerSpan);
  if (w.steps % w.stepsPerSpan)
    count = b.min(count, b.sub(b.index(w.steps), firstStep));
  return b.loop(b.index(0), count, 1, state, body);
}

/// 256 * high + low for each row of a few, in that order for all slots, so that
/// the chains of the rows overlap.
void Panel::step(ArrayRef<Value> codes, const PanelReader::Factors &factors,
                 Value xAt, MutableArrayRef<Value> sums) {
  const unsigned groups = w.groupsPerStep(), slots = codes.size() / groups;
  auto fma = [&](Value p, Value q, Value r) -> Value {
    return math::FmaOp::create(b, p, q, r);
  };
  for (int64_t first = 0; first < rows; first += kTogether) {
    const int64_t n = std::min(kTogether, rows - first);
    SmallVector<Value> row(n), scales(n), total(n);
    for (int64_t i = 0; i < n; ++i) {
      row[i] = b.add(xAt, (first + i) * kRowCodes);
      scales[i] = b.add(xAt, kScales + (first + i) * kRowScales);
    }
    for (unsigned g = 0; g < groups; ++g) {
      const int64_t which = 4 * (groups == 2 ? g : 2);
      SmallVector<Value> high(n, b.splat(ints, 0)), low(high);
      for (int64_t i = 0; i < n && w.excess(); ++i) {
        Value sum = loadSplat(b, b.vec(1, b.getI32Type()), x, b.add(scales[i], kSum + which));
        sum = arith::MulIOp::create(b, sum, b.splat(b.vec(1, b.getI32Type()), -w.excess()));
        low[i] = b.broadcast(ints, sum);
      }
      for (unsigned s = g * slots; s < (g + 1) * slots; ++s)
        for (int64_t i = 0; i < n; ++i)
          for (auto [sum, half] : {std::pair(&high[i], int64_t(0)), {&low[i], kLow}}) {
            Value a = loadSplat(b, ints, x, b.add(row[i], half + 4 * s));
            *sum = tile::DotI8Op::create(b, ints, *sum, codes[s],
                                         vector::BitCastOp::create(b, bytes, a));
          }
      for (int64_t i = 0; i < n; ++i) {
        Value all = arith::ShLIOp::create(b, high[i], b.splat(ints, 8));
        all = arith::SIToFPOp::create(b, floats, b.add(all, low[i]));
        total[i] = total[i] ? fma(all, factors.scale[g], total[i])
                            : arith::MulFOp::create(b, all, factors.scale[g]).getResult();
      }
    }
    for (int64_t i = 0; i < n; ++i) {
      Value &sum = sums[first + i];
      sum = fma(total[i], loadSplat(b, floats, x, b.add(scales[i], kScale)), sum);
      for (unsigned g = 0; g < factors.offset.size(); ++g) {
        const int64_t which = 4 * (groups == 2 ? g : 2);
        Value scaled = loadSplat(b, floats, x, b.add(scales[i], kScaledSum + which));
        sum = fma(factors.offset[g], scaled, sum);
      }
    }
  }
}
} // namespace

LogicalResult quern::cpu::lowerLinearI16(KernelBuilder &b, ArrayRef<LinearOp> roots) {
  for (LinearOp root : roots)
    if (!PanelReader(b, root.getWeight()).hasCodes())
      return root.emitOpError("requires weights of integer codes for integer rows");
  const PanelReader first(b, LinearOp(roots.front()).getWeight());
  Value sums = scratch(b, {kBlockRows, int64_t(roots.size()) * kLanes}, b.getF32Type());
  auto [from, to] = b.share(b.index(first.panels));
  Value blocks = b.div(b.add(b.rows, kBlockRows - 1), kBlockRows);
  b.loop(from, to, 1, [&](Value panel) {
    b.loop(b.index(0), blocks, 1, [&](Value block) {
      Value row = b.mul(block, kBlockRows);
      Value left = b.min(b.sub(b.rows, row), b.index(kBlockRows));
      Value xAt = b.mul(block, first.steps * kRecord);
      chooseRows(b, left, {8, 4, 2, 1}, [&](int64_t rows) {
        for (auto [i, root] : llvm::enumerate(roots))
          for (auto [r, sum] : llvm::enumerate(Panel(b, root, rows).sums(panel, xAt)))
            b.store(sum, sums, {b.index(r), b.index(i * kLanes)});
      });
      finishRows(b, roots, sums, 0, kLanes, row, left, panel);
    });
  });
  return success();
}
