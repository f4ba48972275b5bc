//===- Tile.h - The tile dialect -------------------------------*- C++ -*-===//
//
// What a kernel's inner loop does with a panel of weights, target-neutral; see
// Tile.td. Loops are built with it by codegen, and each target lowers its ops
// by patterns.
//
//===----------------------------------------------------------------------===//
#pragma once
#include "ir/Panel.h"
#include "ir/Quern.h"

#include "ir/tile/TileDialect.h.inc"
#define GET_OP_CLASSES
#include "ir/tile/TileOps.h.inc"

namespace quern::tile {

/// Groups that a step has columns of.
inline unsigned groupsPerStep(const GroupShape &s) {
  return s.group < kStep ? kStep / s.group : 1;
}

} // namespace quern::tile
