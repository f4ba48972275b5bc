//===- LowerKernels.cpp - quern.kernel to gpu.module ----------------------===//
#include "codegen/simt/Passes.h"
#include "ir/tile/Tile.h"
#include "mlir/Dialect/Math/IR/Math.h"

using namespace mlir;
using namespace quern;
using namespace quern::simt;

static Lower loweringOf(KernelOp kernel, const Capabilities &chip) {
#define KERNEL(name)                                                           \
  if (takes##name(kernel, chip))                                               \
    return lower##name;
#include "codegen/simt/Kernels.def"
  return nullptr;
}

/// Everything that goes in or out must have a place in memory.
static LogicalResult verifyMemory(KernelOp kernel) {
  Block &body = kernel.getBody().front();
  for (TypeRange types : {TypeRange(body.getArgumentTypes()),
                          TypeRange(body.getTerminator()->getOperandTypes())})
    for (Type type : types)
      if (buffersOf(type).empty())
        return kernel.emitOpError(
                   "requires packed weights, laid-out caches and "
                   "activations in f32, i16 or i8; ")
               << type << " has no place in memory";
  return success();
}

namespace {
struct LowerKernels : PassWrapper<LowerKernels, OperationPass<ModuleOp>> {
  MLIR_DEFINE_EXPLICIT_INTERNAL_INLINE_TYPE_ID(LowerKernels)
  explicit LowerKernels(const Capabilities &chip) {
    threads = chip.threads, shared = chip.sharedBytes, tiles = chip.tiles;
    queries = chip.queries;
  }
  LowerKernels(const LowerKernels &other) : PassWrapper(other) {}

  StringRef getArgument() const override { return "quern-simt-lower-kernels"; }
  StringRef getDescription() const override {
    return "lower kernels to workgroups of threads";
  }
  void getDependentDialects(DialectRegistry &registry) const override {
    registry.insert<arith::ArithDialect, gpu::GPUDialect, math::MathDialect,
                    memref::MemRefDialect, scf::SCFDialect,
                    vector::VectorDialect, tile::TileDialect>();
  }
  void runOnOperation() override {
    const Capabilities chip{threads, shared, tiles, queries};
    if (threads < 128 || !llvm::isPowerOf2_64(uint64_t(threads)) ||
        queries < 1) {
      getOperation().emitError("requires workgroups of 128 threads or more, a "
                               "power of two, and a query");
      return signalPassFailure();
    }
    for (KernelOp kernel :
         llvm::make_early_inc_range(getOperation().getOps<KernelOp>())) {
      Lower lower = loweringOf(kernel, chip);
      if (!lower) {
        kernel.emitOpError(
            "requires a root that there is a kernel of threads for");
        return signalPassFailure();
      }
      if (failed(verifyMemory(kernel)))
        return signalPassFailure();
      KernelBuilder builder(kernel, chip);
      if (failed(lower(builder)))
        return signalPassFailure();
      if (int64_t bytes = sharedBytes(builder.function);
          bytes > chip.sharedBytes) {
        kernel.emitOpError("requires ")
            << bytes << " bytes of shared memory, the chip has "
            << chip.sharedBytes;
        return signalPassFailure();
      }
      kernel.erase();
    }
  }

  Option<int64_t> threads{*this, "threads",
                          llvm::cl::desc("threads of a workgroup")};
  Option<int64_t> shared{*this, "shared",
                         llvm::cl::desc("bytes of memory of a workgroup")};
  Option<bool> tiles{*this, "tiles",
                     llvm::cl::desc("prompt linears go through that memory")};
  Option<int64_t> queries{
      *this, "queries", llvm::cl::desc("of a workgroup of attention, at most")};
};
} // namespace

std::unique_ptr<Pass>
quern::simt::createLowerKernelsPass(const Capabilities &chip) {
  return std::make_unique<LowerKernels>(chip);
}
