//===- TileToVector.h - Tile ops as arithmetic of vectors -------*- C++ -*-===//
//
// What every target can say each tile op in: arith, math and vector ops. A target
// adds patterns of higher benefit for what it has instructions for, and for what
// its memory is like.
//
//===----------------------------------------------------------------------===//
#pragma once
#include "mlir/IR/PatternMatch.h"

namespace quern {

/// Reads of panels, as loads, shifts and conversions. Benefit 1.
void populatePanelToVectorPatterns(mlir::RewritePatternSet &);
/// Arithmetic. Benefit 1.
void populateTileToVectorPatterns(mlir::RewritePatternSet &);

} // namespace quern
