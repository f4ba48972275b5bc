//===- Trace.h - What memory a workgroup touches, by its code ---*- C++ -*-===//
//
// Walks through a lowered kernel as one workgroup would, all threads in step, and
// writes down every access to memory: which bytes, in what width, and how many
// sectors of 32 bytes a subgroup's request takes. Nothing is measured, and no float
// is computed: addresses and control flow of our kernels depend on integers alone,
// and those that lie in memory (counts, tokens, page tables) the caller gives.
//
//     Trace trace = *traceWorkgroup(function, integers, /*task=*/0, /*item=*/0);
//     trace.memory[3].uniqueBytes     of the panel that this workgroup is for
//
// A code that depends on a float, or reads an integer that nobody knows, is refused.
// So is one that would be wrong on a device that runs threads in another order: a
// thread that reads or writes what another one of the workgroup wrote since the last
// barrier (or writes what another one read), a barrier that not all threads reach, and
// an index beyond its dimension, but for the rows of
// arguments.
//
//===----------------------------------------------------------------------===//
#pragma once
#include "mlir/Dialect/GPU/IR/GPUDialect.h"
#include "mlir/Support/LLVM.h"
#include <map>
#include <optional>

namespace quern::simt {

inline constexpr int64_t kSubgroup = 32, kSector = 32; // threads, bytes

/// What a workgroup does to one memory.
struct MemoryTrace {
  int64_t loads = 0, stores = 0; // by threads
  int64_t requestedBytes = 0;    // of loads, by all threads together
  int64_t uniqueBytes = 0;       // of loads, each counted once
  /// Loads of subgroups; the sectors that these take, and would if the same bytes
  /// lay side by side.
  int64_t requests = 0, sectors = 0, fewestSectors = 0;
  std::map<int64_t, int64_t>
      loadsOfWidth; // bytes of a load -> loads by threads

  /// Those of another workgroup; bytes that both load count twice.
  MemoryTrace &operator+=(const MemoryTrace &);
};

struct Trace {
  /// By argument of the function; the memory of the workgroup, all of it, behind.
  std::vector<MemoryTrace> memory;
  int64_t barriers = 0;
};

/// The integer at `index` of argument `argument`.
using Integers = llvm::function_ref<std::optional<int64_t>(unsigned argument,
                                                           int64_t index)>;

/// `function`: after createLowerTilePass(). An error if it does what the trace
/// cannot follow, at the op.
mlir::FailureOr<Trace> traceWorkgroup(mlir::gpu::GPUFuncOp function,
                                      Integers integers, int64_t task,
                                      int64_t item, int64_t part);

} // namespace quern::simt
