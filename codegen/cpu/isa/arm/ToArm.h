//===- ToArm.h - Tile ops as instructions of 64-bit ARM ---------*- C++ -*-===//
#pragma once
#include "codegen/cpu/Chip.h"
#include "mlir/IR/PatternMatch.h"

namespace quern::cpu {

/// What the chip has instructions for. Benefit above 1.
void populateTileToArmPatterns(mlir::RewritePatternSet &, const Chip &);

} // namespace quern::cpu
