//===- quern-opt.cpp - The passes, for tests and for people ---------------===//
#include "codegen/Target.h"
#include "ir/Quern.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Tools/mlir-opt/MlirOptMain.h"
#include "mlir/Transforms/Passes.h"
#include "passes/Passes.h"

int main(int argc, char **argv) {
  mlir::DialectRegistry registry;
  registry.insert<quern::QuernDialect, mlir::func::FuncDialect>();
  mlir::registerTransformsPasses();
  quern::registerQuernPasses();
  for (quern::TargetInfo &target : quern::allTargets()) {
    if (target.registerDialects)
      target.registerDialects(registry);
    if (target.registerPasses)
      target.registerPasses();
  }
  return mlir::asMainReturnCode(
      mlir::MlirOptMain(argc, argv, "quern's pass driver\n", registry));
}
