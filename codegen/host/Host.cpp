//===- Host.cpp - Objects for the machine that artifacts run on -----------===//
#include "codegen/host/Host.h"
#include "llvm/IR/Constants.h"
#include "llvm/IR/LegacyPassManager.h"
#include "llvm/MC/TargetRegistry.h"
#include "llvm/Support/TargetSelect.h"
#include "llvm/Support/raw_ostream.h"
#include "llvm/Transforms/Utils/ModuleUtils.h"
#include <mutex>

using namespace quern;

/// One back end alone: all of LLVM's would cost start-up. Once: it writes where others
/// read.
#define BACKEND(name)                                                          \
  [] {                                                                         \
    static std::once_flag once;                                                \
    std::call_once(once, [] {                                                  \
      LLVMInitialize##name##TargetInfo();                                      \
      LLVMInitialize##name##Target();                                          \
      LLVMInitialize##name##TargetMC();                                        \
      LLVMInitialize##name##AsmPrinter();                                      \
    });                                                                        \
  }

const Machine machines::x86_64 = {"x86_64", "x86_64-unknown-linux-gnu", "x86-64",
                                  BACKEND(X86)};
const Machine machines::aarch64 = {"aarch64", "aarch64-unknown-linux-gnu", "generic",
                                   BACKEND(AArch64)};

llvm::Expected<std::unique_ptr<llvm::TargetMachine>>
quern::targetMachine(const Machine &machine, llvm::StringRef cpu,
                     llvm::StringRef features) {
  // The registry is a list without a lock, and kernels are compiled on several threads.
  static std::mutex mutex;
  const llvm::Triple triple(machine.triple);
  std::string message;
  const llvm::Target *target = [&] {
    std::lock_guard lock(mutex);
    machine.registerBackend();
    return llvm::TargetRegistry::lookupTarget(triple, message);
  }();
  if (!target)
    return llvm::createStringError(message);
  llvm::TargetOptions options;
  options.AllowFPOpFusion = llvm::FPOpFusion::Strict;
  return std::unique_ptr<llvm::TargetMachine>(target->createTargetMachine(
      triple, cpu.empty() ? machine.cpu : cpu, features, options, llvm::Reloc::PIC_, std::nullopt,
      llvm::CodeGenOptLevel::Default));
}

llvm::Expected<llvm::SmallVector<char, 0>>
quern::emitMachineCode(llvm::Module &module, llvm::TargetMachine &machine,
                       llvm::CodeGenFileType type) {
  llvm::SmallVector<char, 0> bytes;
  llvm::raw_svector_ostream stream(bytes);
  llvm::legacy::PassManager emit;
  if (machine.addPassesToEmitFile(emit, stream, nullptr, type))
    return llvm::createStringError("cannot emit this kind of file");
  emit.run(module);
  return bytes;
}

llvm::GlobalVariable *quern::definePrivate(llvm::Module &module,
                                           llvm::Constant *value) {
  return new llvm::GlobalVariable(module, value->getType(),
                                  /*isConstant=*/true,
                                  llvm::GlobalValue::PrivateLinkage, value);
}

llvm::Constant *quern::defineText(llvm::Module &module, llvm::StringRef text) {
  return definePrivate(
      module, llvm::ConstantDataArray::getString(module.getContext(), text));
}

void quern::defineKernelSet(llvm::Module &module, llvm::StringRef executor,
                            llvm::ArrayRef<llvm::Constant *> kernels,
                            unsigned variant, llvm::StringRef chip,
                            llvm::StringRef needs) {
  llvm::LLVMContext &context = module.getContext();
  auto *pointer = llvm::PointerType::get(context, 0);
  auto *number = llvm::Type::getInt64Ty(context);
  llvm::Constant *table = definePrivate(
      module, llvm::ConstantArray::get(
                  llvm::ArrayType::get(pointer, kernels.size()), kernels));
  llvm::GlobalVariable *set = definePrivate(
      module, llvm::ConstantStruct::getAnon(
                  {module.getOrInsertGlobal(executor, pointer), table,
                   llvm::ConstantInt::get(number, kernels.size()),
                   llvm::ConstantInt::get(number, variant), defineText(module, chip), defineText(module, needs)}));
  set->setSection("quern_kernel_sets");
  set->setAlignment(llvm::Align(alignof(void *))); // several are an array
  llvm::appendToUsed(module, {set});
}
