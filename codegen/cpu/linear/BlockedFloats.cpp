//===- BlockedFloats.cpp - Linears of many rows of floats -----------------===//
//
// Rows of bf16 meet pairs of columns (tile.dot_bf16), rows of f32 single ones.
//
//===----------------------------------------------------------------------===//
#include "codegen/cpu/linear/Blocked.h"
#include "codegen/cpu/linear/Linear.h"
#include "codegen/kernel/PanelReader.h"
#include "ir/tile/Tile.h"
#include "mlir/Dialect/Math/IR/Math.h"

using namespace mlir;
using namespace quern;
using namespace quern::cpu;

namespace {
/// 6 x 4 sums, 4 tiles of weights and one of activations fill the 32 registers of 64
/// bytes of AVX-512; 6 x 1, which are two registers each, the 16 of AVX2, and, of four
/// each, the 32 of NEON.
Registers registersOf(const Chip &chip) {
  return {6, chip.vectors > 8 ? 4 : 1};
}

class BlockedF32 : public BlockedLinear {
public:
  BlockedF32(KernelBuilder &b, ArrayRef<LinearOp> roots)
      : BlockedLinear(b, roots, b.vec(kLanes, b.getF32Type()),
                      registersOf(b.chip)) {}

protected:
  BlockedF32(KernelBuilder &b, ArrayRef<LinearOp> roots, VectorType unit,
             Registers registers)
      : BlockedLinear(b, roots, unit, registers) {}
  void decode(PanelReader &w, Value panelAt, Value step, Value,
              function_ref<void(int64_t, Value)> keep) override {
    w.decode(panelAt, step, kStep, keep);
  }
  void multiply(const Rows &, const Steps &, const Tiles &,
                Values &sums) override;
  /// Columns of a unit, in all lanes.
  virtual Value splat(Value row, Value unitOfRow) {
    return b.broadcast(
        floats, memref::LoadOp::create(b, x, ValueRange{row, unitOfRow}));
  }
  virtual Value product(Value weight, Value v, Value sum) {
    return math::FmaOp::create(b, weight, v, sum);
  }
};

class BlockedBF16 : public BlockedF32 {
public:
  BlockedBF16(KernelBuilder &b, ArrayRef<LinearOp> roots)
      : BlockedBF16(b, roots, registersOf(b.chip)) {}

protected:
  BlockedBF16(KernelBuilder &b, ArrayRef<LinearOp> roots, Registers registers)
      : BlockedF32(b, roots, b.vec(2 * kLanes, b.getBF16Type()), registers) {}

private:
  void decode(PanelReader &w, Value panelAt, Value step, Value,
              function_ref<void(int64_t, Value)> keep) override {
    Value even;
    w.decode(panelAt, step, kStep, [&](int64_t c, Value v) {
      if (c % 2 == 0)
        even = v;
      else
        keep(c / 2, tile::ToBF16Op::create(b, unit, even, v));
    });
  }
  Value splat(Value row, Value pair) override {
    Value two =
        b.load(b.vec(2, b.getBF16Type()), x, {row, b.mul(pair, 2)});
    two = vector::BitCastOp::create(b, b.vec(1, b.getI32Type()), two);
    return vector::BitCastOp::create(
        b, unit, b.broadcast(b.vec(kLanes, b.getI32Type()), two));
  }
  Value product(Value weights, Value v, Value sum) override {
    return tile::DotBF16Op::create(b, floats, sum, weights, v);
  }
};

/// A block of products is one op, tile.matmul_bf16, of which the chip's patterns make
/// tiles in registers of their own. 256 rows of 2048 columns take 1 MB: they stay in the
/// second cache while weights stream by.
class BlockedMatrix : public BlockedBF16 {
public:
  BlockedMatrix(KernelBuilder &b, ArrayRef<LinearOp> roots)
      : BlockedBF16(b, roots, {.rows = 32, .tiles = 4, .chunk = 256}) {}

private:
  void multiplyBlock(Value firstRow, Value rows, const Steps &steps,
                     int64_t tiles) override {
    Value zero = b.index(0);
    tile::MatmulBF16Op::create(
        b, sumsMemory, zero, zero, x, firstRow, b.mul(steps.first, kStep),
        weights, zero, rows, b.mul(steps.count, kStep / 2), tiles, tiles);
  }
};
} // namespace

void BlockedF32::multiply(const Rows &rows, const Steps &steps,
                          const Tiles &tiles, Values &sums) {
  // What lies beyond a row's last column is no number, if the row is f32.
  const int64_t perUnit = unit.getNumElements() / int64_t(kLanes),
                ofRow = (readers[0].columns + perUnit - 1) / perUnit;
  Value first = b.mul(steps.first, unitsPerStep()),
        units = b.min(b.mul(steps.count, unitsPerStep()),
                      b.sub(b.index(ofRow), first));
  sums = b.loop(b.index(0), units, 1, sums, [&](Value u, ValueRange carried) {
    Values next(carried), w;
    for (int64_t t = 0; t < tiles.count; ++t)
      w.push_back(loadUnit(b.index(0), u, tiles, t));
    for (int64_t i = 0; i < rows.count; ++i) {
      Value v = splat(b.add(rows.first, i), b.add(first, u));
      for (int64_t t = 0; t < tiles.count; ++t) {
        Value &sum = next[size_t(i * tiles.count + t)];
        sum = product(w[size_t(t)], v, sum);
      }
    }
    return next;
  });
}

LogicalResult quern::cpu::lowerBlockedBF16(KernelBuilder &b,
                                           ArrayRef<LinearOp> roots) {
  BlockedBF16(b, roots).emit();
  return success();
}

LogicalResult quern::cpu::lowerBlockedMatrix(KernelBuilder &b,
                                             ArrayRef<LinearOp> roots) {
  BlockedMatrix(b, roots).emit();
  return success();
}

LogicalResult quern::cpu::lowerBlockedF32(KernelBuilder &b,
                                          ArrayRef<LinearOp> roots) {
  BlockedF32(b, roots).emit();
  return success();
}
