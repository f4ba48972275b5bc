//===- DeviceState.h - The handles behind a Device --------------*- C++ -*-===//
//
// For the files that Device.h is implemented in.
//
//===----------------------------------------------------------------------===//
#pragma once
#include "Device.h"
#include "Error.h"
#include <cstdlib>
#include <mutex>

namespace quern::vulkan {

inline constexpr uint64_t kForever = UINT64_MAX; // nanoseconds

/// A number that the environment has; without, more than there is.
inline uint64_t bytesGiven(const char *name) {
  const char *text = getenv(name);
  return text ? strtoull(text, nullptr, 10) : UINT64_MAX;
}

/// What the validation layer says, on any thread.
struct Messages {
  std::mutex guard;
  std::vector<std::string> list;
};

struct Device::State {
  Loader vk;
  /// For tests: as if the host did not see the device's own memory, or the device
  /// bound or allocated no more bytes at once; and bytes of a staging buffer.
  bool hidesMemory = getenv("QUERN_VULKAN_HIDE_MEMORY") != nullptr;
  uint64_t mostBound = bytesGiven("QUERN_VULKAN_MOST_BOUND");
  uint64_t mostAllocated = bytesGiven("QUERN_VULKAN_MOST_ALLOCATED");
  uint64_t mostStaged = bytesGiven("QUERN_VULKAN_MOST_STAGED");
  VkInstance instance{};
  VkPhysicalDevice physical{};
  VkDevice device{};
  VkQueue queue{};
  uint32_t family = 0;
  VkPhysicalDeviceProperties properties{};
  VkPhysicalDeviceMemoryProperties memory{};
  uint64_t mostOfBuffer = 0, allocated = 0;
  VkDebugUtilsMessengerEXT messenger{};
  Messages messages;
  Owned<VkPipelineCache> cache;
  Owned<VkFence> fence;

  ~State();
  void createInstance(bool validate);
  void listen();
  void choose(const Needs &);
  std::string lacking(VkPhysicalDevice, const Needs &) const;
  void createDevice(const Needs &);
  uint32_t computeFamily(VkPhysicalDevice) const;
  uint32_t memoryType(uint32_t allowed, Memory) const;
  Buffer allocate(uint64_t bytes, std::string_view what, Memory);
  Owned<VkFence> makeFence() const;
  /// A list of commands in a pool of its own, begun.
  VkCommandBuffer begin(Owned<VkCommandPool> &pool) const;
  void barrier(VkCommandBuffer, VkPipelineStageFlags from, VkAccessFlags wrote,
               VkPipelineStageFlags to, VkAccessFlags reads) const;
  void submit(VkCommandBuffer, VkFence, std::string_view what) const;
  /// Until what the fence was submitted with is done; it may be submitted again.
  void wait(VkFence, std::string_view what) const;
  void check(VkResult, std::string_view what) const;

  /// Makes one object by one of Vulkan's vkCreate functions.
  template <typename Handle, typename Info>
  Owned<Handle> make(VkResult(VKAPI_PTR *create)(VkDevice, const Info *,
                                                 const VkAllocationCallbacks *,
                                                 Handle *),
                     typename Owned<Handle>::Destroy destroy, const Info &info,
                     std::string_view what) const {
    Handle handle;
    check(create(device, &info, nullptr, &handle), what);
    return {device, handle, destroy};
  }
};

} // namespace quern::vulkan
