//===- RowsIntegers.cpp - Linears of few rows of integers -------*- C++ -*-===//
//
// The kernel of generated rows: it reads every byte of the weights once and
// should do so at the speed of the memory. For a panel (16 weight rows, one a
// lane) and up to 8 rows of activations, or 4 where registers are few,
//
//     for each step of 32 columns:
//       u[8]  = codes of the step, unsigned bytes, loaded a step ago if rows
//               are few
//       y    += their products with the rows (codegen/kernel/RowIntegers.h)
//
//===----------------------------------------------------------------------===//
#include "codegen/cpu/linear/Linear.h"
#include "codegen/kernel/RowIntegers.h"
#include "ir/RowRecord.h"
#include "ir/tile/Tile.h"

using namespace mlir;
using namespace quern;
using namespace quern::cpu;

namespace {
/// Bytes between what is computed and what is prefetched. Less does not cover
/// the latency of memory, more is thrown out of the cache by the hardware's.
constexpr int64_t kAhead = 6144;
/// Rows whose dot products advance together, a chain each, two of halves. Eight chains
/// hide the latency of a dot product; no more than fit into half of the registers.
size_t togetherOf(const Chip &chip, Number number) {
  const int64_t chains = number == Number::I16 ? 2 : 1;
  return size_t(std::min<int64_t>(4, chip.vectors / 2 / chains));
}
/// Rows that meet a panel at once. More would not save a chip with 16 registers of half
/// the size much: their sums lie in memory, and taking codes apart is a twentieth of the
/// work. But they would be most of the kernel's code.
int64_t rowsOf(const Chip &chip) { return chip.vectors > 8 ? rowRecord::kRows : 4; }

/// Of some rows of a block, the byte at which codes and scales of its first step begin.
struct Records {
  Value codes, scales;
};

class Panel {
public:
  Panel(KernelBuilder &b, LinearOp root, int64_t rows)
      : b(b), w(b.panels(root.getWeight())), x(b.memory(root.getInput())),
        kind(cast<RowsType>(root.getInput().getType()).getNumber()), rows(rows),
        floats(b.vec(kLanes, b.getF32Type())),
        pipelined(rows <= 2) {}

  /// Sums of the rows.
  SmallVector<Value> sums(Value panel, const Records &);

private:
  /// Sums and, if pipelined, the packed codes of the step to come.
  using State = SmallVector<Value>;
  State span(Value panelAt, Value n, const Records &, State state);
  Value nextCodes(Value record, Value at, Value number, Value stepOfSpan);
  void step(ArrayRef<Value> codes, const PanelReader::Factors &,
            const Records &, Value number, MutableArrayRef<Value> sums);

  KernelBuilder &b;
  PanelReader w;
  Value x;
  Number kind;
  int64_t rows;
  VectorType floats;
  /// With many rows the codes' registers are wanted for sums, and there is
  /// enough else to do while codes come from the cache.
  bool pipelined;
};

SmallVector<Value> Panel::sums(Value panel, const Records &records) {
  Value panelAt = w.panel(panel), zero = b.index(0);
  State state(rows, b.splat(floats, 0));
  if (pipelined)
    llvm::append_range(state, w.packedCodes(w.codesAt(panelAt, zero)));
  state = b.loop(zero, b.index(w.spans), 1, state,
                 [&](Value n, ValueRange carried) {
                   return span(panelAt, n, records, State(carried));
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

Panel::State Panel::span(Value panelAt, Value n, const Records &records,
                         State state) {
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
    step(w.unpack(codes), w.factors(supers, record, s), records, number,
         result);
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

void Panel::step(ArrayRef<Value> codes, const PanelReader::Factors &factors,
                 const Records &records, Value number,
                 MutableArrayRef<Value> sums) {
  using namespace rowRecord;
  Value skip = b.mul(number, kBytes);
  Value codesAt = b.add(records.codes, skip),
        scalesAt = b.add(records.scales, skip);
  auto load = [&](VectorType type, size_t row, int64_t byte) {
    int64_t r = int64_t(row);
    return loadSplat(b, type, x,
                     byte < kCodes
                         ? b.add(codesAt, r * kCodes + byte)
                         : b.add(scalesAt, r * kScales + byte - kCodes));
  };
  addIntegerStep(w, kind, codes, factors, load,
                 {.together = togetherOf(b.chip, kind), .bytesInWords = !b.chip.dotsBytes}, sums);
}
} // namespace

LogicalResult quern::cpu::lowerLinearIntegers(KernelBuilder &b,
                                              ArrayRef<LinearOp> roots) {
  const PanelReader first = b.panels(LinearOp(roots.front()).getWeight());
  using namespace rowRecord;
  const int64_t most = rowsOf(b.chip);
  b.choose("1 to " + llvm::Twine(most) + " rows x 1 panel, read once for them");
  Value sums =
      scratch(b, {most, int64_t(roots.size()) * kLanes}, b.getF32Type());
  auto [from, to] = b.share(b.index(first.panels));
  b.loop(from, to, 1, [&](Value panel) {
    b.loop(b.index(0), b.rows, most, [&](Value row) {
      Value left = b.min(b.sub(b.rows, row), b.index(most));
      Value block = b.mul(b.div(row, kRows), first.steps * kBytes),
            inBlock = b.rem(row, kRows);
      const Records records = {
          b.add(block, b.mul(inBlock, kCodes)),
          b.add(b.add(block, kScalesAt), b.mul(inBlock, kScales))};
      chooseRows(b, left, most, [&](int64_t rows) {
        for (auto [i, root] : llvm::enumerate(roots))
          for (auto [r, sum] :
               llvm::enumerate(Panel(b, root, rows).sums(panel, records)))
            b.store(sum, sums, {b.index(r), b.index(i * kLanes)});
      });
      finishRows(b, roots, sums, 0, kLanes, row, left, panel);
    });
  });
  return success();
}
