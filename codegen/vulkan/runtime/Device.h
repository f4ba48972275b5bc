//===- Device.h - A device that Vulkan drives -------------------*- C++ -*-===//
//
// What an artifact's runtime asks of Vulkan: memory, pipelines made from SPIR-V,
// and lists of dispatches that are recorded once and run often.
//
//     Device device(needs);
//     Buffer x = device.allocate(bytes, "activations");
//     Pipeline k = device.pipeline(words, "k", /*bindings=*/1);
//     CommandList list = device.record({{&k, {{&x, 0, x.size()}}, {4, 1, 1}}});
//     device.run(list);
//
// Everything throws Error, in one line, for what the driver refuses. Buffers,
// pipelines and lists must go before their device. Not thread-safe.
//
//===----------------------------------------------------------------------===//
#pragma once
#include "Loader.h"
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace quern::vulkan {

/// What kernels were compiled for. A device that lacks one of these is refused,
/// by the name of what it lacks.
struct Needs {
  uint32_t version = VK_API_VERSION_1_3;
  bool int8 = false, int16 = false, float16 = false, storage16 = false;
  uint32_t threads = 1;            // of a workgroup
  uint32_t sharedBytes = 0;        // of a workgroup
  uint64_t storageBufferRange = 0; // bytes of one binding
};

/// A handle, and how to destroy it.
template <typename Handle> class Owned {
public:
  using Destroy = void(VKAPI_PTR *)(VkDevice, Handle,
                                    const VkAllocationCallbacks *);
  Owned() = default;
  Owned(VkDevice device, Handle handle, Destroy destroy)
      : device(device), handle(handle), destroy(destroy) {}
  Owned(Owned &&other) noexcept
      : device(other.device), handle(std::exchange(other.handle, {})),
        destroy(other.destroy) {}
  Owned &operator=(Owned &&other) noexcept {
    std::swap(device, other.device);
    std::swap(handle, other.handle);
    std::swap(destroy, other.destroy);
    return *this;
  }
  ~Owned() {
    if (handle)
      destroy(device, handle, nullptr);
  }
  Handle get() const { return handle; }

private:
  VkDevice device{};
  Handle handle{};
  Destroy destroy = nullptr;
};

/// Memory of the device that the host sees without a flush. What is in it at first
/// is anybody's guess.
class Buffer {
public:
  void *data() const { return mapped; }
  uint64_t size() const { return bytes; }

private:
  friend class Device;
  Owned<VkDeviceMemory> memory; // goes after the buffer that lies in it
  Owned<VkBuffer> buffer;
  void *mapped = nullptr;
  uint64_t bytes = 0;
};

/// An entry point whose storage buffers are the bindings 0, 1, ... of set 0.
class Pipeline {
private:
  friend class Device;
  Owned<VkDescriptorSetLayout> bindings;
  Owned<VkPipelineLayout> layout;
  Owned<VkPipeline> pipeline;
  unsigned bindingCount = 0;
};

struct Binding {
  const Buffer *buffer;
  uint64_t offset, range; // bytes
};

struct Dispatch {
  const Pipeline *pipeline;
  std::vector<Binding> bindings;
  uint32_t groups[3];
  bool barrier = false; // it waits for all before it, and sees what they wrote
};

class CommandList {
private:
  friend class Device;
  Owned<VkDescriptorPool> descriptors;
  Owned<VkCommandPool> pool;
  VkCommandBuffer commands{};
};

class Device {
public:
  /// The first device that has all of it: a discrete one before an integrated, a
  /// virtual one and a CPU. QUERN_VULKAN_DEVICE, a part of a name, leaves only
  /// those. With QUERN_VULKAN_VALIDATE set the Khronos layer looks on.
  explicit Device(const Needs &);
  ~Device();
  Device(const Device &) = delete;
  Device &operator=(const Device &) = delete;

  std::string name() const;
  /// What an offset of a binding must be a multiple of.
  uint64_t offsetAlignment() const;

  /// `what` is for the message if there is no room.
  Buffer allocate(uint64_t bytes, std::string_view what);
  Pipeline pipeline(std::span<const uint32_t> spirv, const char *entry,
                    unsigned bindings);
  /// The dispatches, in order. What the host wrote before a run is visible to
  /// all; afterwards the host sees what they wrote.
  CommandList record(std::span<const Dispatch>);
  /// Returns when all of it is done.
  void run(const CommandList &);

  /// Warnings and errors of the validation layer so far.
  const std::vector<std::string> &validationMessages() const;

private:
  struct State;
  std::unique_ptr<State> state;
};

} // namespace quern::vulkan
