//===- LowerKernels.cpp - quern.kernel to functions -----------------------===//
#include "codegen/cpu/Compile.h"
#include "codegen/cpu/Kernel.h"
#include "ir/tile/Tile.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Pass/Pass.h"

using namespace mlir;
using namespace quern;
using namespace quern::cpu;

static Lower loweringOf(KernelOp kernel) {
#define KERNEL(name)                                                           \
  if (takes##name(kernel))                                                     \
    return lower##name;
#include "codegen/cpu/Kernels.def"
  return nullptr;
}

/// Everything that goes in or out must have a place in memory.
static LogicalResult verifyMemory(KernelOp kernel) {
  Block &body = kernel.getBody().front();
  auto has = [](Type type) { return !buffersOf(type).empty(); };
  for (TypeRange types : {TypeRange(body.getArgumentTypes()),
                          TypeRange(body.getTerminator()->getOperandTypes())})
    for (Type type : types)
      if (!has(type))
        return kernel.emitOpError("requires packed weights and laid-out caches; ")
               << type << " has no place in memory";
  return success();
}

namespace {
/// Every kernel by the lowering that knows its root.
///
///     quern.kernel @k ... => func.func @k(%buffers, %constants, %step, ...)
struct LowerKernels : PassWrapper<LowerKernels, OperationPass<ModuleOp>> {
  MLIR_DEFINE_EXPLICIT_INTERNAL_INLINE_TYPE_ID(LowerKernels)
  LowerKernels(const Chip &chip) : chip(chip) {}
  LowerKernels(const LowerKernels &other)
      : PassWrapper(other), chip(other.chip) {}

  StringRef getArgument() const override { return "quern-cpu-lower-kernels"; }
  StringRef getDescription() const override {
    return "lower kernels to loops over memory";
  }
  void getDependentDialects(DialectRegistry &registry) const override {
    registry.insert<arith::ArithDialect, func::FuncDialect, LLVM::LLVMDialect,
                    math::MathDialect, memref::MemRefDialect, scf::SCFDialect,
                    vector::VectorDialect, tile::TileDialect>();
  }
  LogicalResult initialize(MLIRContext *context) override {
    if (mcpu.empty())
      return success();
    auto wanted = chipOf(mcpu);
    if (!wanted)
      return emitError(UnknownLoc::get(context),
                       llvm::toString(wanted.takeError()));
    chip = *wanted;
    return success();
  }
  void runOnOperation() override {
    for (KernelOp kernel :
         llvm::make_early_inc_range(getOperation().getOps<KernelOp>())) {
      Lower lower = loweringOf(kernel);
      if (!lower) {
        kernel.emitOpError("requires a root that the cpu target can lower");
        return signalPassFailure();
      }
      if (failed(verifyMemory(kernel)))
        return signalPassFailure();
      KernelBuilder builder(kernel, chip);
      if (failed(lower(builder)))
        return signalPassFailure();
      kernel.erase();
    }
  }
  Option<std::string> mcpu{
      *this, "mcpu", llvm::cl::desc("instruction set, as --mcpu of quern")};
  Chip chip;
};
} // namespace

std::unique_ptr<Pass> quern::cpu::createLowerKernelsPass(const Chip &chip) {
  return std::make_unique<LowerKernels>(chip);
}
