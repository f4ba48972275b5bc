//===- Lanes.h - Sixteen floats at a time ----------------------*- C++ -*-===//
//
// All kernels over rows compute on vectors of sixteen f32, whatever the chip's
// registers are: LLVM cuts them where needed. So the order of every sum is that
// of the shape alone, the same on every chip, and a row's bits cannot depend on
// anything but the row.
//
//===----------------------------------------------------------------------===//
#pragma once
#include "codegen/cpu/Kernel.h"

namespace quern::cpu {

inline constexpr int64_t kWidth = 16;

/// vector<16xf32>
inline mlir::VectorType lanes(KernelBuilder &b) {
  return b.vec(kWidth, b.getF32Type());
}

/// Vectors that cover `columns`, and how many lanes of vector `piece` do.
inline int64_t piecesOf(int64_t columns) { return (columns + kWidth - 1) / kWidth; }
inline int64_t lanesOf(int64_t columns, int64_t piece) {
  return std::min(kWidth, columns - kWidth * piece);
}

/// A constant mask of `width` lanes, the first `valid` of which are on.
mlir::Value firstLanes(KernelBuilder &, int64_t width, int64_t valid);

/// Loads `width` elements of any float type as f32. Lanes from `valid` on are
/// not touched in memory and are zero.
mlir::Value loadLanes(KernelBuilder &, mlir::Value memory, mlir::ValueRange at,
                      int64_t valid = kWidth, int64_t width = kWidth);
/// Stores the first `valid` lanes of a vector of f32, rounded to the memory's
/// type. Where that is narrower, what is too large becomes its largest finite
/// number: an infinity in a cache would poison every later row.
void storeLanes(KernelBuilder &, mlir::Value v, mlir::Value memory,
                mlir::ValueRange at, int64_t valid = kWidth);
/// Zeros in the padding of row `row` of f32 activations.
void zeroPadding(KernelBuilder &, mlir::Value memory, mlir::Value row,
                 int64_t columns);

/// f32 (a number or a vector) rounded to `element`, as storeLanes does.
mlir::Value narrow(KernelBuilder &, mlir::Value v, mlir::Type element);

mlir::Value shuffle(KernelBuilder &, mlir::Value v, llvm::ArrayRef<int64_t> from);
/// a > b ? a : b
mlir::Value larger(KernelBuilder &, mlir::Value a, mlir::Value b);
/// Halves are combined until one lane is left.
mlir::Value sumOfLanes(KernelBuilder &, mlir::Value v);
mlir::Value maxOfLanes(KernelBuilder &, mlir::Value v);

/// Memory of this call, made once at the function's entry.
mlir::Value scratch(KernelBuilder &, llvm::ArrayRef<int64_t> shape);

/// The sum of squares of `columns` numbers, given by pieces of sixteen lanes
/// with zeros past the end: piece i goes to accumulator i % 4. Loops where
/// there are many. `piece(offset, valid)` loads the one that begins at column
/// `offset`.
mlir::Value sumOfSquares(
    KernelBuilder &, int64_t columns,
    llvm::function_ref<mlir::Value(mlir::Value offset, int64_t valid)> piece);
/// 1 / sqrt(sum / columns + epsilon) on all lanes of a vector of `width`.
mlir::Value rmsScale(KernelBuilder &, mlir::Value sum, int64_t columns,
                     RmsNormOp, int64_t width = kWidth);

} // namespace quern::cpu
