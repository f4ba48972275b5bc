//===- Target.cpp - Devices that Vulkan drives ----------------------------===//
//
// Kernels of threads (codegen/simt) as SPIR-V, which the artifact hands to whatever
// driver it finds (runtime/).
//
//===----------------------------------------------------------------------===//
#include "codegen/Target.h"
#include "codegen/simt/Passes.h"
#include "codegen/simt/Report.h"
#include "codegen/vulkan/Chips.h"
#include "codegen/vulkan/LowerTile.h"
#include "codegen/vulkan/Object.h"
#include "codegen/vulkan/Spirv.h"
#include "ir/tile/Tile.h"
#include "mlir/Pass/PassRegistry.h"
#include "mlir/Transforms/Passes.h"
#include "llvm/ADT/StringExtras.h"

using namespace mlir;
using namespace quern;

namespace {
class VulkanTarget : public Target {
public:
  VulkanTarget(const vulkan::Chip &profile, int activationBits)
      : profile(profile), integers(activationBits == 8 ? Number::I8 : Number::I16) {}

  TargetTraits traits() const override {
    return {.codes = {Number::F32, integers},
            .floats = {Number::F32, Number::F32},
            .panels = PanelOrder::Lanes,
            .alignment = 256, // the most that a driver may want of an offset
            .ownMemory = true,
            .topLogits = 64, // --top-k is 40 unless it is said
            .attentionKeys = 512,
            .linearTasks = profile.workgroups};
  }
  Linking linking() const override { return Linking::Dynamic; }
  std::string chip() const override { return profile.name.str(); }

  void buildKernelPasses(OpPassManager &pm) const override {
    pm.addPass(simt::createLowerKernelsPass(profile.capabilities));
    pm.addPass(createCanonicalizerPass());
    pm.addPass(createCSEPass());
  }
  void buildObjectPasses(OpPassManager &pm) const override {
    pm.addPass(vulkan::createLowerTilePass());
    vulkan::buildSpirvPasses(pm);
  }

  llvm::Expected<llvm::SmallVector<char, 0>>
  emit(ModuleOp kernels, KernelTable table, StringRef phase) const override {
    if (phase == kObjectPhase)
      return vulkan::emitObject(kernels, table, chip());
    llvm::SmallVector<char, 0> text;
    llvm::raw_svector_ostream stream(text);
    kernels.print(stream);
    return text;
  }

  llvm::Expected<Report> report(ModuleOp kernels) const override {
    OwningOpRef<ModuleOp> lowered = kernels.clone();
    PassManager pm(kernels.getContext());
    buildKernelPasses(pm);
    pm.addPass(vulkan::createLowerTilePass());
    pm.addPass(createCanonicalizerPass()); // as on the way to SPIR-V
    pm.addPass(createCSEPass());
    if (failed(pm.run(*lowered)))
      return llvm::createStringError("cannot lower the kernels");
    std::vector<simt::KernelReport> reports;
    std::string why;
    ScopedDiagnosticHandler handler(
        kernels.getContext(), [&](Diagnostic &diagnostic) {
          why = ": " + diagnostic.str();
          return success();
        });
    for (auto kernel : kernels.getOps<KernelOp>()) {
      auto module =
          lowered->lookupSymbol<gpu::GPUModuleOp>(kernel.getSymName());
      auto function = *module.getOps<gpu::GPUFuncOp>().begin();
      if (failed(simt::report(kernel, function, reports)))
        return llvm::createStringError("cannot follow the code of kernel '" +
                                       kernel.getSymName() + "'" + why);
    }
    return simt::reportOf(reports);
  }

private:
  const vulkan::Chip &profile;
  const Number integers; // of generated rows
};

std::vector<std::string> chipNames() {
  std::vector<std::string> names{"native"};
  for (const vulkan::Chip &chip : vulkan::kChips)
    names.push_back(chip.name.str());
  return names;
}

llvm::Expected<std::unique_ptr<Target>> create(const TargetOptions &options) {
  // No device is asked: the compiler runs where there may be none.
  StringRef name = options.chip;
  if (name == "native")
    name = "portable";
  if (const vulkan::Chip *chip = vulkan::findChip(name))
    return std::make_unique<VulkanTarget>(*chip, options.activationBits);
  return llvm::createStringError("--mcpu: unknown chip '" + options.chip +
                                 "', expected " +
                                 llvm::join(chipNames(), ", "));
}

void registerDialects(DialectRegistry &registry) {
  registry.insert<tile::TileDialect>();
  vulkan::registerDialects(registry);
}

void registerPasses() {
  registerPass([] { return simt::createLowerKernelsPass({}); });
  registerPass([] { return simt::createLowerTilePass(); });
  registerPass([] { return vulkan::createLowerTilePass(); });
  PassPipelineRegistration<>("quern-vulkan-to-spirv",
                             "from gpu.module to spirv.module",
                             vulkan::buildSpirvPasses);
}
} // namespace

TargetInfo quern::targets::vulkan() {
  return {"vulkan",
          "devices with Vulkan 1.3",
          chipNames(),
          {{"spirv", "a module of SPIR-V for each kernel, MLIR"},
           {"object", "an ELF object with all kernels"}},
          registerDialects,
          registerPasses,
          create};
}
