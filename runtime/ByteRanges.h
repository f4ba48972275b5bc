//===- ByteRanges.h - What the stages of a device touch ------------*- C++ -*-===//
//
// The plan has one address space for the weights, one for the arena and one for keys
// and values, whatever runs its stages. A device with memory of its own holds of each
// what its stages touch and nothing else.
//
//===----------------------------------------------------------------------===//
#pragma once
#include "PlanView.h"
#include <vector>

namespace quern {

struct ByteRange {
  uint64_t begin, end; // offsets in the space
  uint64_t size() const { return end - begin; }
};

/// In order and apart; what is less than a page apart is one range. Of the arena
/// without its front.
std::vector<ByteRange> touchedBy(const PlanView &plan, uint32_t device,
                                 plan::Space space);

/// A layer's keys and values, which lie at `offset` in Space::Kv.
struct KvLayer {
  const plan::KvGroup *group;
  uint64_t offset;
};
/// Those that the stages of a device touch, in the order of groups.
std::vector<KvLayer> layersOf(const PlanView &plan, uint32_t device);

/// Bytes that a device with memory of its own is asked for.
struct DeviceMemory {
  uint64_t weights = 0, kv = 0;
  uint64_t activations = 0; // the arena, its front included
  uint64_t overhead = 0;    // the stages' constants
  uint64_t total() const { return weights + kv + activations + overhead; }
};
/// Zeros for a device that runs nothing.
DeviceMemory memoryOf(const PlanView &plan, uint32_t device);

/// Of the constants of one launch; and of the weights that one launch binds at
/// most: what every device can, so that the plan need not know which it will be.
inline constexpr uint64_t kConstantBytes = 256;
inline constexpr uint64_t kBoundBytes = uint64_t(1) << 27;

} // namespace quern
