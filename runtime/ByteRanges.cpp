//===- ByteRanges.cpp - What the stages of a device touch ----------*- C++ -*-===//
#include "ByteRanges.h"
#include <algorithm>

using namespace quern;

/// What is less than `gap` apart is one range.
static std::vector<ByteRange> rangesOf(const PlanView &plan, uint32_t device,
                                       plan::Space space, uint64_t gap) {
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
    if (!merged.empty() && range.begin < merged.back().end + gap)
      merged.back().end = std::max(merged.back().end, range.end);
    else
      merged.push_back(range);
  return merged;
}

std::vector<ByteRange> quern::touchedBy(const PlanView &plan, uint32_t device,
                                        plan::Space space) {
  return rangesOf(plan, device, space, plan::kPage);
}

std::vector<KvLayer> quern::layersOf(const PlanView &plan, uint32_t device) {
  std::vector<ByteRange> ranges =
      rangesOf(plan, device, plan::Space::Kv, /*gap=*/0);
  std::vector<KvLayer> layers;
  for (const plan::KvGroup &group : plan.groups())
    for (uint64_t layer = 0; layer < group.layers; ++layer) {
      uint64_t bytes = group.pages * group.pageBytes;
      uint64_t begin = group.poolOffset + layer * bytes;
      auto range = std::upper_bound( // the first that ends behind its begin
          ranges.begin(), ranges.end(), begin,
          [](uint64_t at, const ByteRange &r) { return at < r.end; });
      if (range != ranges.end() && range->begin < begin + bytes)
        layers.push_back({&group, begin});
    }
  return layers;
}

static uint64_t sizeOf(const std::vector<ByteRange> &ranges) {
  uint64_t bytes = 0;
  for (ByteRange range : ranges)
    bytes += (range.size() + 3) / 4 * 4;
  return bytes;
}

DeviceMemory quern::memoryOf(const PlanView &plan, uint32_t device) {
  DeviceMemory memory;
  if (!plan.runs(device))
    return memory;
  memory.weights = sizeOf(touchedBy(plan, device, plan::Space::Weights));
  memory.kv = sizeOf(touchedBy(plan, device, plan::Space::Kv));
  memory.activations =
      plan->frontBytes + sizeOf(touchedBy(plan, device, plan::Space::Arena));
  memory.overhead = kConstantBytes; // the counts of a step
  for (const plan::Stage &stage : plan.stages()) {
    if (!stage.callsOn(device))
      continue;
    uint64_t launches = 1;
    for (const plan::Buffer &buffer :
         plan.buffers().subspan(stage.firstBuffer, stage.buffers))
      if (buffer.space == plan::Space::Weights && buffer.bytes > kBoundBytes)
        launches =
            std::max(launches, 2 + 3 * (buffer.bytes / kBoundBytes));
    memory.overhead += launches * kConstantBytes;
  }
  return memory;
}
