//===- MemorySize.h - Bytes of values in memory -----------------*- C++ -*-===//
#pragma once
#include "ir/Panel.h"
#include "ir/Quern.h"
#include "ir/RowRecord.h"
#include "llvm/ADT/TypeSwitch.h"

namespace quern {

/// Rows of activations in memory: f32 and bf16 rows are rowStride apart, those of
/// integers lie in blocks of 8 (Types.td). Rounded up to 8 rows, because kernels
/// may read (never write) beyond the last row of a block.
inline int64_t activationBytes(mlir::Type type, int64_t rows) {
  rows = (rows + 7) / 8 * 8;
  if (isRowIntegers(type))
    return rows * 4;
  int64_t stride = rowStride(columnsOf(type));
  if (auto converted = mlir::dyn_cast<RowsType>(type))
    return converted.getNumber() == Number::BF16
               ? rows * stride * 2
               : rows / rowRecord::kRows * (stride / kStep) * rowRecord::kBytes;
  return rows * stride * 4;
}
/// Rows of a block, all of whose memory is touched where one of them is.
inline int64_t rowsTogether(mlir::Type type) {
  auto converted = mlir::dyn_cast<RowsType>(type);
  return converted && converted.getNumber() != Number::BF16 ? rowRecord::kRows
                                                            : 1;
}
/// The part of it that is a row's.
inline int64_t activationRowBytes(mlir::Type type) {
  return activationBytes(type, 8) / 8;
}

/// A weight or constant in the weights section.
inline int64_t weightBytes(mlir::Type type) {
  return llvm::TypeSwitch<mlir::Type, int64_t>(type)
      .Case<PanelsType>([](PanelsType t) {
        return packedBytes(groupShape(t.getGroup()), t.getRows(),
                           t.getColumns());
      })
      .Case<mlir::RankedTensorType>([](mlir::RankedTensorType t) {
        return t.getNumElements() * int64_t(t.getElementTypeBitWidth()) / 8;
      })
      .Default([](mlir::Type) { return int64_t(0); });
}

} // namespace quern
