//===- Object.h - Kernels of SPIR-V as an object to link --------*- C++ -*-===//
#pragma once
#include "codegen/KernelNames.h"
#include "mlir/IR/BuiltinOps.h"
#include "llvm/ADT/SmallVector.h"
#include "llvm/Support/Error.h"
#include <optional>
#include <string>

namespace quern::vulkan {

/// Features that the kernels use, as runtime/Device.h's needsOf() takes them.
inline constexpr llvm::StringLiteral kFeatures =
    "shaderInt8,shaderInt16,shaderFloat16,storageBuffer16BitAccess,"
    "shaderIntegerDotProduct";

/// An object with a quern_vulkan_kernel (runtime/Kernel.h) for every spirv.module of
/// `kernels`; with `table`, also the set of those kernels, of any objects.
llvm::Expected<llvm::SmallVector<char, 0>>
emitObject(mlir::ModuleOp kernels,
           std::optional<KernelNames> table,
           llvm::StringRef chip);

} // namespace quern::vulkan
