//===- Spirv.h - From the gpu dialect to SPIR-V -----------------*- C++ -*-===//
//
// A kernel is a SPIR-V module of its own with one entry point of the kernel's name.
// Argument i of the function is the storage buffer at binding i of set 0.
//
//===----------------------------------------------------------------------===//
#pragma once
#include "mlir/IR/BuiltinOps.h"
#include "mlir/Pass/PassManager.h"
#include "llvm/Support/Error.h"
#include <cstdint>

namespace quern::vulkan {

/// From gpu.module, with tile ops gone, to spirv.module for Vulkan 1.3.
void buildSpirvPasses(mlir::OpPassManager &);

/// The words of the one spirv.module in `kernels`.
llvm::Expected<llvm::SmallVector<uint32_t, 0>> binaryOf(mlir::ModuleOp kernels);

void registerDialects(mlir::DialectRegistry &);

} // namespace quern::vulkan
