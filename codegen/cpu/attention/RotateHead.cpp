//===- RotateHead.cpp - Rotary embedding of one head in registers ---------===//
//
// The angle of a position is the sum of two that the table holds, those of its
// multiple of 64 and of the rest: two loads and four products a pair instead of
// sine and cosine, or of a table for every position.
//
//===----------------------------------------------------------------------===//
#include "codegen/cpu/attention/RotateHead.h"
#include "codegen/cpu/attention/Lanes.h"
#include "mlir/Dialect/Math/IR/Math.h"

using namespace mlir;
using namespace quern;
using namespace quern::cpu;

namespace {
class Rotation {
public:
  Rotation(KernelBuilder &b, RopeOp op, Value row)
      : b(b), op(op), pairs(op.getDims() / 2), table(b.memory(op.getTable())) {
    constexpr int64_t fineRows = 64;
    Value position = b.loadIndex(b.step(op.getStep()).positions, row);
    fine = b.rem(position, fineRows);
    coarse = b.add(b.div(position, fineRows), fineRows);
  }

  void halves(HeadPieces &x);
  void halvesThroughMemory(HeadPieces &x);
  void interleaved(HeadPieces &x);

private:
  struct Angle {
    Value cos, sin;
  };
  /// Of pairs [first, first + valid).
  Angle angle(int64_t first, int64_t valid, int64_t width);
  Value mul(Value x, Value y) { return arith::MulFOp::create(b, x, y); }
  Value fma(Value x, Value y, Value z) { return math::FmaOp::create(b, x, y, z); }
  Value negate(Value x) { return arith::NegFOp::create(b, x); }
  std::pair<Value, Value> rotate(Value u, Value v, Angle a) {
    return {fma(negate(v), a.sin, mul(u, a.cos)), fma(u, a.sin, mul(v, a.cos))};
  }

  KernelBuilder &b;
  RopeOp op;
  int64_t pairs;
  Value table, fine, coarse;
};
} // namespace

Rotation::Angle Rotation::angle(int64_t first, int64_t valid, int64_t width) {
  auto at = [&](Value row, int64_t column) {
    return loadLanes(b, table, {row, b.index(column)}, valid, width);
  };
  Value cosA = at(fine, first), sinA = at(fine, pairs + first);
  Value cosB = at(coarse, first), sinB = at(coarse, pairs + first);
  return {fma(negate(sinA), sinB, mul(cosA, cosB)), fma(cosA, sinB, mul(sinA, cosB))};
}

/// Pairs (i, i + pairs) where both halves are whole pieces.
void Rotation::halves(HeadPieces &x) {
  int64_t distance = pairs / kWidth;
  for (int64_t i = 0; i < distance; ++i)
    std::tie(x[i], x[i + distance]) =
        rotate(x[i], x[i + distance], angle(i * kWidth, kWidth, kWidth));
}

/// The same where the second half begins within a piece. In place: a pair is
/// read before it is written, and no other one.
void Rotation::halvesThroughMemory(HeadPieces &x) {
  Value memory = scratch(b, {int64_t(x.size() + 1) * kWidth});
  for (auto [i, piece] : llvm::enumerate(x))
    storeLanes(b, piece, memory, b.index(i * kWidth));
  for (int64_t i = 0; i < pairs; i += kWidth) {
    int64_t valid = std::min(kWidth, pairs - i);
    Value low = b.index(i), high = b.index(pairs + i);
    auto [u, v] = rotate(loadLanes(b, memory, low, valid), loadLanes(b, memory, high, valid),
                         angle(i, valid, kWidth));
    storeLanes(b, u, memory, low, valid);
    storeLanes(b, v, memory, high, valid);
  }
  for (auto [i, piece] : llvm::enumerate(x))
    piece = loadLanes(b, memory, b.index(i * kWidth));
}

/// Pairs (2 i, 2 i + 1): eight of them a piece.
void Rotation::interleaved(HeadPieces &x) {
  SmallVector<int64_t> twice, swap;
  SmallVector<float> signs;
  for (int64_t i = 0; i < kWidth; ++i) {
    twice.push_back(i / 2);
    swap.push_back(i ^ 1);
    signs.push_back(i % 2 ? 1 : -1);
  }
  Value sign = arith::ConstantOp::create(
      b, DenseElementsAttr::get(lanes(b), ArrayRef<float>(signs)));
  for (auto [i, piece] : llvm::enumerate(x)) {
    int64_t valid = std::min(kWidth / 2, pairs - int64_t(i) * kWidth / 2);
    if (valid <= 0)
      break;
    Angle a = angle(i * kWidth / 2, valid, kWidth / 2);
    Value sin = mul(shuffle(b, a.sin, twice), sign);
    Value y = fma(shuffle(b, piece, swap), sin, mul(piece, shuffle(b, a.cos, twice)));
    piece = arith::SelectOp::create(b, firstLanes(b, kWidth, 2 * valid), y, piece);
  }
}

HeadPieces quern::cpu::rotateHead(KernelBuilder &b, RopeOp op, HeadPieces x, Value row) {
  Rotation rotation(b, op, row);
  if (!op.getHalf())
    rotation.interleaved(x);
  else if (op.getDims() / 2 % kWidth == 0)
    rotation.halves(x);
  else
    rotation.halvesThroughMemory(x);
  return x;
}
