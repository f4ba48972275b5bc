//===- Passes.h - From kernels to the gpu dialect ---------------*- C++ -*-===//
#pragma once
#include "codegen/simt/Kernel.h"
#include "mlir/IR/PatternMatch.h"
#include "mlir/Pass/Pass.h"
#include <memory>

namespace quern::simt {

/// `quern-simt-lower-kernels`: every quern.kernel becomes a gpu.module of one
/// function, by the lowering that knows its root.
std::unique_ptr<mlir::Pass> createLowerKernelsPass(const Capabilities &);

/// `quern-simt-lower-tile`: tile ops become arithmetic of short vectors. Memory of
/// bytes that is read becomes one of pieces of 16 bytes, memory of bytes that is
/// written one of words of 4, of which hardware stores nothing less for a thread.
///
///     %v = vector.load %panels[%at] : memref<?xi8>, vector<2xi8>
///  => %p = memref.load %pieces[%at / 16] : memref<?xvector<4xi32>>
///     %v = bitcast of the half of the word of %p in which byte %at lies
///
///     vector.store %v, %rows[%at] : memref<?xi8>, vector<4xi8>
///  => memref.store bitcast of %v, %words[%at / 4] : memref<?xi32>
///
/// Elements lie at multiples of their size, or of a word if they are larger.
std::unique_ptr<mlir::Pass> createLowerTilePass();

/// What that pass does. `patterns`: of higher benefit than the generic ones, for tile
/// ops that a target has instructions for.
llvm::LogicalResult lowerTile(mlir::ModuleOp,
                              mlir::RewritePatternSet &&patterns);

} // namespace quern::simt
