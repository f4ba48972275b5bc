//===- Kernel.h - A kernel as the artifact holds it -------------*- C++ -*-===//
//
// Between the compiler, which writes these into objects (codegen/vulkan/Object.cpp),
// and the executor. Plain data; what the numbers mean is in codegen/simt/Kernel.h.
//
//===----------------------------------------------------------------------===//
#pragma once
#include "runtime/Executor.h"
#include <cstdint>

extern "C" {
/// Packed weights among a kernel's buffers.
struct quern_vulkan_panels {
  uint32_t binding;
  uint32_t reserved;
  uint64_t bytes; // of a panel
};

struct quern_vulkan_kernel {
  const char *name;      // for messages
  const uint32_t *words; // SPIR-V for Vulkan 1.3, its entry point is "main"
  uint64_t wordCount;
  /// Storage buffers 0, 1, ... of set 0: the counts of the step, the constants, the
  /// stage's buffers.
  uint32_t bindings;
  uint32_t threads, sharedBytes; // of a workgroup
  uint32_t tasks, of, rows; // workgroups: tasks x ceil(step[of] / rows) x parts
  /// Panels of all its packed weights; 0: it reads none. Their first number and how
  /// many are bound stand behind the stage's `constants`.
  uint32_t panels, constants;
  uint32_t panelsOfTask; // 0: tasks are something else
  uint32_t parts;
  uint32_t reserved;
  uint32_t weightCount;
  const quern_vulkan_panels *weights;
};

/// quern_kernel_set::kernels is an array of pointers to kernels; `needs` are names
/// that vulkan::needsOf() knows.
extern const quern::ExecutorKind quern_vulkan_executor;
}
