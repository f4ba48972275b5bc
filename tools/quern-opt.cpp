//===- quern-opt.cpp - The passes, for tests and for people
//----------------===//
#include "codegen/cpu/Compile.h"
#include "codegen/cpu/tile/LowerTile.h"
#include "ir/Quern.h"
#include "ir/tile/Tile.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "mlir/Tools/mlir-opt/MlirOptMain.h"
#include "mlir/Transforms/Passes.h"
#include "passes/Passes.h"

int main(int argc, char **argv) {
  mlir::DialectRegistry registry;
  registry.insert<quern::QuernDialect, quern::tile::TileDialect,
                  mlir::func::FuncDialect, mlir::arith::ArithDialect,
                  mlir::LLVM::LLVMDialect, mlir::math::MathDialect,
                  mlir::memref::MemRefDialect, mlir::scf::SCFDialect,
                  mlir::vector::VectorDialect>();
  mlir::registerTransformsPasses();
  quern::registerQuernPasses();
  mlir::registerPass(
      [] { return quern::cpu::createLowerKernelsPass(quern::cpu::Chip()); });
  mlir::registerPass(
      [] { return quern::cpu::createLowerTilePass(quern::cpu::Chip()); });
  return mlir::asMainReturnCode(
      mlir::MlirOptMain(argc, argv, "quern's pass driver\n", registry));
}
