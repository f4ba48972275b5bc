//===- Target.cpp - The null target: a skeleton to copy -------------------===//
//
// All that quern asks of a target, and nothing behind it: models are read,
// planned and printed, kernels stay as they are, machine code is refused.
// README.md says what to put where.
//
//===----------------------------------------------------------------------===//
#include "codegen/Target.h"

using namespace mlir;
using namespace quern;

namespace {
class NullTarget : public Target {
public:
  std::string chip() const override { return "none"; }

  /// No passes: --emit=kernels prints every quern.kernel as the plan has it.
  void buildKernelPasses(OpPassManager &) const override {}
  void buildObjectPasses(OpPassManager &) const override {}

  llvm::Expected<llvm::SmallVector<char, 0>>
  emit(ModuleOp kernels, KernelTable table, StringRef phase) const override {
    return llvm::createStringError("the null target generates no code");
  }
};

llvm::Expected<std::unique_ptr<Target>> create(const TargetOptions &options) {
  if (options.chip != "native")
    return llvm::createStringError("--mcpu: unknown chip '" + options.chip +
                                   "', expected native");
  return std::make_unique<NullTarget>();
}

/// None beyond quern's own and func, which are always there.
void registerDialects(DialectRegistry &) {}
} // namespace

TargetInfo quern::targets::null() {
  return {"null", "no hardware: a skeleton to copy", {"native"}, /*phases=*/{}, registerDialects, /*registerPasses=*/nullptr,
          create};
}
