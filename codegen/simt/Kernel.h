//===- Kernel.h - From a kernel's body to workgroups of threads -*- C++ -*-===//
//
// The kernels of hardware whose threads work in groups that share a small memory
// and a barrier: graphics processors, whoever made them. They end as functions of
// the gpu dialect, from which a target goes its own way, and ask for capabilities,
// never for a target's name.
//
//     quern.kernel @k role generated rows step {
//     ^bb0(%x: tensor<?x576xf32>, %w: ...):
//       %y = quern.linear %x, %w
//   =>
//     gpu.module @k {
//       gpu.func @k(%step, %constants, %x, %w, %y) kernel
//           attributes {quern.grid = {tasks = 36, of = 0, rows = 16, parts = 1}}
//
// A *task* is a part of the columns, the same for all rows: panels of weights, a
// head, a run of columns. An *item* is `rows` rows, or a row tile: as many as the
// count of the step says that `of` names (runtime/Plan.h, StepCount). A launch has
// one workgroup for each task and item:
//
//     grid.x = tasks      grid.y = ceil(step[of] / rows)      grid.z = parts
//
// Parts are those of the first phase of a root that has two (quern-split-stages).
//
// A device may bind less memory at once than a matrix has. So a launch may be cut:
// the memory of every argument of packed weights is then that of some *panels*, from
// `first` on, and where a task is so many panels there are only the tasks of those.
// Both numbers stand behind the stage's constants, of which there are
// quern.constants. The attribute says at which arguments of the function the panels
// are, how many bytes one of them has, and how many panels a task is:
//
//     quern.panels = {count = 36, arguments = [3], bytes = [5760], task = 1}
//
// Every workgroup finishes its results alone, over all of the columns (or a part's,
// whose bounds are those of the shape) in a fixed order, so that a row's bits do not
// depend on which rows came along.
//
// Arguments of the function, all of them memory (the buffers in order: those of
// each block argument, then those of each result):
//
//   step                       memref<?xi32>, the counts of runtime/Plan.h
//   constants                  memref<?xi32>, the stage's; first panel, panels
//
//   type                       buffers                        constants
//   tensor<?xCxf32>            memref<?xSxf32>, S = rowStride(C)
//   tensor<?xi32>              memref<?xi32>
//   tensor<AxBxf32>, <Nxf32>   memref of that shape
//   !quern.rows of i16, i8     memref<?xi8> (see ir/RowRecord.h)
//   !quern.panels              memref<?xi8> (see ir/Panel.h)
//   !quern.kv                  memref<?xT> of the stored type, the layer's
//                              pages; memref<?xi32>, the page table
//                                                  window, entries of a table row
//   !quern.step                memref<?xi32> positions, slots, tiles (pairs)
//
// What pads a row to its stride is not written, and where it is read nothing depends
// on what it is.
//
//===----------------------------------------------------------------------===//
#pragma once
#include "codegen/kernel/KvMemory.h"
#include "codegen/kernel/PanelReader.h"
#include "ir/Quern.h"
#include "mlir/Dialect/GPU/IR/GPUDialect.h"
#include "llvm/ADT/DenseMap.h"

namespace quern::simt {

/// Of keys that are not seen: below every score, and finite, so that the difference of
/// two is a number.
inline constexpr float kNoScore = -1e30f;

/// What kernels may ask of a chip.
struct Capabilities {
  int64_t threads = 128; // of a workgroup; a power of two, 128 at least
  int64_t sharedBytes = 16 << 10; // of a workgroup; that at least
  /// Shared memory is much faster than what all workgroups share, for every thread
  /// its own place: operands that many threads need go through it.
  bool tiles = false;
  /// Of attention, for which a workgroup loads keys and values once: so many sums a
  /// thread has in registers, and columns for each.
  int64_t queries = 4;
};

class KernelBuilder : public LoopBuilder {
public:
  /// Makes module and function beside the kernel and stands at the start of the
  /// body.
  KernelBuilder(KernelOp, const Capabilities &);

  const Capabilities &chip;
  KernelOp kernel;
  mlir::gpu::GPUFuncOp function;
  /// index values: rows of the results (of the step, or those wanted for
  /// logits); this workgroup's task, item and part; this thread's number; where tasks
  /// are panels, the first of this workgroup's, counted in the whole matrix.
  mlir::Value rows, task, item, part, thread, panel;

  Role role() { return kernel.getRole(); }
  mlir::Block &body() { return kernel.getBody().front(); }

  /// Says how many workgroups a launch has. A lowering calls one of them, once.
  /// Over panels: a task is so many panels of each of the kernel's weights; the last
  /// one may have fewer.
  void launchOverRows(int64_t tasks, int64_t rowsOfItem = 1,
                      int64_t parts = 1) {
    launchOver(int64_t(kernel.getRows()), tasks, rowsOfItem, parts);
  }
  /// An item is a row tile of the step.
  void launchOverTiles(int64_t tasks);
  void launchOverPanels(int64_t panelsOfTask, int64_t rowsOfItem,
                        int64_t parts = 1);

  /// Memory of a block argument, or of result `i` of the kernel.
  mlir::Value memory(mlir::Value argument);
  mlir::Value result(unsigned i);
  KvMemory kv(mlir::Value argument);
  StepMemory step(mlir::Value argument);
  PanelReader panels(mlir::Value argument) {
    return {*this, mlir::cast<PanelsType>(argument.getType()),
            memory(argument)};
  }
  /// Of a panel of the whole matrix, where it is in the memory that is bound; and
  /// how many are there.
  mlir::Value placeOfPanel(mlir::Value panel) { return sub(panel, firstPanel); }
  mlir::Value boundPanels() { return panelCount; }
  /// Behind the last of them, counted in the whole matrix.
  mlir::Value panelsEnd() { return add(firstPanel, panelCount); }

  /// Memory of the workgroup. What is in it at first is anybody's guess.
  mlir::Value shared(llvm::ArrayRef<int64_t> shape, mlir::Type);
  void barrier() { mlir::gpu::BarrierOp::create(*this); }
  /// All threads' f32 numbers made one, for all of them: halves are combined with
  /// halves. Several at a time share the barriers. All threads must come here;
  /// `scratch` is shared memory, f32 [numbers][threads], free again after the next
  /// barrier.
  using Combine = llvm::function_ref<mlir::Value(mlir::Value, mlir::Value)>;
  llvm::SmallVector<mlir::Value> combine(mlir::ValueRange numbers,
                                         mlir::Value scratch, Combine two);
  /// `scratch`: f32 [threads].
  mlir::Value sumOfThreads(mlir::Value v, mlir::Value scratch) {
    return combine(v, scratch, [&](mlir::Value x, mlir::Value y) {
      return mlir::arith::AddFOp::create(*this, x, y);
    })[0];
  }

  /// Emits the element-wise ops that follow the roots, on numbers at [row,
  /// column]: `roots` maps each root's result to its f32. Operands that are
  /// block arguments are loaded there. Stores every result of the kernel.
  void epilogue(const llvm::DenseMap<mlir::Value, mlir::Value> &roots,
                mlir::Value row, mlir::Value column);

  mlir::Value load(mlir::Value memory, mlir::ValueRange at) {
    return mlir::memref::LoadOp::create(*this, memory, at);
  }
  void store(mlir::Value v, mlir::Value memory, mlir::ValueRange at) {
    mlir::memref::StoreOp::create(*this, v, memory, at);
  }
  mlir::Value number(float v) {
    return mlir::arith::ConstantOp::create(*this, getF32FloatAttr(v));
  }
  /// for (i = thread; i < to; i += threads)
  void eachOfThreads(int64_t to, llvm::function_ref<void(mlir::Value)> body) {
    loop(thread, index(to), chip.threads, body);
  }

private:
  void launchOver(int64_t count, int64_t tasks, int64_t rowsOfItem,
                  int64_t parts);
  void describePanels(unsigned constant);
  mlir::Value firstPanel, panelCount;
  llvm::DenseMap<mlir::Value, unsigned> firstBuffer, firstConstant;
  unsigned firstResult = 0;
};

/// Types of the buffers of a value of that type, in order (empty: it has no place
/// in memory); constants that it takes.
llvm::SmallVector<mlir::MemRefType, 3> buffersOf(mlir::Type);

/// The numbers that the operand of a kernel's first linear is in; nothing where there
/// is no linear.
std::optional<Number> numberOfLinears(KernelOp);

/// A linear, or the first phase of one.
struct Linear {
  mlir::Operation *op;
  mlir::Value input, weight, result;
  int64_t columns, parts; // of the weight in a part; parts, 1 of a whole linear
};

/// The linears of a kernel that has no other root: all have one operand, packed weights
/// of one shape, and the same parts. Where that is not so, says it at the op.
mlir::FailureOr<llvm::SmallVector<Linear>> linearsOf(KernelBuilder &);

/// Of the memory of a workgroup.
int64_t sharedBytes(mlir::gpu::GPUFuncOp);

/// A lowering writes the function of a kernel whose root it knows. The list is
/// made from the folder kernels/ by CMake: X.cpp defines
///
///     mlir::LogicalResult quern::simt::lowerX(KernelBuilder &)
///     bool quern::simt::takesX(KernelOp, const Capabilities &)
///
/// At most one takes a kernel.
using Lower = mlir::LogicalResult (*)(KernelBuilder &);
#define KERNEL(name)                                                           \
  bool takes##name(KernelOp, const Capabilities &);                            \
  mlir::LogicalResult lower##name(KernelBuilder &);
#include "codegen/simt/Kernels.def"

} // namespace quern::simt
