//===- Blocked.h - Linears of many rows -------------------------*- C++ -*-===//
//
// The kernels of prompt rows. Weights are decoded once for many rows:
//
//     for groups of tiles (16 weight rows each), for chunks of rows:
//       sums = 0
//       for blocks of columns:
//         weights[step][unit][tile] = the tiles' weights, in L1 or L2
//         for some rows of activations, for tiles that fit into registers:
//           sums += weights . x
//       epilogue of the sums
//
// A *unit* is what one instruction takes of a tile: a column of f32, a pair of bf16 or
// of words. A sum is carried from block to block through memory and so always goes
// through the columns in order, whatever the sizes of blocks and chunks. Tiles are
// those of some panels of each root.
//
// The scheme of blocks is Goto and van de Geijn's, "Anatomy of high-performance
// matrix multiplication", ACM TOMS 34(3), 2008.
//
//===----------------------------------------------------------------------===//
#pragma once
#include "codegen/cpu/Kernel.h"

namespace quern::cpu {

/// What a block of products has: sums in registers, of 16 lanes each; and rows whose
/// weights are decoded once.
struct Registers {
  int64_t rows, tiles;
  int64_t chunk = 512;
};

class BlockedLinear {
public:
  /// `unit`: a vector. `roots`: linears of one operand with weights of one shape.
  BlockedLinear(KernelBuilder &, llvm::ArrayRef<LinearOp> roots,
                mlir::VectorType unit, Registers);
  virtual ~BlockedLinear() = default;
  void emit();

protected:
  using Values = llvm::SmallVector<mlir::Value>;
  /// Rows `first` on of the step, whose sums are those from row `at` of the chunk on.
  struct Rows {
    mlir::Value first, at;
    int64_t count;
  };
  /// Steps `first` on of the weights, in the block from its first step on.
  struct Steps {
    mlir::Value first, count;
  };
  /// Of those of a block of `of`, side by side.
  struct Tiles {
    int64_t first, count, of;
  };

  /// Calls `keep(unit, vector)` with all units of a step of a panel, in order. `place`
  /// is that of the step and tile among all: where there is more to keep.
  virtual void decode(PanelReader &, mlir::Value panelAt, mlir::Value step,
                      mlir::Value place,
                      llvm::function_ref<void(int64_t, mlir::Value)> keep) = 0;
  /// Adds the products of the block's steps to `sums`, tile after tile of a row.
  virtual void multiply(const Rows &, const Steps &, const Tiles &,
                        Values &sums) = 0;
  /// The same of all `rows` rows from `firstRow` on, to the sums in memory: as many at a
  /// time as there are registers for.
  virtual void multiplyBlock(mlir::Value firstRow, mlir::Value rows,
                             const Steps &, int64_t tiles);

  mlir::Value loadUnit(mlir::Value step, mlir::Value number, const Tiles &,
                       int64_t tile);
  int64_t unitsPerStep() const;

  KernelBuilder &b;
  mlir::Value x; // memory of the operand
  const mlir::VectorType unit, floats;
  llvm::SmallVector<PanelReader, 2> readers;
  int64_t tilesOfBlock; // the most
  /// Of the block: units, step by step, tile by tile; and [row][tile * 16 + lane].
  mlir::Value weights, sumsMemory;

  /// Of a block.
  static constexpr int64_t kColumns = 256;

private:
  std::pair<mlir::Value, mlir::Value> shareOfPanels();
  /// All rows, for `together` panels from `panel` on, of which those from `last` on do
  /// not exist. Tile number root * together + p is panel p of that root.
  void group(mlir::Value panel, mlir::Value last, int64_t together);
  void clear(mlir::Value rows, int64_t tiles);
  void decodeBlock(mlir::Value panel, mlir::Value last, const Steps &,
                   int64_t together);
  void multiplyRows(const Rows &, const Steps &, const Tiles &);

  llvm::ArrayRef<LinearOp> roots;
  const Registers registers;
  int64_t panelsTogether;
};

} // namespace quern::cpu
