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

llvm::Expected<std::unique_ptr<llvm::TargetMachine>>
quern::hostMachine(llvm::StringRef cpu, llvm::StringRef features) {
  // X86 alone: all of LLVM's would cost start-up. Once: the registry is a list
  // without a lock, and kernels are compiled on several threads.
  static std::once_flag registered;
  std::call_once(registered, [] {
    LLVMInitializeX86TargetInfo();
    LLVMInitializeX86Target();
    LLVMInitializeX86TargetMC();
    LLVMInitializeX86AsmPrinter();
  });
  llvm::Triple triple("x86_64-unknown-linux-gnu");
  std::string message;
  const llvm::Target *target =
      llvm::TargetRegistry::lookupTarget(triple, message);
  if (!target)
    return llvm::createStringError(message);
  llvm::TargetOptions options;
  options.AllowFPOpFusion = llvm::FPOpFusion::Strict;
  return std::unique_ptr<llvm::TargetMachine>(target->createTargetMachine(
      triple, cpu, features, options, llvm::Reloc::PIC_, std::nullopt,
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
