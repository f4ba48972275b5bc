//===- Intrinsics.h - Instructions by LLVM's names --------------*- C++ -*-===//
#pragma once
#include "codegen/kernel/VectorBuilder.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"

namespace quern::cpu {

/// Of patterns for instructions; the generic ones have 1.
inline constexpr unsigned kBetter = 2, kBest = 3;

mlir::Value intrinsic(VectorBuilder &, llvm::StringRef name, mlir::Type result,
                      mlir::ValueRange arguments);

/// Applies `f` to `pieces` pieces of the operands, of `sizes` elements each, and puts
/// the results together. A power of two.
mlir::Value
inPieces(VectorBuilder &, llvm::ArrayRef<mlir::Value> operands,
         llvm::ArrayRef<int64_t> sizes, int64_t pieces,
         llvm::function_ref<mlir::Value(llvm::ArrayRef<mlir::Value>)> f);

} // namespace quern::cpu
