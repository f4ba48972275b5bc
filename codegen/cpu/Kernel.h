//===- Kernel.h - From a kernel's body to loops over memory ----*- C++ -*-===//
//
// A quern.kernel holds ops of the dialect over tensors; what runs is a function
// with the C signature of runtime/Plan.h. KernelBuilder stands between the two:
// it makes the function, turns each block argument into the memory that the
// launch will name, and offers what all lowerings need. A lowering then writes
// loops of scf, vector and tile ops, and knows neither the ABI nor where
// anything lies.
//
//     quern.kernel @k role generated rows step {
//     ^bb0(%x: !quern.rows<576, i16>, %w: ...):
//       %y = quern.linear %x, %w
//   =>
//     func.func @k(%buffers, %constants, %step, %worker, %workers) {
//       %x = memory of buffer 0, ...
//       scf.for %panel = ...
//
// Buffers, in order: those of each block argument, then those of each result.
//
//   type                       buffers                        constants
//   tensor<?xCxf32>            memref<?xSxf32>, S = rowStride(C)
//   tensor<?xi32>              memref<?xi32>
//   tensor<AxBxf32>, <Nxf32>   memref of that shape
//   !quern.rows<K, bf16>       memref<?xSxbf16>, S = rowStride(K)
//   !quern.rows<K, i16>, <K, i16_words>, <K, i8>  memref<?xi8> (see Types.td)
//   !quern.panels              memref<?xi8> (see ir/Panel.h)
//   !quern.kv                  memref<?xT> of the stored type, the layer's
//                              pages; memref<?xi32>, the page table
//                                                  window, entries of a table row
//   !quern.step                memref<?xi32> positions, slots, tiles (pairs)
//
// All memory is aligned to 64 bytes at its start.
//
//===----------------------------------------------------------------------===//
#pragma once
#include "codegen/cpu/Chip.h"
#include "codegen/kernel/KvMemory.h"
#include "codegen/kernel/PanelReader.h"
#include "ir/Quern.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "llvm/ADT/DenseMap.h"

namespace quern::cpu {

class KernelBuilder : public LoopBuilder {
public:
  /// Makes the function beside the kernel and stands at the start of its body.
  KernelBuilder(KernelOp, const Chip &);

  const Chip &chip;
  KernelOp kernel;
  mlir::func::FuncOp function;
  /// index values: rows of the results (of the step, or those wanted for
  /// logits), row tiles of the step, this worker and how many there are.
  mlir::Value rows, tiles, worker, workers;

  Role role() { return kernel.getRole(); }
  mlir::Block &body() { return kernel.getBody().front(); }

  /// Says in the function what was chosen, and why, for people: `quern.tile`, `quern.why`
  /// (Report.h). What was said before counts no more.
  void choose(const llvm::Twine &tile);
  void because(const llvm::Twine &why);

  /// Memory of a block argument, or of result `i` of the kernel.
  mlir::Value memory(mlir::Value argument);
  PanelReader panels(mlir::Value argument) {
    return {*this, mlir::cast<PanelsType>(argument.getType()), memory(argument)};
  }
  KvMemory kv(mlir::Value argument);
  StepMemory step(mlir::Value argument);
  mlir::Value result(unsigned i);

  /// This worker's share [first, last) of `count` tasks: contiguous, and equal
  /// within one.
  std::pair<mlir::Value, mlir::Value> share(mlir::Value count);

  /// Emits the element-wise ops that follow the roots, on vectors at [row,
  /// column]: `roots` maps each root's result to its vector. Operands that are
  /// block arguments are loaded there. Stores every result of the kernel.
  void epilogue(const llvm::DenseMap<mlir::Value, mlir::Value> &roots,
                mlir::Value row, mlir::Value column);

private:
  struct Slot {
    unsigned firstBuffer, firstConstant;
  };
  mlir::Value buffer(unsigned number, mlir::MemRefType);
  mlir::Value constant(unsigned number);
  llvm::DenseMap<mlir::Value, Slot> slots;
  llvm::DenseMap<unsigned, mlir::Value> made;
  unsigned firstResult = 0;
};

/// Memref types of a value of that type, in order (empty: it has no place in
/// memory); constants that it takes.
llvm::SmallVector<mlir::MemRefType, 3> buffersOf(mlir::Type);
unsigned constantsOf(mlir::Type);

/// A lowering writes the function of a kernel whose root it knows. The list is
/// made from the folder kernels/ by CMake: X.cpp defines
///
///     mlir::LogicalResult quern::cpu::lowerX(KernelBuilder &)
///     bool quern::cpu::takesX(KernelOp)
///
/// The first that takes a kernel lowers it; exactly one must.
using Takes = bool (*)(KernelOp);
using Lower = mlir::LogicalResult (*)(KernelBuilder &);
#define KERNEL(name)                                                           \
  bool takes##name(KernelOp);                                                  \
  mlir::LogicalResult lower##name(KernelBuilder &);
#include "codegen/cpu/Kernels.def"

} // namespace quern::cpu
