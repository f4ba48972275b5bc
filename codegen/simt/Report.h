//===- Report.h - Kernels of threads, by their code -------------*- C++ -*-===//
#pragma once
#include "codegen/Report.h"
#include "codegen/simt/Kernel.h"
#include <map>
#include <string>
#include <vector>

namespace quern::simt {

/// Of one kernel, in a step of `rows` rows.
struct KernelReport {
  /// What the threads of one workgroup load of one operand.
  struct Access {
    std::string operand; // "weights", "activations", "keys and values", ...
    /// Each counted once; and together with those that several threads ask for.
    int64_t bytes, requestedBytes;
    int64_t leastBytes; // that the operand has for this workgroup; -1: no bound
    std::map<int64_t, int64_t> loads; // width in bytes -> loads by threads
    /// Of 32 bytes, for all requests of subgroups; if all bytes of a request lay
    /// side by side.
    int64_t sectors, fewestSectors;
  };

  std::string kernel;
  int64_t rows;
  int64_t workgroups, threads, sharedBytes, barriers;
  std::vector<Access> accesses;
  /// At most so much of a chip's threads can be there at once, by what is known
  /// without a driver: threads and shared memory, not registers.
  std::map<std::string, double> occupancy;
};

/// For people and for programs.
Report reportOf(llvm::ArrayRef<KernelReport>);

/// One workgroup of a kernel (of one in two phases: one for each part), in a step of one row and of a full item's rows.
/// `kernel` is what `function` was lowered from, `function` is after
/// createLowerTilePass(). Appends to `reports`.
mlir::LogicalResult report(KernelOp kernel, mlir::gpu::GPUFuncOp function,
                           std::vector<KernelReport> &reports);

} // namespace quern::simt
