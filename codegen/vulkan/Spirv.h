//===- Spirv.h - From the gpu dialect to SPIR-V -----------------*- C++ -*-===//
//
// A kernel is a SPIR-V module of its own with one entry point, "main". Argument i of
// the function is the storage buffer at binding i of set 0.
//
//===----------------------------------------------------------------------===//
#pragma once
#include "mlir/Dialect/SPIRV/IR/SPIRVOps.h"
#include "mlir/IR/BuiltinOps.h"
#include "mlir/Pass/PassManager.h"
#include "llvm/Support/Error.h"
#include <cstdint>

namespace quern::vulkan {

/// From gpu.module, with tile ops gone, to spirv.module for Vulkan 1.3.
void buildSpirvPasses(mlir::OpPassManager &);

/// Of the module that the passes ran on: how each kernel is launched, by its name
/// before it became "main": attributes of codegen/simt/Kernel.h without "quern.", and
/// bindings, threads and bytes of shared memory of a workgroup.
inline constexpr llvm::StringLiteral kKernels = "quern.kernels";

/// What a spirv.module was called when it was a gpu.module.
llvm::StringRef kernelNameOf(mlir::spirv::ModuleOp);
llvm::Expected<llvm::SmallVector<uint32_t, 0>> binaryOf(mlir::spirv::ModuleOp);

void registerDialects(mlir::DialectRegistry &);

} // namespace quern::vulkan
