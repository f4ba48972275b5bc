//===- Compile.h - Kernels to machine code ---------------------*- C++ -*-===//
//
// The CPU target's back end, in three steps that can each be printed:
//
//     quern.kernel  -> func/scf/vector/tile      lowerKernels   --emit=kernels
//                   -> LLVM dialect -> LLVM IR   lowerToLLVM    --emit=llvm
//                   -> object or assembly        emitMachineCode
//
//===----------------------------------------------------------------------===//
#pragma once
#include "codegen/KernelNames.h"
#include "codegen/cpu/Chip.h"
#include "mlir/IR/BuiltinOps.h"
#include "mlir/Pass/PassManager.h"
#include "llvm/ADT/SmallVector.h"
#include "llvm/IR/Module.h"

namespace quern::cpu {

/// Replaces every quern.kernel of the module by a function with the signature
/// of quern_kernel (codegen/cpu/runtime/Executor.h).
std::unique_ptr<mlir::Pass> createLowerKernelsPass(const Chip &);

/// From those functions to the LLVM dialect.
void buildLLVMPipeline(mlir::OpPassManager &, const Chip &);

/// LLVM IR of a module in the LLVM dialect. With `table`, also the
/// set of these kernels (quern_kernel_set, runtime/Plan.h).
llvm::Expected<std::unique_ptr<llvm::Module>>
translateToLLVM(mlir::ModuleOp, llvm::LLVMContext &, const Chip &,
                std::optional<KernelNames> table = std::nullopt);

enum class Output { Object, Assembly };
/// Optimizes and emits.
llvm::Expected<llvm::SmallVector<char, 0>>
emitMachineCode(llvm::Module &, const Chip &, Output);

/// Dialects and translations that the above need.
void registerDialects(mlir::DialectRegistry &);

} // namespace quern::cpu
