//===- Loader.h - The Vulkan loader, opened by name -------------*- C++ -*-===//
//
// Artifacts link with no library of the driver's: the loader is opened when a
// device is, so that the same file starts, and says what is missing, on a machine
// without one. Members are named after the functions, without their "vk".
//
//===----------------------------------------------------------------------===//
#pragma once
#define VK_NO_PROTOTYPES
#include <vulkan/vulkan.h>

namespace quern::vulkan {

#define QUERN_VULKAN_GLOBAL(X) X(CreateInstance) X(EnumerateInstanceVersion)
#define QUERN_VULKAN_INSTANCE(X)                                               \
  X(DestroyInstance)                                                           \
  X(EnumeratePhysicalDevices)                                                  \
  X(GetPhysicalDeviceProperties)                                               \
  X(GetPhysicalDeviceFeatures2) X(GetPhysicalDeviceProperties2)                \
      X(GetPhysicalDeviceMemoryProperties)                                     \
          X(GetPhysicalDeviceQueueFamilyProperties) X(CreateDevice)            \
              X(GetDeviceProcAddr)
#define QUERN_VULKAN_DEVICE(X)                                                 \
  X(DestroyDevice)                                                             \
  X(GetDeviceQueue)                                                            \
  X(CreateBuffer)                                                              \
  X(DestroyBuffer) X(GetBufferMemoryRequirements) X(AllocateMemory) X(         \
      FreeMemory) X(BindBufferMemory) X(MapMemory) X(CreateShaderModule)       \
      X(DestroyShaderModule) X(CreateDescriptorSetLayout) X(                   \
          DestroyDescriptorSetLayout) X(CreatePipelineLayout)                  \
          X(DestroyPipelineLayout) X(CreateComputePipelines) X(                \
              DestroyPipeline) X(CreatePipelineCache) X(DestroyPipelineCache)  \
              X(GetPipelineCacheData) X(CmdCopyBuffer) X(CreateDescriptorPool) \
                  X(DestroyDescriptorPool) X(AllocateDescriptorSets)           \
                      X(UpdateDescriptorSets) X(CreateCommandPool)             \
                          X(DestroyCommandPool) X(AllocateCommandBuffers)      \
                              X(BeginCommandBuffer) X(EndCommandBuffer)        \
                                  X(CmdBindPipeline) X(CmdBindDescriptorSets)  \
                                      X(CmdDispatch) X(CmdPipelineBarrier)     \
                                          X(QueueSubmit) X(CreateFence)        \
                                              X(DestroyFence) X(WaitForFences) \
                                                  X(ResetFences)

/// The functions. An Error if there is no loader, or it lacks one of them.
struct Loader {
  Loader();
  void open(VkInstance);
  void open(VkDevice);

  PFN_vkGetInstanceProcAddr GetInstanceProcAddr = nullptr;
#define X(name) PFN_vk##name name = nullptr;
  QUERN_VULKAN_GLOBAL(X)
  QUERN_VULKAN_INSTANCE(X)
  QUERN_VULKAN_DEVICE(X)
#undef X
};

} // namespace quern::vulkan
