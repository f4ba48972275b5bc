//===- SlicedLinear.h - Linears of few rows, by slices ----------*- C++ -*-===//
//
//     y[r, n] = sum over k of x[r, k] * w[n, k]
//
// A task is a panel of 16 weight rows, an item up to 16 rows of activations. A thread
// is a lane of the panel and a *slice* of its columns: of the steps of 32 columns it
// takes every `slices`-th one and goes through the rows of the item with that. So
// sixteen threads read what lies beside each other, and every byte of the panel is read
// once for the item.
//
//     thread    0 .. 15   16 .. 31   32 .. 47  ...
//     lane      0 .. 15    0 .. 15    0 .. 15
//     steps     0, 8, ..   1, 9, ..   2, 10, ..        with 128 threads
//
// The sums lie in shared memory, one for each row, slice and lane: a loop over rows
// cannot keep them in registers. At the end those of the slices are added in their
// order. Nothing of that depends on how many rows there are, and so no row's bits do.
//
// Of linears in parts a workgroup has the steps of one part, and its sums are results.
//
//===----------------------------------------------------------------------===//
#pragma once
#include "codegen/simt/Kernel.h"

namespace quern::simt {

class SlicedLinear {
public:
  SlicedLinear(KernelBuilder &, llvm::SmallVector<Linear>);
  virtual ~SlicedLinear() = default;
  void emit();

protected:
  /// Adds the products of this thread's steps to the sums of all rows: of every
  /// `slices`-th one of [firstStep, endStep) from firstStep + slice on.
  virtual void addSteps(PanelReader &, size_t root) = 0;

  /// For each row of the item: `next(r, sum)` makes the sum of this thread that takes
  /// the place of `sum`.
  void
  eachSum(size_t root,
          llvm::function_ref<mlir::Value(mlir::Value r, mlir::Value sum)> next);

  KernelBuilder &b;
  llvm::SmallVector<Linear> roots;
  const int64_t slices;
  mlir::Value lane, slice;
  mlir::Value firstRow, rows;     // of the item
  mlir::Value firstStep, endStep; // of the part
  mlir::Value input;

private:
  int64_t rowsThatFit() const;
  void finish();

  const int64_t itemRows;
  mlir::Value partial; // shared: [root][row][slice][lane]
};

} // namespace quern::simt
