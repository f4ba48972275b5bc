//===- Target.cpp - The CPU target ----------------------------------------===//
#include "codegen/Target.h"
#include "codegen/cpu/Compile.h"
#include "codegen/cpu/Isa.h"
#include "codegen/cpu/Report.h"
#include "codegen/cpu/tile/LowerTile.h"
#include "ir/tile/Tile.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "mlir/Transforms/Passes.h"

using namespace mlir;
using namespace quern;

namespace {
class CpuTarget : public Target {
public:
  CpuTarget(cpu::Chip chip, int activationBits)
      : features(std::move(chip)), activationBits(activationBits) {}
  std::string chip() const override { return features.name; }
  const Machine &machine() const override { return *features.isa->machine; }
  unsigned rank() const override { return features.rank; }
  TargetTraits traits() const override {
    return cpu::traitsOf(features, activationBits);
  }

  void buildKernelPasses(OpPassManager &pm) const override {
    pm.addPass(cpu::createLowerKernelsPass(features));
    pm.addPass(createCanonicalizerPass());
    pm.addPass(createCSEPass());
  }
  void buildObjectPasses(OpPassManager &pm) const override {
    cpu::buildLLVMPipeline(pm, features);
  }

  llvm::Expected<llvm::SmallVector<char, 0>>
  emit(ModuleOp kernels, KernelTable table, StringRef phase) const override {
    llvm::LLVMContext context;
    auto module = cpu::translateToLLVM(kernels, context, features, table);
    if (!module)
      return module.takeError();
    if (phase != "llvm")
      return cpu::emitMachineCode(**module, features,
                                  phase == kObjectPhase ? cpu::Output::Object
                                                       : cpu::Output::Assembly);
    llvm::SmallVector<char, 0> text;
    llvm::raw_svector_ostream stream(text);
    (*module)->print(stream, nullptr);
    return text;
  }

  llvm::Expected<Report> report(ModuleOp kernels) const override {
    OwningOpRef<ModuleOp> lowered = kernels.clone();
    PassManager pm(kernels.getContext());
    buildKernelPasses(pm);
    if (failed(pm.run(*lowered)))
      return llvm::createStringError("cannot lower the kernels");
    return cpu::reportOf(kernels, *lowered);
  }

private:
  cpu::Chip features;
  int activationBits;
};

llvm::Expected<std::unique_ptr<Target>> create(const TargetOptions &options) {
  auto chip = cpu::chipOf(options.chip);
  if (!chip)
    return chip.takeError();
  return std::make_unique<CpuTarget>(std::move(*chip), options.activationBits);
}

void registerDialects(DialectRegistry &registry) {
  registry.insert<arith::ArithDialect, func::FuncDialect, LLVM::LLVMDialect,
                  math::MathDialect, memref::MemRefDialect, scf::SCFDialect,
                  vector::VectorDialect, tile::TileDialect>();
  cpu::registerDialects(registry);
}

void registerPasses() {
  // Until their options say another one.
  static const cpu::Chip chip = llvm::cantFail(cpu::chipOf("x86-64-v3"));
  registerPass([] { return cpu::createLowerKernelsPass(chip); });
  registerPass([] { return cpu::createLowerTilePass(chip); });
}
} // namespace

TargetInfo quern::targets::cpu() {
  return {"cpu",
          "x86-64 with AVX2, AVX-512 or AMX; 64-bit ARM with NEON",
          cpu::chipNames(),
          {{"llvm", "LLVM IR"},
           {"asm", "assembly"},
           {"object", "an ELF object with all kernels"}},
          registerDialects,
          registerPasses,
          create};
}
