//===- PipelineCache.h - What a driver compiled, kept for later -*- C++ -*-===//
//
// Drivers compile SPIR-V when a pipeline is made, which takes seconds for a model.
// What they hand out of that is kept in a file of the user's cache folder,
//
//     $XDG_CACHE_HOME/quern/pipelines/DEVICE-KERNELS   (or ~/.cache/...)
//
// one for each device and driver and each set of kernels. It is a cache: a file
// that cannot be read, is damaged or is another's is as good as none, and nobody is
// told of one that cannot be written.
//
//===----------------------------------------------------------------------===//
#pragma once
#include <cstdint>
#include <span>
#include <string>
#include <vector>

namespace quern::vulkan {

class PipelineCache {
public:
  /// `device` and `kernels` are names, for files.
  PipelineCache(const std::string &device, uint64_t kernels);

  /// What was stored, as it was; empty if there is nothing.
  std::vector<uint8_t> load() const;
  /// Takes the place of what is there, whole or not at all.
  void store(std::span<const uint8_t> data) const;

private:
  std::string folder, file; // empty: the user has no cache folder
};

} // namespace quern::vulkan
