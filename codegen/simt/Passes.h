//===- Passes.h - From kernels to the gpu dialect ---------------*- C++ -*-===//
#pragma once
#include "codegen/simt/Kernel.h"
#include "mlir/Pass/Pass.h"
#include <memory>

namespace quern::simt {

/// `quern-simt-lower-kernels`: every quern.kernel becomes a gpu.module of one
/// function, by the lowering that knows its root.
std::unique_ptr<mlir::Pass> createLowerKernelsPass(const Capabilities &);

/// `quern-simt-lower-tile`: tile ops become arithmetic of short vectors, and bytes
/// in memory words of 32 bits, of which hardware loads nothing less for a thread.
///
///     %v = vector.load %panels[%at] : memref<?xi8>, vector<2xi8>
///  => %w = memref.load %words[%at / 4] : memref<?xi32>
///     %v = bitcast of the half of %w in which byte %at lies
///
/// Elements lie at multiples of their size, or of a word if they are larger.
std::unique_ptr<mlir::Pass> createLowerTilePass();

} // namespace quern::simt
