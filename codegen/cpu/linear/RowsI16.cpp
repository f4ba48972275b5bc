//===- RowsI16.cpp - Linears of 16-bit integer rows -------------*- C++ -*-===//
//
// The kernel of generated rows: it reads every byte of the weights once and
// should do so at the speed of the memory. For a panel (16 weight rows, one a
// lane) and up to 8 rows of activations,
//
//     for each step of 32 columns:
//       u[8]  = codes of the step, unsigned bytes, loaded a step ago if rows
//               are few
//       high  = sum of u . x.high         vpdpbusd, 4 columns of 16 rows each
//       low   = -excess * sum(x) + sum of u . x.low
//       y    += float(256 * high + low) * scale * x.scale
//       y    += offset * x.scale * sum(x)
//
// The integers are exact. Groups of 16 columns are two halves of a step.
//
//===----------------------------------------------------------------------===//
#include "codegen/cpu/linear/Linear.h"
#include "codegen/kernel/PanelReader.h"
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
/// a dot product, more would not stay in registers.
constexpr int64_t kTogether = 4;

class Panel {
public:
  Panel(KernelBuilder &b, LinearOp root, int64_t rows)
      : b(b), w(b.panels(root.getWeight())), x(b.memory(root.getInput())), rows(rows),
        ints(b.vec(kLanes, b.getI32Type())),
        floats(b.vec(kLanes, b.getF32Type())),
        bytes(b.vec(4 * kLanes, b.getI8Type())), pipelined(rows <= 2) {}

  /// Sums of `rows` rows, of a block whose records begin at byte `xAt`.
  SmallVector<Value> sums(Value panel, Value xAt);

private:
  /// Sums and, if pipelined, the packed codes of the step to come.
  using State = SmallVector<Value>;
  State span(Value panelAt, Value n, Value xAt, State state);
  Value nextCodes(Value record, Value at, Value number, Value stepOfSpan);
  void step(ArrayRef<Value> codes, const PanelReader::Factors &, Value xAt,
            MutableArrayRef<Value> sums);
  /// Of a step; and bytes at which its rows' codes and scales begin.
  struct Group {
    unsigned firstSlot;
    ArrayRef<Value> codes;
    Value scale, offset;
    int64_t sum; // of its columns, in the row's scales
    SmallVector<Value> row, scales;
  };
  void multiply(const Group &, MutableArrayRef<Value> sums);

  KernelBuilder &b;
  PanelReader w;
  Value x;
  int64_t rows;
  VectorType ints, floats, bytes;
  /// With many rows the codes' registers are wanted for sums, and there is
  /// enough else to do while codes come from the cache.
  bool pipelined;
};

SmallVector<Value> Panel::sums(Value panel, Value xAt) {
  Value panelAt = w.panel(panel), zero = b.index(0);
  State state(rows, b.splat(floats, 0));
  if (pipelined)
    llvm::append_range(state, w.packedCodes(w.codesAt(panelAt, zero)));
  state = b.loop(zero, b.index(w.spans), 1, state,
                 [&](Value n, ValueRange carried) {
                   return span(panelAt, n, xAt, State(carried));
                 });
  state.truncate(rows);
  return state;
}

/// Where the codes after those at `at` lie; the last step has none and gets its
/// own again, as there may be nothing behind the matrix.
Value Panel::nextCodes(Value record, Value at, Value number, Value stepOfSpan) {
  Value next = w.codesAt(b.add(record, w.layout.record), b.index(0));
  if (w.stepsPerSpan > 1)
    next = arith::SelectOp::create(
        b, b.less(stepOfSpan, b.index(w.stepsPerSpan - 1)),
        b.add(at, w.layout.codesPerStep), next);
  return arith::SelectOp::create(b, b.less(number, b.index(w.steps - 1)), next,
                                 at);
}

Panel::State Panel::span(Value panelAt, Value n, Value xAt, State state) {
  Value record = w.record(panelAt, n), firstStep = b.mul(n, w.stepsPerSpan);
  PanelReader::Factors supers = w.supers(record);
  tile::PrefetchOp::create(b, w.memory,
                           b.add(record, kAhead + w.layout.subScale),
                           w.layout.record - w.layout.subScale);
  auto body = [&](Value s, ValueRange carried) {
    Value number = b.add(firstStep, s), at = w.codesAt(record, s);
    tile::PrefetchOp::create(b, w.memory, b.add(at, kAhead),
                             w.layout.codesPerStep);
    State result(carried.take_front(rows)), codes(carried.drop_front(rows)),
        following;
    if (pipelined)
      following = w.packedCodes(nextCodes(record, at, number, s));
    else
      codes = w.packedCodes(at);
    step(w.unpack(codes), w.factors(supers, record, s),
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

/// Group by group, and in each a few rows at a time.
void Panel::step(ArrayRef<Value> codes, const PanelReader::Factors &factors,
                 Value xAt, MutableArrayRef<Value> sums) {
  const unsigned groups = w.groupsPerStep(), slots = codes.size() / groups;
  for (unsigned g = 0; g < groups; ++g)
    for (int64_t first = 0, n; first < rows; first += n) {
      n = std::min(kTogether, rows - first);
      Group group;
      group.firstSlot = g * slots;
      group.codes = codes.slice(g * slots, slots);
      group.scale = factors.scale[g];
      group.offset = factors.offset.empty() ? Value() : factors.offset[g];
      group.sum = 4 * (groups == 2 ? g : 2);
      for (int64_t i = 0; i < n; ++i) {
        group.row.push_back(b.add(xAt, (first + i) * kRowCodes));
        group.scales.push_back(b.add(xAt, kScales + (first + i) * kRowScales));
      }
      multiply(group, sums.slice(first, n));
    }
}

/// Slot by slot for all rows, so that their chains overlap.
void Panel::multiply(const Group &group, MutableArrayRef<Value> sums) {
  const size_t n = sums.size();
  Type i32 = b.getI32Type();
  SmallVector<Value> high(n, b.splat(ints, 0)), low(high);
  for (size_t i = 0; i < n && w.excess(); ++i) {
    Value sum = loadSplat(b, b.vec(1, i32), x,
                          b.add(group.scales[i], kSum + group.sum));
    sum = arith::MulIOp::create(b, sum, b.splat(b.vec(1, i32), -w.excess()));
    low[i] = b.broadcast(ints, sum);
  }
  auto dot = [&](Value sum, size_t i, size_t s, int64_t half) -> Value {
    Value at = b.add(group.row[i], half + 4 * int64_t(group.firstSlot + s));
    Value four = vector::BitCastOp::create(b, bytes, loadSplat(b, ints, x, at));
    return tile::DotI8Op::create(b, ints, sum, group.codes[s], four);
  };
  for (size_t s = 0; s < group.codes.size(); ++s)
    for (size_t i = 0; i < n; ++i) {
      high[i] = dot(high[i], i, s, 0);
      low[i] = dot(low[i], i, s, kLow);
    }
  auto fma = [&](Value p, Value q, Value r) -> Value {
    return math::FmaOp::create(b, p, q, r);
  };
  for (size_t i = 0; i < n; ++i) {
    Value all = arith::ShLIOp::create(b, high[i], b.splat(ints, 8));
    all = arith::SIToFPOp::create(b, floats, b.add(all, low[i]));
    Value scale = loadSplat(b, floats, x, b.add(group.scales[i], kScale));
    scale = arith::MulFOp::create(b, group.scale, scale);
    sums[i] = fma(all, scale, sums[i]);
    if (!group.offset)
      continue;
    Value sum =
        loadSplat(b, floats, x, b.add(group.scales[i], kScaledSum + group.sum));
    sums[i] = fma(group.offset, sum, sums[i]);
  }
}
} // namespace

LogicalResult quern::cpu::lowerLinearI16(KernelBuilder &b,
                                         ArrayRef<LinearOp> roots) {
  for (LinearOp root : roots)
    if (!b.panels(root.getWeight()).hasCodes())
      return root.emitOpError(
          "requires weights of integer codes for integer rows");
  const PanelReader first = b.panels(LinearOp(roots.front()).getWeight());
  Value sums =
      scratch(b, {kBlockRows, int64_t(roots.size()) * kLanes}, b.getF32Type());
  auto [from, to] = b.share(b.index(first.panels));
  Value blocks = b.div(b.add(b.rows, kBlockRows - 1), kBlockRows);
  b.loop(from, to, 1, [&](Value panel) {
    b.loop(b.index(0), blocks, 1, [&](Value block) {
      Value row = b.mul(block, kBlockRows);
      Value left = b.min(b.sub(b.rows, row), b.index(kBlockRows));
      Value xAt = b.mul(block, first.steps * kRecord);
      chooseRows(b, left, {8, 4, 2, 1}, [&](int64_t rows) {
        for (auto [i, root] : llvm::enumerate(roots))
          for (auto [r, sum] :
               llvm::enumerate(Panel(b, root, rows).sums(panel, xAt)))
            b.store(sum, sums, {b.index(r), b.index(i * kLanes)});
      });
      finishRows(b, roots, sums, 0, kLanes, row, left, panel);
    });
  });
  return success();
}
