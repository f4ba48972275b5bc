//===- RowOutputs.h - Results of work on rows, converted or not -*- C++ -*-===//
//
// What a body yields, where it may yield conversions as well:
//
//     %n = quern.rms_norm %x, %w
//     %s = quern.add %n, %r             stored to result 0 and, if only the
//     %c = quern.convert %s             conversion were yielded, to scratch
//     quern.yield %s, %c                converted from there when the run of
//                                       columns is complete
//
// The conversion needs the greatest of 32 columns, so it follows the run.
//
//===----------------------------------------------------------------------===//
#pragma once
#include "codegen/cpu/Kernel.h"
#include "llvm/ADT/MapVector.h"

namespace quern::cpu {

/// Whether every conversion of the body is yielded and used for nothing else.
bool convertsAtEnd(KernelOp);

class RowOutputs {
public:
  explicit RowOutputs(KernelBuilder &);

  /// As KernelBuilder::epilogue: what follows the roots, at [row, column].
  void at(const llvm::DenseMap<mlir::Value, mlir::Value> &roots, mlir::Value row,
          mlir::Value column);
  /// Converts columns [first, last) of `row`, for which at() was emitted, up to
  /// the padding's end if `last` is the row's. `first` is a multiple of 32.
  void convert(mlir::Value row, mlir::Value first, mlir::Value last);

private:
  struct Conversion {
    ConvertOp op;
    unsigned result;
  };
  /// Memory and row of it that hold `v` after at().
  std::pair<mlir::Value, mlir::Value> holder(mlir::Value v, mlir::Value row);

  KernelBuilder &b;
  llvm::SmallVector<Conversion> conversions;
  llvm::DenseMap<mlir::Value, mlir::Value> results; // f32 results' memory
  llvm::MapVector<mlir::Value, mlir::Value> kept;   // scratch
};

} // namespace quern::cpu
