//===- ConvertRow.h - Columns of a row into a linear's numbers --*- C++ -*-===//
#pragma once
#include "codegen/cpu/Kernel.h"

namespace quern::cpu {

/// f32 columns in memory: column c of the row is memory[row, c - firstColumn].
/// Whole steps of 32 columns are read, whatever lies beyond the row's end.
struct RowSource {
  mlir::Value memory, row;
  mlir::Value firstColumn;
};

/// Converts columns [first, last) of a row into row `row` of `result`, memory
/// of `type`. `first` is a multiple of 32, and `last` is one or the end of the
/// row. Columns beyond those of the type become zero.
void convertColumns(KernelBuilder &, RowsType type, const RowSource &,
                    mlir::Value result, mlir::Value row, mlir::Value first,
                    mlir::Value last);

} // namespace quern::cpu
