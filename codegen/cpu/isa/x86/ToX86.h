//===- ToX86.h - Tile ops as instructions of x86 ----------------*- C++ -*-===//
#pragma once
#include "codegen/cpu/Chip.h"
#include "mlir/IR/PatternMatch.h"

namespace quern::cpu {

/// What the chip has instructions for: vectors, and the tile registers of AMX
/// (ToAmx.cpp). Benefit above 1.
void populateTileToX86Patterns(mlir::RewritePatternSet &, const Chip &);
void populateTileToAmxPatterns(mlir::RewritePatternSet &);

} // namespace quern::cpu
