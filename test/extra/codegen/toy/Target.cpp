//===- Target.cpp - A target that borrows another's code generator --------===//
//
// It shows that a target costs one folder. It generates no code of its own: it
// asks the CPU target for x86-64-v3, the least chip that has kernels, and hands
// every call on. So what it proves is the way from the folder to an artifact,
// not that a second code generator would fit.
//
//===----------------------------------------------------------------------===//
#include "codegen/Target.h"

using namespace mlir;
using namespace quern;

namespace {
class ToyTarget : public Target {
public:
  explicit ToyTarget(std::unique_ptr<Target> lender) : lender(std::move(lender)) {}

  /// Not the lender's, but with the same bits as result: conversions are stages
  /// of their own.
  TargetTraits traits() const override {
    TargetTraits traits = lender->traits();
    traits.fuseConvert = false;
    return traits;
  }
  std::string chip() const override { return "toy-1, a " + lender->chip(); }

  void buildKernelPasses(OpPassManager &pm) const override { lender->buildKernelPasses(pm); }
  void buildObjectPasses(OpPassManager &pm) const override { lender->buildObjectPasses(pm); }

  llvm::Expected<llvm::SmallVector<char, 0>>
  emit(ModuleOp kernels, KernelTable table, StringRef phase) const override {
    return lender->emit(kernels, table, phase);
  }

private:
  std::unique_ptr<Target> lender;
};

llvm::Expected<std::unique_ptr<Target>> create(const TargetOptions &options) {
  if (options.chip != "native" && options.chip != "toy-1")
    return llvm::createStringError("--mcpu: unknown chip '" + options.chip +
                                   "', expected native or toy-1");
  auto lender = targets::cpu().create({"x86-64-v3", options.activationBits});
  if (!lender)
    return lender.takeError();
  return std::make_unique<ToyTarget>(std::move(*lender));
}

void registerDialects(DialectRegistry &registry) { targets::cpu().registerDialects(registry); }
} // namespace

TargetInfo quern::targets::toy() {
  return {"toy", "the CPU target's code for one chip", {"native", "toy-1"}, {{"object", "an object"}}, registerDialects,
          /*registerPasses=*/nullptr, create};
}
