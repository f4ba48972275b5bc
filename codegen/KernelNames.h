//===- KernelNames.h - What a set of kernels is made of ---------*- C++ -*-===//
#pragma once
#include "llvm/ADT/ArrayRef.h"
#include <string>

namespace quern {

/// The symbols of a device's kernels, in the order of the plan, and which of the
/// artifact's variants they are of (quern_kernel_set in runtime/Plan.h).
struct KernelNames {
  llvm::ArrayRef<std::string> kernels;
  unsigned variant = 0;
};

} // namespace quern
