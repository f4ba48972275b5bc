//===- LowerTile.h - Tile ops that SPIR-V has instructions for --*- C++ -*-===//
#pragma once
#include "mlir/Pass/Pass.h"
#include <memory>

namespace quern::vulkan {

/// `quern-vulkan-lower-tile`: quern-simt-lower-tile, but for dot products of bytes of
/// one lane, which become one instruction.
///
///     %t = tile.dot_i8 %s, %u, %x : vector<1xi32>, vector<4xi8>
///  => %d = spirv.SUDot %x, %u, <PackedVectorFormat4x8Bit> : i32 -> i32
///     %t = %s + %d
std::unique_ptr<mlir::Pass> createLowerTilePass();

} // namespace quern::vulkan
