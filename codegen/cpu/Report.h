//===- Report.h - What was chosen for each kernel ---------------*- C++ -*-===//
#pragma once
#include "codegen/Report.h"
#include "mlir/IR/BuiltinOps.h"

namespace quern::cpu {

/// Of `kernels`, quern.kernels, and the functions that `lowered` has of them: the numbers
/// of the operands, how the weights lie, the tile, and why.
Report reportOf(mlir::ModuleOp kernels, mlir::ModuleOp lowered);

} // namespace quern::cpu
