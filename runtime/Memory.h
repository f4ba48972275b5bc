//===- Memory.h - What a sequence of N tokens costs ------------*- C++ -*-===//
//
// The memory plan: how many bytes of anonymous memory (what counts against a
// memory limit and cannot be dropped and read again) the process reserves, and
// how many it touches when one sequence has grown to N tokens. Weights are not
// among them: they are pages of the file.
//
// Everything big is known before anything runs: the arena's pages that the
// programs use for so many rows, and the KV pages of so many tokens. The rest
// (relocated data, heap, stacks) is what the process has or is given.
//
//===----------------------------------------------------------------------===//
#pragma once
#include "ByteRanges.h"
#include <string>
#include <vector>

namespace quern {

struct MemoryPlan {
  struct Item {
    std::string name;
    uint64_t reserved, touched;
  };
  std::vector<Item> items;

  /// Those with memory of their own, which is all taken at the start: whatever a
  /// driver takes of the process's is not among `items`.
  struct Device {
    std::string name;
    DeviceMemory memory;
  };
  std::vector<Device> devices;

  /// Weights that the others read, in pages of the file: no anonymous memory.
  uint64_t hostWeights = 0;

  uint64_t reserved() const;
  uint64_t touched() const;
};

/// What an artifact's process has besides the plan's spaces.
struct ProcessMemory {
  /// Writable pages of the executable, relocated or not: at most kMostData, which
  /// is what the plan reserves for them, since it is made before the executable.
  uint64_t data;
  unsigned threads; // workers, the main thread included
};

inline constexpr uint64_t kMostData = 256 << 10;

/// Writable bytes of the running executable, from its program headers.
uint64_t executableDataBytes();

/// Anonymous memory in which a device works that has none of its own: all that it may
/// touch, and with one sequence of `tokens` tokens. Zeros for other devices.
struct HostMemory {
  uint64_t activations = 0, kv = 0;
  uint64_t touchedActivations = 0, touchedKv = 0;
};
HostMemory hostMemoryOf(const PlanView &plan, uint32_t device, uint64_t tokens);

/// For one sequence of up to `tokens` tokens: read as a prompt in steps as
/// large as the plan allows, then one generated row.
MemoryPlan planMemory(const PlanView &plan, uint64_t tokens,
                      const ProcessMemory &process);

/// Bytes of anonymous memory that this process has touched and still has, as
/// the kernel counts them; 0 if it does not say.
uint64_t anonymousBytes();

} // namespace quern
