//===- LowerTile.h - Tile ops to vectors and instructions -------*- C++ -*-===//
//
// The generic patterns (codegen/kernel/TileToVector.h) say each tile op in arith
// and vector ops and are right for every CPU. Patterns of higher benefit
// (isa/*/To*.cpp) use what a chip has:
//
//     %t = tile.dot_i8 %s, %u, %x : vector<16xi32>, vector<64xi8>
//  => %t = llvm.call_intrinsic "llvm.x86.avx512.vpdpbusd.512"(%s, %u, %x)
//
// A new instruction is one more pattern there; loops never change for it.
//
//===----------------------------------------------------------------------===//
#pragma once
#include "codegen/cpu/Chip.h"
#include "mlir/Pass/Pass.h"
#include <memory>

namespace quern::cpu {

/// `quern-cpu-lower-tile`: these and the generic patterns, until no tile op is left.
std::unique_ptr<mlir::Pass> createLowerTilePass(const Chip &);

} // namespace quern::cpu
