//===- BlockedIntegers.cpp - Linears of many rows of integers -------------===//
//
// For chips that multiply words or bytes at twice the speed of f32, or more. Within a
// group all is exact, and its sum is scaled as in rows of generated tokens
// (codegen/kernel/RowIntegers.h),
//
//     for the steps of a block, for the groups of a step:
//       all  = sum of codes . x
//       sum += float(all) * scale * x.scale + offset * x.scale * sum(x)
//
// so both come to the same bits. Codes lie in the block as what the rows are: words, of
// which the excess has been taken off, or bytes.
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
/// Rows whose sums of integers lie in registers, where those of floats take turns with
/// them. No more than lie in a block of the records beside each other, from any multiple
/// on.
constexpr int64_t kRowsTogether = 4;

class BlockedIntegers : public BlockedLinear {
public:
  BlockedIntegers(KernelBuilder &b, ArrayRef<LinearOp> roots, VectorType unit)
      : BlockedLinear(b, roots, unit,
                      {kRowsTogether, b.chip.vectors > 8 ? 4 : 1}),
        groups(readers[0].groupsPerStep()), ints(b.vec(kLanes, b.getI32Type())) {
    const int64_t factors = kColumns / kStep * groups * tilesOfBlock * kLanes;
    scales = scratch(b, {factors}, b.getF32Type());
    if (readers[0].shape.offset)
      offsets = scratch(b, {factors}, b.getF32Type());
  }

protected:
  static_assert(rowRecord::kRows % kRowsTogether == 0 &&
                Registers{}.chunk % rowRecord::kRows == 0 &&
                rowRecord::kHigh == 0); // where codes of a row begin, of all kinds
  /// Where the rows' codes and scales of a step begin, in bytes. They are of one block.
  struct Record {
    Value codes, scales;
  };
  /// A group of the block, whose units are [first, first + count) of its step.
  struct Group {
    Value step;
    int64_t first, count, number;
  };
  /// sum + weights . x, of one unit.
  using Product = function_ref<Value(Value sum, Value weights, Value x)>;

  /// Calls `keep(unit, vector)` with all units of a slot's codes, in order.
  virtual void unitsOf(PanelReader &, Value slot,
                       function_ref<void(Value)> keep) = 0;
  /// The sums of a group's products: of row i / tiles.count and tile i % tiles.count.
  virtual Values products(const Group &, const Record &, const Tiles &,
                          size_t rows) = 0;
  /// For units [first, first + count) of the step, sum by sum.
  Values addUnits(const Group &, Value first, int64_t count, const Record &,
                  const Tiles &, Values sums, Product);
  /// The same, in a loop. LLVM would make one sum after the other of what is unrolled,
  /// with everything else in memory.
  Values addUnitsInLoop(const Group &, const Record &, const Tiles &,
                        Values sums, Product);

  int64_t sumOf(const Group &group) const {
    return 4 * (groups == 2 ? group.number : 2);
  }

  const int64_t groups; // of a step
  const VectorType ints;

private:
  void decode(PanelReader &, Value panelAt, Value step, Value place,
              function_ref<void(int64_t, Value)> keep) override;
  void multiply(const Rows &, const Steps &, const Tiles &,
                Values &sums) override;
  void multiplyGroup(const Group &, const Record &, const Tiles &,
                     Values &sums);
  Value factorAt(Value place, int64_t group) {
    return b.mul(b.add(b.mul(place, groups), group), kLanes);
  }

  Value scales, offsets; // of groups, by place
};

/// Words of codes, less their excess, meet rows in `i16_words`.
class BlockedWords : public BlockedIntegers {
public:
  BlockedWords(KernelBuilder &b, ArrayRef<LinearOp> roots)
      : BlockedIntegers(b, roots, b.vec(2 * kLanes, b.getI16Type())) {}

private:
  void unitsOf(PanelReader &, Value slot, function_ref<void(Value)>) override;
  Values products(const Group &, const Record &, const Tiles &,
                  size_t rows) override;
};

/// Bytes of codes meet rows in `i8`, or in the halves of `i16`.
class BlockedBytes : public BlockedIntegers {
public:
  BlockedBytes(KernelBuilder &b, ArrayRef<LinearOp> roots, bool halves)
      : BlockedIntegers(b, roots, b.vec(4 * kLanes, b.getI8Type())),
        halves(halves) {}

private:
  void unitsOf(PanelReader &, Value slot,
               function_ref<void(Value)> keep) override {
    keep(slot);
  }
  Values products(const Group &, const Record &, const Tiles &,
                  size_t rows) override;
  Values less(const Group &, const Record &, const Tiles &, size_t rows);
  Values addDots(const Group &, const Record &, const Tiles &, Values sums);
  Values addHalves(const Group &, const Record &, const Tiles &, Values sums);
  Values addWords(ValueRange sums, ValueRange words);

  const bool halves;
};
} // namespace

//===----------------------------------------------------------------------===//
// What both share
//===----------------------------------------------------------------------===//

void BlockedIntegers::decode(PanelReader &w, Value panelAt, Value step,
                             Value place,
                             function_ref<void(int64_t, Value)> keep) {
  Value record = w.record(panelAt, b.div(step, w.stepsPerSpan)),
        inSpan = b.rem(step, w.stepsPerSpan);
  PanelReader::Factors f = w.factors(w.supers(record), record, inSpan);
  for (int64_t g = 0; g < groups; ++g) {
    b.store(f.scale[size_t(g)], scales, factorAt(place, g));
    if (offsets)
      b.store(f.offset[size_t(g)], offsets, factorAt(place, g));
  }
  int64_t number = 0;
  for (Value slot : w.unpack(w.packedCodes(w.codesAt(record, inSpan))))
    unitsOf(w, slot, [&](Value unit) { keep(number++, unit); });
}

BlockedIntegers::Values
BlockedIntegers::addUnits(const Group &group, Value first, int64_t count,
                          const Record &record, const Tiles &tiles, Values sums,
                          Product product) {
  for (int64_t n = 0; n < count; ++n) {
    Value u = b.add(first, n);
    Values w, xs;
    for (int64_t t = 0; t < tiles.count; ++t)
      w.push_back(loadUnit(group.step, u, tiles, t));
    Value at = b.add(record.codes, b.mul(u, 4));
    for (int64_t r = 0; r < int64_t(sums.size()) / tiles.count; ++r)
      xs.push_back(vector::BitCastOp::create(
          b, unit, loadSplat(b, ints, x, b.add(at, r * rowRecord::kCodes))));
    for (size_t i = 0; i < sums.size(); ++i)
      sums[i] = product(sums[i], w[i % size_t(tiles.count)],
                        xs[i / size_t(tiles.count)]);
  }
  return sums;
}

BlockedIntegers::Values
BlockedIntegers::addUnitsInLoop(const Group &group, const Record &record,
                                const Tiles &tiles, Values sums,
                                Product product) {
  return b.loop(b.index(group.first), b.index(group.first + group.count), 1,
                sums, [&](Value u, ValueRange carried) {
                  return addUnits(group, u, 1, record, tiles, Values(carried),
                                  product);
                });
}

void BlockedIntegers::multiplyGroup(const Group &group, const Record &record,
                                    const Tiles &tiles, Values &sums) {
  using namespace rowRecord;
  Values all =
      products(group, record, tiles, sums.size() / size_t(tiles.count));
  for (size_t i = 0; i < sums.size(); ++i) {
    const int64_t r = int64_t(i) / tiles.count, t = int64_t(i) % tiles.count;
    Value place = b.mul(group.step, tiles.of);
    Value at = factorAt(b.add(place, tiles.first + t), group.number);
    Value scalesAt = b.add(record.scales, r * kScales);
    Value scale = arith::MulFOp::create(
        b, b.load(floats, scales, at),
        loadSplat(b, floats, x, b.add(scalesAt, kScale)));
    sums[i] = math::FmaOp::create(
        b, arith::SIToFPOp::create(b, floats, all[i]), scale, sums[i]);
    if (offsets)
      sums[i] = math::FmaOp::create(
          b, b.load(floats, offsets, at),
          loadSplat(b, floats, x, b.add(scalesAt, kScaledSums + sumOf(group))),
          sums[i]);
  }
}

void BlockedIntegers::multiply(const Rows &rows, const Steps &steps,
                               const Tiles &tiles, Values &sums) {
  using namespace rowRecord;
  const int64_t units = unitsPerStep() / groups;
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
                    multiplyGroup({step, g * units, units, g}, record, tiles,
                                  next);
                  return next;
                });
}

//===----------------------------------------------------------------------===//
// Words
//===----------------------------------------------------------------------===//

void BlockedWords::unitsOf(PanelReader &w, Value slot,
                           function_ref<void(Value)> keep) {
  Value excess = b.splat(unit, w.excess());
  WordPairs words = wordsOf(b, slot);
  for (Value pair : {words.even, words.odd})
    keep(arith::SubIOp::create(b, pair, excess));
}

BlockedLinear::Values BlockedWords::products(const Group &group,
                                             const Record &record,
                                             const Tiles &tiles, size_t rows) {
  Values zeros(rows * size_t(tiles.count), b.splat(ints, 0));
  return addUnitsInLoop(group, record, tiles, zeros,
                        [&](Value sum, Value weights, Value x) -> Value {
                          return tile::DotI16Op::create(b, ints, sum, weights, x);
                        });
}

//===----------------------------------------------------------------------===//
// Bytes
//===----------------------------------------------------------------------===//

/// What the codes' excess adds, taken off before.
BlockedLinear::Values BlockedBytes::less(const Group &group,
                                         const Record &record,
                                         const Tiles &tiles, size_t rows) {
  using namespace rowRecord;
  const int excess = readers[0].excess();
  Values all;
  for (int64_t r = 0; r < int64_t(rows); ++r) {
    Value none = b.splat(ints, 0);
    if (excess) {
      auto one = b.vec(1, b.getI32Type());
      Value sum = loadSplat(
          b, one, x, b.add(record.scales, r * kScales + kSums + sumOf(group)));
      none = b.broadcast(ints,
                         arith::MulIOp::create(b, sum, b.splat(one, -excess)));
    }
    all.append(size_t(tiles.count), none);
  }
  return all;
}

/// sum + the two words of each lane
BlockedLinear::Values BlockedBytes::addWords(ValueRange sums, ValueRange words) {
  Values result;
  Value ones = b.splat(b.vec(2 * kLanes, b.getI16Type()), 1);
  for (auto [sum, w] : llvm::zip_equal(sums, words))
    result.push_back(tile::DotI16Op::create(b, ints, sum, w, ones));
  return result;
}

BlockedLinear::Values BlockedBytes::addDots(const Group &group,
                                            const Record &record,
                                            const Tiles &tiles, Values sums) {
  const int most = greatestCode(readers[0].shape);
  return addUnitsInLoop(group, record, tiles, sums,
                        [&](Value sum, Value codes, Value x) -> Value {
                          return tile::DotI8Op::create(b, ints, sum, codes, x, most);
                        });
}

/// First the high halves, then the low ones: sums of both would not stay in registers.
BlockedLinear::Values BlockedBytes::addHalves(const Group &group,
                                              const Record &record,
                                              const Tiles &tiles, Values sums) {
  using namespace rowRecord;
  auto of = [&](int64_t half) {
    return Record{b.add(record.codes, half), record.scales};
  };
  Values all = addDots(group, of(kHigh), tiles,
                       Values(sums.size(), b.splat(ints, 0)));
  for (auto [high, sum] : llvm::zip_equal(all, sums))
    high = b.add(arith::ShLIOp::create(b, high, b.splat(ints, 8)), sum);
  return addDots(group, of(kLow), tiles, all);
}

BlockedLinear::Values BlockedBytes::products(const Group &group,
                                             const Record &record,
                                             const Tiles &tiles, size_t rows) {
  Values all = less(group, record, tiles, rows);
  if (halves)
    return addHalves(group, record, tiles, all);
  int64_t together =
      b.chip.dotsBytes
          ? 0
          : std::min(group.count, slotsInWords(readers[0].shape));
  while (together && group.count % together)
    --together;
  if (!together)
    return addDots(group, record, tiles, all);
  auto words = b.vec(2 * kLanes, b.getI16Type());
  const Values zeros(all.size(), b.splat(words, 0));
  auto product = [&](Value sum, Value codes, Value x) -> Value {
    return tile::DotI8WordsOp::create(b, words, sum, codes, x);
  };
  if (together == group.count)
    return addWords(all, addUnitsInLoop(group, record, tiles, zeros, product));
  return b.loop(b.index(group.first), b.index(group.first + group.count),
                together, all, [&](Value u, ValueRange carried) {
                  return addWords(carried,
                                  addUnits(group, u, together, record, tiles,
                                           zeros, product));
                });
}

LogicalResult quern::cpu::lowerBlockedWords(KernelBuilder &b,
                                            ArrayRef<LinearOp> roots) {
  BlockedWords(b, roots).emit();
  return success();
}

LogicalResult quern::cpu::lowerBlockedBytes(KernelBuilder &b,
                                            ArrayRef<LinearOp> roots) {
  BlockedBytes(b, roots, /*halves=*/false).emit();
  return success();
}

LogicalResult quern::cpu::lowerBlockedHalves(KernelBuilder &b,
                                             ArrayRef<LinearOp> roots) {
  BlockedBytes(b, roots, /*halves=*/true).emit();
  return success();
}
