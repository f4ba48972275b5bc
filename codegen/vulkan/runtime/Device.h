//===- Device.h - A device that Vulkan drives -------------------*- C++ -*-===//
//
// What an artifact's runtime asks of Vulkan: memory, pipelines made from SPIR-V,
// and lists of dispatches that are recorded once and run often.
//
//     Device device(needs);
//     Buffer x = device.allocate(bytes, "activations");
//     Pipeline k = device.pipeline(words, "k", /*bindings=*/1);
//     Bound bound[] = {{&k, {{&x, 0, x.size()}}}};
//     BindingSets sets = device.bind(bound);
//     Dispatch dispatch[] = {{&sets, 0, {4, 1, 1}}};
//     CommandList list = device.record(dispatch);
//     device.run(list);
//
// Everything throws Error, in one line, for what the driver refuses. What a device
// has made must go before it. Not thread-safe, but for pipeline(). Upload.h writes to
// memory that the host does not see.
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
  bool int8 = false, int16 = false, float16 = false, storage16 = false,
       integerDot = false;
  uint32_t threads = 1;            // of a workgroup
  uint32_t sharedBytes = 0;        // of a workgroup
  uint64_t storageBufferRange = 0; // bytes of one binding
};

/// The needs of kernels that want these features, names of Vulkan's with commas
/// between them. Throws Error for a name that is not known here.
Needs needsOf(std::string_view features);

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

/// Memory that kernels work in. What is in it at first is anybody's guess.
class Buffer {
public:
  /// Where the host sees it, without a flush; null if it does not.
  void *data() const { return mapped; }
  uint64_t size() const { return bytes; }

private:
  friend class Device;
  friend class Upload;
  Owned<VkDeviceMemory> memory; // goes after the buffer that lies in it
  Owned<VkBuffer> buffer;
  void *mapped = nullptr;
  uint64_t bytes = 0;
};

/// Whose memory: the device's own, which the host may not see; or where the host
/// reads and writes as well.
enum class Memory { Device, Shared };

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

/// A pipeline and all of its bindings.
struct Bound {
  const Pipeline *pipeline;
  std::vector<Binding> bindings;
};

/// Pipelines with their bindings, ready to be launched.
class BindingSets {
private:
  friend class Device;
  Owned<VkDescriptorPool> pool;
  std::vector<VkDescriptorSet> sets;
  std::vector<const Pipeline *> pipelines;
};

struct Dispatch {
  const BindingSets *sets;
  size_t set;
  uint32_t groups[3];
  bool barrier = false; // it waits for all before it, and sees what they wrote
};

struct Limits {
  uint64_t offsetAlignment; // of a binding
  uint64_t bindingRange;    // most bytes of one
  uint64_t bufferBytes;     // most of one buffer
  uint64_t memoryBytes;     // of the device, as much as is free if it says so
  uint32_t groups[3];       // most workgroups of a dispatch
};

class CommandList {
private:
  friend class Device;
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
  Limits limits() const;

  /// `what` is for the message if there is no room.
  Buffer allocate(uint64_t bytes, std::string_view what,
                  Memory = Memory::Shared);
  /// Of all buffers so far, without what drivers round up.
  uint64_t allocatedBytes() const;
  /// May be called on several threads at once.
  Pipeline pipeline(std::span<const uint32_t> spirv, const char *entry,
                    unsigned bindings, std::string_view name);
  BindingSets bind(std::span<const Bound>);

  /// What a driver may take up later, on the same device, to make the same
  /// pipelines in less time: before the first of them, and after the last.
  void openCache(std::span<const uint8_t> data);
  std::vector<uint8_t> cacheData() const;
  /// A name for this device and driver, which a cache is good for.
  std::string cacheKey() const;

  /// The dispatches, in order. What the host wrote before a run is visible to
  /// all; afterwards the host sees what they wrote.
  CommandList record(std::span<const Dispatch>);
  /// Returns when all of it is done.
  void run(const CommandList &);

  /// Warnings and errors of the validation layer so far.
  std::vector<std::string> validationMessages() const;

private:
  friend class Upload;
  struct State;
  std::unique_ptr<State> state;
};

} // namespace quern::vulkan
