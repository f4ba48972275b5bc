//===- ConvertRow.h - Columns of a row as integers --------------*- C++ -*-===//
//
// A workgroup converts a *chunk* of a row's columns at once. Its threads take columns
// that lie beside each other and put them into shared memory; there each finds four of
// a step, which is the work of eight threads. Three barriers a chunk.
//
//===----------------------------------------------------------------------===//
#pragma once
#include "codegen/simt/Kernel.h"

namespace quern::simt {

class RowConverter {
public:
  /// Into `result`, memory of `type`.
  RowConverter(KernelBuilder &, RowsType type, mlir::Value result);

  /// Of a row.
  int64_t chunks() const;
  /// All threads must come. `one(column)` makes the f32 of a column.
  void convert(mlir::Value row, mlir::Value chunk,
               llvm::function_ref<mlir::Value(mlir::Value column)> one);

private:
  /// The numbers that the threads of this thread's step have put into memory.
  llvm::SmallVector<mlir::Value> ofStep(mlir::Value shared);
  mlir::Value
  columnsOfThread(mlir::Value chunk,
                  llvm::function_ref<mlir::Value(mlir::Value column)> one);
  void storeWord(mlir::Value word, mlir::Value at);

  KernelBuilder &b;
  const Number kind;
  mlir::Value result;
  const int64_t columns, steps;
  mlir::Value chunkColumns;   // shared: f32
  mlir::Value greatest, sums; // shared: i32 of each thread
};

} // namespace quern::simt
