//===- Host.h - Objects for the machine that artifacts run on ---*- C++ -*-===//
//
// Whatever hardware kernels are for, an artifact is a program of a CPU, and a target
// hands its kernels to it as objects: as code, or as data for a device.
//
//===----------------------------------------------------------------------===//
#pragma once
#include "codegen/host/Machine.h"
#include "llvm/ADT/SmallVector.h"
#include "llvm/IR/Module.h"
#include "llvm/Support/CodeGen.h"
#include "llvm/Support/Error.h"
#include "llvm/Target/TargetMachine.h"
#include <memory>

namespace quern {

/// `cpu` and `features` in LLVM's names; the plain architecture without. May be
/// called on several threads.
llvm::Expected<std::unique_ptr<llvm::TargetMachine>>
targetMachine(const Machine &, llvm::StringRef cpu = "",
              llvm::StringRef features = "");

/// The module as it is, without optimizing it.
llvm::Expected<llvm::SmallVector<char, 0>>
emitMachineCode(llvm::Module &, llvm::TargetMachine &,
                llvm::CodeGenFileType = llvm::CodeGenFileType::ObjectFile);

/// A constant of the module that nobody outside sees.
llvm::GlobalVariable *definePrivate(llvm::Module &, llvm::Constant *);
llvm::Constant *defineText(llvm::Module &, llvm::StringRef);

/// A set of an artifact's kernels (quern_kernel_set in runtime/Plan.h). `executor`
/// is the symbol of its ExecutorKind, `kernels` what that expects, in the order of
/// the plan.
void defineKernelSet(llvm::Module &, llvm::StringRef executor,
                     llvm::ArrayRef<llvm::Constant *> kernels, unsigned variant,
                     llvm::StringRef chip, llvm::StringRef needs);

} // namespace quern
