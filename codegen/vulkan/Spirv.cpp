//===- Spirv.cpp - From the gpu dialect to SPIR-V -------------------------===//
#include "codegen/vulkan/Spirv.h"
#include "codegen/simt/Kernel.h"
#include "mlir/Conversion/ArithToSPIRV/ArithToSPIRV.h"
#include "mlir/Conversion/ControlFlowToSPIRV/ControlFlowToSPIRV.h"
#include "mlir/Conversion/FuncToSPIRV/FuncToSPIRV.h"
#include "mlir/Conversion/GPUToSPIRV/GPUToSPIRV.h"
#include "mlir/Conversion/MathToSPIRV/MathToSPIRV.h"
#include "mlir/Conversion/MemRefToSPIRV/MemRefToSPIRV.h"
#include "mlir/Conversion/SCFToSPIRV/SCFToSPIRV.h"
#include "mlir/Conversion/VectorToSPIRV/VectorToSPIRV.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/GPU/IR/GPUDialect.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/MemRef/Transforms/Passes.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/SPIRV/IR/SPIRVDialect.h"
#include "mlir/Dialect/SPIRV/IR/SPIRVOps.h"
#include "mlir/Dialect/SPIRV/IR/TargetAndABI.h"
#include "mlir/Dialect/SPIRV/Transforms/Passes.h"
#include "mlir/Dialect/SPIRV/Transforms/SPIRVConversion.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "mlir/IR/AttrTypeSubElements.h"
#include "mlir/Target/SPIRV/Serialization.h"
#include "mlir/Transforms/Passes.h"

using namespace mlir;
using namespace quern;

/// What every device that artifacts run on has: see Chip.h.
static spirv::TargetEnvAttr environment(MLIRContext *context) {
  using C = spirv::Capability;
  using E = spirv::Extension;
  auto triple = spirv::VerCapExtAttr::get(
      spirv::Version::V_1_6,
      {C::Shader, C::Int8, C::Int16, C::Float16, C::StorageBuffer16BitAccess,
       C::DotProduct, C::DotProductInput4x8BitPacked},
      ArrayRef<E>{E::SPV_KHR_storage_buffer_storage_class,
                  E::SPV_KHR_16bit_storage},
      context);
  return spirv::TargetEnvAttr::get(
      triple, spirv::getDefaultResourceLimits(context),
      spirv::ClientAPI::Vulkan, spirv::Vendor::Unknown,
      spirv::DeviceType::Unknown, spirv::TargetEnvAttr::kUnknownDeviceID);
}

/// A function's memory of the workgroup becomes a variable of the module.
static void hoistShared(gpu::GPUFuncOp function) {
  OpBuilder b = OpBuilder::atBlockBegin(&function.getBody().front());
  while (function.getNumWorkgroupAttributions()) {
    BlockArgument shared = function.getWorkgroupAttributions().front();
    auto type = cast<MemRefType>(shared.getType());
    Value variable = memref::AllocOp::create(b, function.getLoc(), type);
    shared.replaceAllUsesWith(variable);
    function.getBody().front().eraseArgument(shared.getArgNumber());
    int64_t left = function.getNumWorkgroupAttributions() - 1;
    function->setAttr(function.getNumWorkgroupAttributionsAttrName(),
                      b.getI64IntegerAttr(left));
  }
}

/// What a launch needs to know of the function, which is about to lose its
/// attributes.
static DictionaryAttr describe(gpu::GPUFuncOp function) {
  Builder b(function.getContext());
  NamedAttrList list;
  for (const char *name : {"quern.grid", "quern.panels", "quern.constants"})
    if (Attribute attribute = function->getAttr(name))
      list.set(StringRef(name).substr(6), attribute);
  list.set("bindings",
           b.getI64IntegerAttr(function.getFunctionType().getNumInputs()));
  list.set("threads", b.getI64IntegerAttr((*function.getKnownBlockSize())[0]));
  list.set("shared", b.getI64IntegerAttr(simt::sharedBytes(function)));
  return list.getDictionary(function.getContext());
}

/// Results of a loop that may have no round at all: of such a loop upstream's
/// conversion leaves them undefined.
static void nameResultsOfNoRound(scf::ForOp loop) {
  if (loop.getNumResults() == 0)
    return;
  OpBuilder b(loop);
  b.setInsertionPointAfter(loop);
  Value any = arith::CmpIOp::create(b, loop.getLoc(), arith::CmpIPredicate::slt,
                                    loop.getLowerBound(), loop.getUpperBound());
  for (auto [result, init] :
       llvm::zip_equal(loop.getResults(), loop.getInits())) {
    auto chosen = arith::SelectOp::create(b, loop.getLoc(), any, result, init);
    result.replaceAllUsesExcept(chosen, chosen);
  }
}

namespace {
/// Address spaces become storage classes, and the module says what it is for.
struct PrepareSpirv : PassWrapper<PrepareSpirv, OperationPass<ModuleOp>> {
  MLIR_DEFINE_EXPLICIT_INTERNAL_INLINE_TYPE_ID(PrepareSpirv)

  StringRef getArgument() const override { return "quern-vulkan-prepare"; }
  StringRef getDescription() const override {
    return "storage classes, entry points and the target's environment";
  }
  void getDependentDialects(DialectRegistry &registry) const override {
    registry.insert<spirv::SPIRVDialect, arith::ArithDialect,
                    memref::MemRefDialect>();
  }
  void runOnOperation() override {
    MLIRContext *context = &getContext();
    ModuleOp module = getOperation();
    module->setAttr(spirv::getTargetEnvAttrName(), environment(context));
    NamedAttrList kernels;
    module.walk([&](gpu::GPUFuncOp function) {
      kernels.set(function.getName(), describe(function));
      function.setName("main"); // the same kernel is the same module
      hoistShared(function);
      function.walk(nameResultsOfNoRound);
      auto size = function.getKnownBlockSize();
      function->setAttr(spirv::getEntryPointABIAttrName(),
                        spirv::getEntryPointABIAttr(context, *size));
    });
    module->setAttr(vulkan::kKernels, kernels.getDictionary(context));
    AttrTypeReplacer replacer;
    replacer.addReplacement([&](gpu::AddressSpaceAttr space) -> Attribute {
      return spirv::StorageClassAttr::get(
          context, space.getValue() == gpu::AddressSpace::Workgroup
                       ? spirv::StorageClass::Workgroup
                       : spirv::StorageClass::StorageBuffer);
    });
    replacer.recursivelyReplaceElementsIn(module, /*replaceAttrs=*/true,
                                          /*replaceLocs=*/false,
                                          /*replaceTypes=*/true);
  }
};

/// Every gpu.module becomes a spirv.module. (Upstream's pass of this kind has no
/// patterns for the math dialect.)
struct ConvertToSpirv : PassWrapper<ConvertToSpirv, OperationPass<ModuleOp>> {
  MLIR_DEFINE_EXPLICIT_INTERNAL_INLINE_TYPE_ID(ConvertToSpirv)

  StringRef getArgument() const override { return "quern-vulkan-convert"; }
  StringRef getDescription() const override {
    return "convert gpu.module to spirv.module";
  }
  void getDependentDialects(DialectRegistry &registry) const override {
    registry.insert<spirv::SPIRVDialect>();
  }
  void runOnOperation() override {
    spirv::TargetEnvAttr env = spirv::lookupTargetEnvOrDefault(getOperation());
    SPIRVConversionOptions options;
    options.use64bitIndex = false;
    SPIRVTypeConverter types(env, options);
    ScfToSPIRVContext loops;
    RewritePatternSet patterns(&getContext());
    populateGPUToSPIRVPatterns(types, patterns);
    populateSCFToSPIRVPatterns(types, loops, patterns);
    arith::populateArithToSPIRVPatterns(types, patterns);
    populateMathToSPIRVPatterns(types, patterns);
    populateMemRefToSPIRVPatterns(types, patterns);
    populateVectorToSPIRVPatterns(types, patterns);
    populateBuiltinFuncToSPIRVPatterns(types, patterns);
    FrozenRewritePatternSet all(std::move(patterns));
    SmallVector<Operation *> modules(getOperation().getOps<gpu::GPUModuleOp>());
    for (Operation *module : modules)
      if (failed(applyFullConversion(module, *SPIRVConversionTarget::get(env),
                                     all)))
        return signalPassFailure();
  }
};

/// Arithmetic is done as it is written. A driver may otherwise take (x + c) - c for
/// x, which is how an exponential rounds, and fuse or split sums and products one
/// way in one kernel and another way in the next.
struct ForbidContraction
    : PassWrapper<ForbidContraction, OperationPass<spirv::ModuleOp>> {
  MLIR_DEFINE_EXPLICIT_INTERNAL_INLINE_TYPE_ID(ForbidContraction)

  StringRef getArgument() const override {
    return "quern-vulkan-no-contraction";
  }
  StringRef getDescription() const override {
    return "decorate float arithmetic with NoContraction";
  }
  void runOnOperation() override {
    getOperation().walk([](Operation *op) {
      if (isa<spirv::FAddOp, spirv::FSubOp, spirv::FMulOp, spirv::FDivOp,
              spirv::GLFmaOp>(op))
        op->setAttr(spirv::SPIRVDialect::getAttributeName(
                        spirv::Decoration::NoContraction),
                    UnitAttr::get(op->getContext()));
    });
  }
};

/// The version that a module was made for: upstream's pass says the least that its
/// instructions need, and entry points of 1.4 and later list more.
struct NameVersion : PassWrapper<NameVersion, OperationPass<spirv::ModuleOp>> {
  MLIR_DEFINE_EXPLICIT_INTERNAL_INLINE_TYPE_ID(NameVersion)

  StringRef getArgument() const override { return "quern-vulkan-version"; }
  StringRef getDescription() const override {
    return "name the environment's version of SPIR-V";
  }
  void runOnOperation() override {
    spirv::ModuleOp module = getOperation();
    spirv::VerCapExtAttr needs = *module.getVceTriple();
    module.setVceTripleAttr(spirv::VerCapExtAttr::get(
        spirv::lookupTargetEnvOrDefault(module).getVersion(),
        llvm::to_vector(needs.getCapabilities()),
        llvm::to_vector(needs.getExtensions()), &getContext()));
  }
};
} // namespace

void quern::vulkan::buildSpirvPasses(OpPassManager &pm) {
  pm.addPass(std::make_unique<PrepareSpirv>());
  pm.addPass(createCanonicalizerPass());
  pm.addPass(createCSEPass());
  pm.addPass(std::make_unique<ConvertToSpirv>());
  OpPassManager &spirvPasses = pm.nest<spirv::ModuleOp>();
  spirvPasses.addPass(std::make_unique<ForbidContraction>());
  spirvPasses.addPass(spirv::createSPIRVLowerABIAttributesPass());
  spirvPasses.addPass(spirv::createSPIRVUpdateVCEPass());
  spirvPasses.addPass(std::make_unique<NameVersion>());
}

StringRef quern::vulkan::kernelNameOf(spirv::ModuleOp module) {
  StringRef name = module.getName().value_or("");
  name.consume_front("__spv__"); // the conversion's mark
  return name;
}

llvm::Expected<llvm::SmallVector<uint32_t, 0>>
quern::vulkan::binaryOf(spirv::ModuleOp module) {
  llvm::SmallVector<uint32_t, 0> words;
  if (failed(spirv::serialize(module, words)))
    return llvm::createStringError("cannot serialize a module of SPIR-V");
  return words;
}

void quern::vulkan::registerDialects(DialectRegistry &registry) {
  registry.insert<arith::ArithDialect, gpu::GPUDialect, math::MathDialect,
                  memref::MemRefDialect, scf::SCFDialect, spirv::SPIRVDialect,
                  vector::VectorDialect>();
}
