//===- BlockedWords.cpp - Linears of many rows of 16-bit integers ---------===//
//
// For chips that multiply words (tile.dot_i16) at twice the speed of f32. Codes become
// words, less their excess; within a group all is exact, and its sum is scaled as in
// rows of generated tokens (codegen/kernel/RowIntegers.h),
//
//     for the steps of a block, for the groups of a step:
//       all  = sum of words . x
//       sum += float(all) * scale * x.scale + offset * x.scale * sum(x)
//
// so both come to the same bits.
//
//===----------------------------------------------------------------------===//
#include "codegen/cpu/linear/Blocked.h"
#include "codegen/cpu/linear/Linear.h"
#include "codegen/kernel/PanelReader.h"
#include "codegen/kernel/RowIntegers.h"
#include "ir/RowRecord.h"
#include "ir/tile/Tile.h"
#include "mlir/Dialect/Math/IR/Math.h"

using namespace mlir;
using namespace quern;
using namespace quern::cpu;

namespace {
class BlockedWords : public BlockedLinear {
public:
  BlockedWords(KernelBuilder &b, ArrayRef<LinearOp> roots)
      : BlockedLinear(b, roots, b.vec(2 * kLanes, b.getI16Type()),
                      registersOf(b.chip)),
        groups(readers[0].groupsPerStep()), ints(b.vec(kLanes, b.getI32Type())) {
    const int64_t factors = kColumns / kStep * groups * tilesOfBlock * kLanes;
    scales = scratch(b, {factors}, b.getF32Type());
    if (readers[0].shape.offset)
      offsets = scratch(b, {factors}, b.getF32Type());
  }

private:
  /// Sums of integers, which those of floats take turns with in registers. No more rows
  /// than lie in a block of the records beside each other, from any multiple on.
  static Registers registersOf(const Chip &chip) {
    return {kRowsTogether, chip.avx512 ? 4 : 1};
  }
  static constexpr int64_t kRowsTogether = 4;
  static_assert(rowRecord::kRows % kRowsTogether == 0 &&
                kChunk % rowRecord::kRows == 0);
  void decode(PanelReader &, Value panelAt, Value step, Value place,
              function_ref<void(int64_t, Value)> keep) override;
  void multiply(const Rows &, const Steps &, const Tiles &,
                Values &sums) override;
  /// Bytes at which the rows' codes and scales of a step begin. They are of one block.
  struct Record {
    Value codes, scales;
  };
  void multiplyGroup(int64_t group, const Record &, Value stepOfBlock,
                     const Tiles &, Values &sums);
  Value factorAt(Value place, int64_t group) {
    return b.mul(b.add(b.mul(place, groups), group), kLanes);
  }

  const int64_t groups; // of a step
  const VectorType ints;
  Value scales, offsets; // of groups, by place
};
} // namespace

void BlockedWords::decode(PanelReader &w, Value panelAt, Value step, Value place,
                          function_ref<void(int64_t, Value)> keep) {
  Value record = w.record(panelAt, b.div(step, w.stepsPerSpan)),
        inSpan = b.rem(step, w.stepsPerSpan);
  PanelReader::Factors f = w.factors(w.supers(record), record, inSpan);
  for (int64_t g = 0; g < groups; ++g) {
    b.store(f.scale[size_t(g)], scales, factorAt(place, g));
    if (offsets)
      b.store(f.offset[size_t(g)], offsets, factorAt(place, g));
  }
  Value excess = b.splat(unit, w.excess());
  int64_t number = 0;
  for (Value slot : w.unpack(w.packedCodes(w.codesAt(record, inSpan)))) {
    WordPairs words = wordsOf(b, slot);
    for (Value pair : {words.even, words.odd})
      keep(number++, arith::SubIOp::create(b, pair, excess));
  }
}

void BlockedWords::multiplyGroup(int64_t group, const Record &record,
                                 Value stepOfBlock, const Tiles &tiles,
                                 Values &sums) {
  using namespace rowRecord;
  const int64_t count = unitsPerStep() / groups;
  auto each = [&](function_ref<void(int64_t, int64_t, size_t)> f) {
    for (size_t i = 0; i < sums.size(); ++i)
      f(int64_t(i) / tiles.count, int64_t(i) % tiles.count, i);
  };
  // A loop, of which LLVM would make one sum after the other if it were unrolled, with
  // everything else in memory.
  Values all(sums.size(), b.splat(ints, 0));
  all = b.loop(
      b.index(group * count), b.index((group + 1) * count), 1, all,
      [&](Value u, ValueRange carried) {
        Values next(carried), w, pairs;
        for (int64_t t = 0; t < tiles.count; ++t)
          w.push_back(loadUnit(stepOfBlock, u, tiles, t));
        Value at = b.add(record.codes, b.mul(u, 4));
        for (int64_t r = 0; r < int64_t(sums.size()) / tiles.count; ++r)
          pairs.push_back(vector::BitCastOp::create(
              b, unit, loadSplat(b, ints, x, b.add(at, r * kCodes))));
        each([&](int64_t r, int64_t t, size_t i) {
          next[i] = tile::DotI16Op::create(b, ints, next[i], w[size_t(t)],
                                           pairs[size_t(r)]);
        });
        return next;
      });
  const int64_t sumOfGroup = groups == 2 ? group : 2;
  each([&](int64_t r, int64_t t, size_t i) {
    Value place = b.mul(stepOfBlock, tiles.of);
    Value at = factorAt(b.add(place, tiles.first + t), group);
    Value scalesAt = b.add(record.scales, r * kScales);
    Value scale = arith::MulFOp::create(
        b, b.load(floats, scales, at),
        loadSplat(b, floats, x, b.add(scalesAt, kScale)));
    sums[i] = math::FmaOp::create(
        b, arith::SIToFPOp::create(b, floats, all[i]), scale, sums[i]);
    if (offsets)
      sums[i] = math::FmaOp::create(
          b, b.load(floats, offsets, at),
          loadSplat(b, floats, x, b.add(scalesAt, kScaledSums + 4 * sumOfGroup)),
          sums[i]);
  });
}

void BlockedWords::multiply(const Rows &rows, const Steps &steps,
                            const Tiles &tiles, Values &sums) {
  using namespace rowRecord;
  Value block = b.mul(b.div(rows.first, kRows), readers[0].steps),
        inBlock = b.rem(rows.first, kRows);
  Value at = b.mul(b.add(block, steps.first), kBytes);
  Record first = {b.add(at, b.mul(inBlock, kCodes)),
                  b.add(b.add(at, kScalesAt), b.mul(inBlock, kScales))};
  sums = b.loop(b.index(0), steps.count, 1, sums,
                [&](Value step, ValueRange carried) {
                  Values next(carried);
                  Value skip = b.mul(step, kBytes);
                  Record record = {b.add(first.codes, skip),
                                   b.add(first.scales, skip)};
                  for (int64_t g = 0; g < groups; ++g)
                    multiplyGroup(g, record, step, tiles, next);
                  return next;
                });
}

LogicalResult quern::cpu::lowerBlockedWords(KernelBuilder &b,
                                            ArrayRef<LinearOp> roots) {
  BlockedWords(b, roots).emit();
  return success();
}
