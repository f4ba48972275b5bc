//===- Linear.h - Kernels of linears, by the numbers of the rows -===//
//
// One function for each kind of activations, for few rows and for many. All compute,
// for every row and panel, the sixteen sums of each root, put them into scratch
// memory, and hand them to the epilogue from there, so that its code exists once.
// They share these rules:
//
// - Workers share panels, never sums: a result is made by one worker.
// - The operations on a row, and their order, do not depend on how many rows
//   there are. Variants for 1, 2, 4, ... rows only interleave independent rows.
//
//===----------------------------------------------------------------------===//
#pragma once
#include "codegen/cpu/Kernel.h"

namespace quern::cpu {

/// Weights stream by and are read once for up to 8 rows. `roots`: linears of one operand
/// with weights of one shape.
mlir::LogicalResult lowerLinearIntegers(KernelBuilder &,
                                        llvm::ArrayRef<LinearOp> roots);
mlir::LogicalResult lowerLinearF32(KernelBuilder &,
                                   llvm::ArrayRef<LinearOp> roots);

/// Weights are decoded once for up to 512 rows (Blocked.h); with a matrix unit, for up
/// to 256.
mlir::LogicalResult lowerBlockedBF16(KernelBuilder &,
                                     llvm::ArrayRef<LinearOp> roots);
mlir::LogicalResult lowerBlockedMatrix(KernelBuilder &,
                                       llvm::ArrayRef<LinearOp> roots);
mlir::LogicalResult lowerBlockedF32(KernelBuilder &,
                                    llvm::ArrayRef<LinearOp> roots);
mlir::LogicalResult lowerBlockedWords(KernelBuilder &,
                                      llvm::ArrayRef<LinearOp> roots);
mlir::LogicalResult lowerBlockedHalves(KernelBuilder &,
                                       llvm::ArrayRef<LinearOp> roots);
mlir::LogicalResult lowerBlockedBytes(KernelBuilder &,
                                      llvm::ArrayRef<LinearOp> roots);

/// Emits `variant(n)` for n = most, most / 2 .. 1, and chooses the least that is not less
/// than `left` (of which there is at least one) at run time. `most`: a power of two.
void chooseRows(KernelBuilder &, mlir::Value left,
                int64_t most,
                llvm::function_ref<void(int64_t)> variant);

/// Scratch memory on the stack, aligned to 64 bytes.
mlir::Value scratch(KernelBuilder &, llvm::ArrayRef<int64_t> shape, mlir::Type);

/// The bytes at `at` of a memref<?xi8> as one number in all lanes.
mlir::Value loadSplat(KernelBuilder &, mlir::VectorType, mlir::Value memory,
                      mlir::Value at);

/// Runs the epilogue of `rows` rows from `firstRow` on at the columns of
/// `panel`: the sums of root i and row r are at sums[r, column + i * stride].
void finishRows(KernelBuilder &, llvm::ArrayRef<LinearOp> roots,
                mlir::Value sums, int64_t column, int64_t stride,
                mlir::Value firstRow, mlir::Value rows, mlir::Value panel);

} // namespace quern::cpu
