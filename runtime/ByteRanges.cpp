//===- ByteRanges.cpp - What the stages of a device touch ----------*- C++ -*-===//
#include "ByteRanges.h"
#include <algorithm>

using namespace quern;

std::vector<ByteRange> quern::touchedBy(const PlanView &plan, uint32_t device,
                                        plan::Space space) {
  std::vector<ByteRange> all;
  for (const plan::Stage &stage : plan.stages())
    if (stage.device == device)
      for (const plan::Buffer &buffer :
           plan.buffers().subspan(stage.firstBuffer, stage.buffers))
        if (buffer.space == space && buffer.bytes &&
            (space != plan::Space::Arena || buffer.offset >= plan->frontBytes))
          all.push_back({buffer.offset, buffer.offset + buffer.bytes});
  std::sort(all.begin(), all.end(),
            [](ByteRange a, ByteRange b) { return a.begin < b.begin; });
  std::vector<ByteRange> merged;
  for (ByteRange range : all)
    if (!merged.empty() && range.begin < merged.back().end + plan::kPage)
      merged.back().end = std::max(merged.back().end, range.end);
    else
      merged.push_back(range);
  return merged;
}

static uint64_t sizeOf(const std::vector<ByteRange> &ranges) {
  uint64_t bytes = 0;
  for (ByteRange range : ranges)
    bytes += (range.size() + 3) / 4 * 4;
  return bytes;
}

DeviceMemory quern::memoryOf(const PlanView &plan, uint32_t device) {
  DeviceMemory memory;
  memory.weights = sizeOf(touchedBy(plan, device, plan::Space::Weights));
  memory.kv = sizeOf(touchedBy(plan, device, plan::Space::Kv));
  memory.activations =
      plan->frontBytes + sizeOf(touchedBy(plan, device, plan::Space::Arena));
  memory.overhead = kConstantBytes; // the counts of a step
  for (const plan::Stage &stage : plan.stages()) {
    if (stage.device != device)
      continue;
    uint64_t launches = 1;
    for (const plan::Buffer &buffer :
         plan.buffers().subspan(stage.firstBuffer, stage.buffers))
      if (buffer.space == plan::Space::Weights)
        launches = std::max(launches, 1 + 2 * (buffer.bytes / kBoundBytes));
    memory.overhead += launches * kConstantBytes;
  }
  return memory;
}
