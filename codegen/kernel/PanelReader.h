//===- PanelReader.h - Walking a packed matrix -----------------*- C++ -*-===//
//
// Where the pieces of a panel lie, and tile ops that read them. All kernels
// that touch packed weights are loops around this; none of them looks at a
// GroupShape for more than its numbers of columns.
//
//===----------------------------------------------------------------------===//
#pragma once
#include "codegen/kernel/LoopBuilder.h"
#include "ir/Panel.h"
#include "ir/Quern.h"

namespace quern {

class PanelReader {
public:
  /// `memory`: a memref<?xi8> of the panels.
  PanelReader(LoopBuilder &, PanelsType, mlir::Value memory);

  LoopBuilder &b;
  const GroupAttr group;
  const GroupShape shape;
  const Layout layout;
  const mlir::Value memory;
  /// Of the matrix: panels of 16 rows; columns, not padded; steps that have
  /// columns of it (the padding of the last span has none and is not read).
  const int64_t panels, columns, steps, spans, stepsPerSpan;

  bool hasCodes() const { return shape.kind == GroupShape::Kind::Codes; }
  /// What unpacked codes are too high by.
  int excess() const;
  unsigned groupsPerStep() const;

  /// Byte at which a panel begins, and a record of it.
  mlir::Value panel(mlir::Value number);
  mlir::Value record(mlir::Value panelAt, mlir::Value span);
  /// Byte at which the codes (or floats) of a step of a record begin.
  mlir::Value codesAt(mlir::Value record, mlir::Value stepOfSpan);

  /// Scales, and offsets if the format has them: one for each group of a step,
  /// or one for each super-scale of a span. With `lane`, of that row alone.
  struct Factors {
    llvm::SmallVector<mlir::Value, 2> scale, offset;
  };
  Factors supers(mlir::Value record, mlir::Value lane = {});
  Factors factors(const Factors &supers, mlir::Value record,
                  mlir::Value stepOfSpan, mlir::Value lane = {});

  llvm::SmallVector<mlir::Value> packedCodes(mlir::Value at,
                                             mlir::Value lane = {});
  llvm::SmallVector<mlir::Value> unpack(mlir::ValueRange packed);

  /// Weights of the first `count` columns of step `step` (of the panel) as f32:
  /// calls `column(c, vector)` in order of c. With `lane`, of that row alone.
  void decode(mlir::Value panelAt, mlir::Value step, int64_t count,
              llvm::function_ref<void(int64_t, mlir::Value)> column,
              mlir::Value lane = {});

private:
  void decodeCodes(mlir::Value panelAt, mlir::Value step, int64_t count,
                   llvm::function_ref<void(int64_t, mlir::Value)> column,
                   mlir::Value lane);
};

} // namespace quern
