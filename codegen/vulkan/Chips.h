//===- Chips.h - What --mcpu names ------------------------------*- C++ -*-===//
//
// Profiles of devices, by what their kernels may count on. The executor refuses a
// device that has less than the kernels use (runtime/Device.h, Needs).
//
//===----------------------------------------------------------------------===//
#pragma once
#include "codegen/simt/Kernel.h"
#include <optional>

namespace quern::vulkan {

struct Chip {
  llvm::StringLiteral name;
  simt::Capabilities capabilities;
  /// Workgroups that it takes to keep it busy; 0: few. Linears of fewer are made in
  /// parts (TargetTraits::linearTasks).
  int64_t workgroups = 0;
};

/// "portable" is what Vulkan 1.3 promises (the specification's table of required
/// limits), and what a driver for CPUs is best at. "gpu" is processors with shared
/// memory of their own and 32 KiB of it for a workgroup: those of NVIDIA (48 KiB), of
/// AMD and of Intel (32 or 64 KiB, by driver).
inline constexpr Chip kChips[] = {
    {"portable", {}},
    {"gpu", {.threads = 128, .sharedBytes = 32 << 10, .tiles = true, .queries = 8}, 256},
};

/// The one of that name; null: there is none.
inline const Chip *findChip(llvm::StringRef name) {
  for (const Chip &chip : kChips)
    if (chip.name == name)
      return &chip;
  return nullptr;
}

} // namespace quern::vulkan
