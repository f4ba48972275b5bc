//===- RowIntegers.cpp - Activations in integers --------------------------===//
#include "codegen/kernel/RowIntegers.h"
#include "ir/RowRecord.h"
#include "ir/tile/Tile.h"
#include "mlir/Dialect/Math/IR/Math.h"

using namespace mlir;
using namespace quern;
using namespace quern::rowRecord;

static VectorType withElement(Value vector, Type element) {
  return cast<VectorType>(vector.getType()).clone(element);
}

RowScale quern::rowScale(LoopBuilder &b, Number kind, Value most) {
  auto number = [&](float v) {
    return arith::ConstantOp::create(b, b.getF32FloatAttr(v)).getResult();
  };
  Value x = arith::BitcastOp::create(b, b.getF32Type(), most);
  Value scale = arith::DivFOp::create(b, x, number(kind == Number::I8 ? 127 : 32512));
  // Below the least normal number a scale is too coarse: take zero.
  Value tiny = arith::CmpFOp::create(b, arith::CmpFPredicate::OLT, scale,
                                     number(0x1p-126f));
  scale = arith::SelectOp::create(b, tiny, number(0), scale);
  return {scale, arith::SelectOp::create(b, tiny, number(1), scale), tiny};
}

Value quern::rowIntegers(LoopBuilder &b, const RowScale &scale, Value x) {
  auto floats = cast<VectorType>(x.getType());
  auto ints = withElement(x, b.getI32Type());
  Value q = arith::DivFOp::create(b, x, b.broadcast(floats, scale.divisor));
  q = arith::FPToSIOp::create(b, ints, math::RoundEvenOp::create(b, q));
  Value tiny = b.broadcast(withElement(x, b.getI1Type()), scale.isTiny);
  return arith::SelectOp::create(b, tiny, b.splat(ints, 0), q);
}

Value quern::highHalves(LoopBuilder &b, Value q) {
  auto ints = cast<VectorType>(q.getType());
  Value high = arith::AddIOp::create(b, q, b.splat(ints, 128));
  return arith::ShRSIOp::create(b, high, b.splat(ints, 8));
}

namespace {
/// The columns of a step that have a scale in common.
struct Group {
  size_t firstSlot;
  ArrayRef<Value> codes; // of its slots
  Value scale, offset;   // of the weights; an offset may be missing
  int64_t sum;           // of the row's three sums the one of these columns
};

class Multiplier {
public:
  Multiplier(PanelReader &w, VectorType floats, bool bytesInWords,
             NumberOfRow number)
      : w(w), b(w.b), bytesInWords(bytesInWords), floats(floats), ints(floats.clone(b.getI32Type())),
        bytes(b.vec(4 * floats.getNumElements(), b.getI8Type())),
        words(b.vec(2 * floats.getNumElements(), b.getI16Type())),
        number(number) {}
  void multiply(const Group &, Number, size_t firstRow,
                MutableArrayRef<Value> sums);

private:
  /// Add to integers, slot by slot for all rows, so that their chains overlap.
  void addHalves(const Group &, size_t firstRow, MutableArrayRef<Value> all);
  void addBytes(const Group &, size_t firstRow, MutableArrayRef<Value> all);
  void addBytesInWords(const Group &, size_t firstRow,
                       MutableArrayRef<Value> all);
  /// The four columns of a slot that begin at `byte` of a row's codes.
  Value bytesOf(size_t row, int64_t byte) {
    return vector::BitCastOp::create(b, bytes, number(ints, row, byte));
  }
  void addWords(const Group &, size_t firstRow, MutableArrayRef<Value> all);

  PanelReader &w;
  LoopBuilder &b;
  const bool bytesInWords;
  VectorType floats, ints, bytes, words;
  NumberOfRow number;
};
} // namespace

WordPairs quern::wordsOf(LoopBuilder &b, Value slot) {
  auto type = cast<VectorType>(slot.getType());
  auto words = b.vec(type.getNumElements() / 2, b.getI16Type());
  Value all = vector::BitCastOp::create(b, words, slot);
  return {arith::AndIOp::create(b, all, b.splat(words, 255)),
          arith::ShRUIOp::create(b, all, b.splat(words, 8))};
}

void Multiplier::addHalves(const Group &group, size_t firstRow,
                           MutableArrayRef<Value> all) {
  const size_t n = all.size();
  SmallVector<Value> high(n, b.splat(ints, 0));
  auto dot = [&](Value sum, size_t i, size_t s, int64_t half) -> Value {
    int64_t byte = half + 4 * int64_t(group.firstSlot + s);
    return tile::DotI8Op::create(b, ints, sum, group.codes[s],
                                 bytesOf(firstRow + i, byte), greatestCode(w.shape));
  };
  for (size_t s = 0; s < group.codes.size(); ++s)
    for (size_t i = 0; i < n; ++i) {
      high[i] = dot(high[i], i, s, kHigh);
      all[i] = dot(all[i], i, s, kLow);
    }
  for (size_t i = 0; i < n; ++i)
    all[i] =
        b.add(arith::ShLIOp::create(b, high[i], b.splat(ints, 8)), all[i]);
}

void Multiplier::addBytes(const Group &group, size_t firstRow,
                          MutableArrayRef<Value> all) {
  for (size_t s = 0; s < group.codes.size(); ++s)
    for (size_t i = 0; i < all.size(); ++i)
      all[i] = tile::DotI8Op::create(
          b, ints, all[i], group.codes[s],
          bytesOf(firstRow + i, kHigh + 4 * int64_t(group.firstSlot + s)),
          greatestCode(w.shape));
}

int64_t quern::slotsInWords(const GroupShape &shape) {
  // Of each slot a word gets two products.
  return INT16_MAX / (2 * 127 * greatestCode(shape));
}

void Multiplier::addBytesInWords(const Group &group, size_t firstRow,
                                 MutableArrayRef<Value> all) {
  const size_t together = size_t(slotsInWords(w.shape));
  Value ones = b.splat(words, 1);
  for (size_t first = 0; first < group.codes.size(); first += together) {
    SmallVector<Value> sums(all.size(), b.splat(words, 0));
    for (size_t s = first; s < std::min(group.codes.size(), first + together); ++s)
      for (size_t i = 0; i < all.size(); ++i)
        sums[i] = tile::DotI8WordsOp::create(
            b, words, sums[i], group.codes[s],
            bytesOf(firstRow + i, kHigh + 4 * int64_t(group.firstSlot + s)));
    for (size_t i = 0; i < all.size(); ++i)
      all[i] = tile::DotI16Op::create(b, ints, all[i], sums[i], ones);
  }
}

void Multiplier::addWords(const Group &group, size_t firstRow,
                          MutableArrayRef<Value> all) {
  for (size_t s = 0; s < group.codes.size(); ++s) {
    WordPairs u = wordsOf(b, group.codes[s]);
    int64_t byte = 8 * int64_t(group.firstSlot + s);
    for (Value pair : {u.even, u.odd}) {
      for (size_t i = 0; i < all.size(); ++i) {
        Value x = vector::BitCastOp::create(b, words,
                                            number(ints, firstRow + i, byte));
        all[i] = tile::DotI16Op::create(b, ints, all[i], pair, x);
      }
      byte += 4;
    }
  }
}

void Multiplier::multiply(const Group &group, Number kind, size_t firstRow,
                          MutableArrayRef<Value> sums) {
  const size_t n = sums.size();
  auto one = b.vec(1, b.getI32Type());
  SmallVector<Value> all(n, b.splat(ints, 0));
  for (size_t i = 0; i < n && w.excess(); ++i) {
    Value sum = number(one, firstRow + i, kCodes + kSums + 4 * group.sum);
    sum = arith::MulIOp::create(b, sum, b.splat(one, -w.excess()));
    all[i] = b.broadcast(ints, sum);
  }
  if (kind == Number::I16Words)
    addWords(group, firstRow, all);
  else if (kind == Number::I16)
    addHalves(group, firstRow, all);
  else if (bytesInWords && slotsInWords(w.shape))
    addBytesInWords(group, firstRow, all);
  else
    addBytes(group, firstRow, all);
  for (size_t i = 0; i < n; ++i) {
    Value sum = arith::SIToFPOp::create(b, floats, all[i]);
    Value scale = number(floats, firstRow + i, kCodes + kScale);
    scale = arith::MulFOp::create(b, group.scale, scale);
    sums[i] = math::FmaOp::create(b, sum, scale, sums[i]);
    if (!group.offset)
      continue;
    Value scaled =
        number(floats, firstRow + i, kCodes + kScaledSums + 4 * group.sum);
    sums[i] = math::FmaOp::create(b, group.offset, scaled, sums[i]);
  }
}

void quern::addIntegerStep(PanelReader &w, Number kind, ArrayRef<Value> codes,
                           const PanelReader::Factors &factors,
                           NumberOfRow number, IntegerSums how,
                           MutableArrayRef<Value> sums) {
  Multiplier multiplier(w, cast<VectorType>(sums.front().getType()),
                        how.bytesInWords, number);
  const size_t groups = w.groupsPerStep(), slots = codes.size() / groups;
  for (size_t g = 0; g < groups; ++g)
    for (size_t first = 0, n; first < sums.size(); first += n) {
      n = std::min(how.together, sums.size() - first);
      multiplier.multiply({g * slots, codes.slice(g * slots, slots),
                           factors.scale[g],
                           factors.offset.empty() ? Value() : factors.offset[g],
                           groups == 2 ? int64_t(g) : 2},
                          kind, first, sums.slice(first, n));
    }
}
