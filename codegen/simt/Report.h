//===- Report.h - Kernels of threads, by their code -------------*- C++ -*-===//
#pragma once
#include "codegen/Report.h"
#include "codegen/simt/Kernel.h"

namespace quern::simt {

/// One workgroup of a kernel (of one in two phases: one for each part), in a step of one row and of a full item's rows.
/// `kernel` is what `function` was lowered from, `function` is after
/// createLowerTilePass(). Appends to `reports`.
mlir::LogicalResult report(KernelOp kernel, mlir::gpu::GPUFuncOp function,
                           std::vector<KernelReport> &reports);

} // namespace quern::simt
