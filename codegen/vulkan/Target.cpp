//===- Target.cpp - Devices that Vulkan drives ----------------------------===//
//
// Kernels of threads (codegen/simt) as SPIR-V. So far for some roots only, and
// there is no runtime for artifacts yet: what is missing is refused in words.
//
//===----------------------------------------------------------------------===//
#include "codegen/Target.h"
#include "codegen/simt/Passes.h"
#include "codegen/vulkan/Spirv.h"
#include "ir/tile/Tile.h"
#include "mlir/Pass/PassRegistry.h"
#include "mlir/Transforms/Passes.h"

using namespace mlir;
using namespace quern;

namespace {
class VulkanTarget : public Target {
public:
  TargetTraits traits() const override {
    // Activations stay f32: no conversion to make or to fuse.
    return {.codes = {Number::F32, Number::F32},
            .floats = {Number::F32, Number::F32},
            .fuseConvert = false};
  }
  std::string chip() const override { return "portable"; }

  void buildKernelPasses(OpPassManager &pm) const override {
    pm.addPass(simt::createLowerKernelsPass(capabilities));
    pm.addPass(createCanonicalizerPass());
    pm.addPass(createCSEPass());
  }
  void buildObjectPasses(OpPassManager &pm) const override {
    pm.addPass(simt::createLowerTilePass());
    vulkan::buildSpirvPasses(pm);
  }

  llvm::Expected<llvm::SmallVector<char, 0>>
  emit(ModuleOp kernels, ArrayRef<std::string>, Form form) const override {
    if (form != Form::Assembly)
      return llvm::createStringError(
          "the vulkan target makes no executables yet; --emit=kernels and "
          "--emit=asm print its kernels");
    llvm::SmallVector<char, 0> text;
    llvm::raw_svector_ostream stream(text);
    kernels.print(stream);
    return text;
  }

private:
  simt::Capabilities capabilities;
};

llvm::Expected<std::unique_ptr<Target>> create(const TargetOptions &options) {
  if (options.chip != "native" && options.chip != "portable")
    return llvm::createStringError("--mcpu: unknown chip '" + options.chip +
                                   "', expected native or portable");
  return std::make_unique<VulkanTarget>();
}

void registerDialects(DialectRegistry &registry) {
  registry.insert<tile::TileDialect>();
  vulkan::registerDialects(registry);
}

void registerPasses() {
  registerPass([] { return simt::createLowerKernelsPass({}); });
  registerPass([] { return simt::createLowerTilePass(); });
  PassPipelineRegistration<>("quern-vulkan-to-spirv",
                             "from gpu.module to spirv.module",
                             vulkan::buildSpirvPasses);
}
} // namespace

TargetInfo quern::targets::vulkan() {
  return {"vulkan",
          "devices with Vulkan 1.3 (prints kernels; no executables yet)",
          {"native", "portable"},
          registerDialects,
          registerPasses,
          create};
}
