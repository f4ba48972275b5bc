//===- Device.cpp - A device that Vulkan drives ---------------------------===//
#include "DeviceState.h"
#include <algorithm>
#include <fmt/format.h>

using namespace quern;
using namespace quern::vulkan;

namespace {
/// The features of 1.1 to 1.3, chained as Vulkan wants them.
struct Features {
  VkPhysicalDeviceVulkan13Features of13{
      .sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_VULKAN_1_3_FEATURES};
  VkPhysicalDeviceVulkan12Features of12{
      .sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_VULKAN_1_2_FEATURES,
      .pNext = &of13};
  VkPhysicalDeviceVulkan11Features of11{
      .sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_VULKAN_1_1_FEATURES,
      .pNext = &of12};
  VkPhysicalDeviceFeatures2 all{
      .sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_FEATURES_2, .pNext = &of11};
};
} // namespace

Needs vulkan::needsOf(std::string_view features) {
  Needs needs;
  while (!features.empty()) {
    size_t comma = std::min(features.find(','), features.size());
    std::string_view name = features.substr(0, comma);
    features.remove_prefix(std::min(comma + 1, features.size()));
    if (name == "shaderInt8")
      needs.int8 = true;
    else if (name == "shaderInt16")
      needs.int16 = true;
    else if (name == "shaderFloat16")
      needs.float16 = true;
    else if (name == "storageBuffer16BitAccess")
      needs.storage16 = true;
    else if (name == "shaderIntegerDotProduct")
      needs.integerDot = true;
    else
      throw Error(fmt::format("the kernels need '{}', which this program does "
                              "not know",
                              name));
  }
  return needs;
}

//===----------------------------------------------------------------------===//
// Opening
//===----------------------------------------------------------------------===//

void Device::State::check(VkResult result, std::string_view what) const {
  auto fail = [&](std::string_view why) {
    throw Error(
        fmt::format("{}: {}: {}",
                    properties.deviceName[0] ? properties.deviceName : "Vulkan",
                    what, why));
  };
  switch (result) {
  case VK_SUCCESS:
    return;
  case VK_ERROR_DEVICE_LOST:
    return fail("the device was lost");
  case VK_ERROR_OUT_OF_HOST_MEMORY:
    return fail("out of the host's memory");
  case VK_ERROR_OUT_OF_DEVICE_MEMORY:
    return fail("out of the device's memory");
  case VK_ERROR_INCOMPATIBLE_DRIVER:
    return fail("no driver for a device of this machine is installed (Mesa's: "
                "package mesa-vulkan-drivers)");
  case VK_ERROR_INITIALIZATION_FAILED:
    return fail("the driver could not start");
  case VK_ERROR_UNKNOWN:
    return fail("the driver failed");
  case VK_ERROR_LAYER_NOT_PRESENT:
    return fail("the validation layer is not installed");
  default:
    return fail(fmt::format("error {}", int(result)));
  }
}

static VKAPI_ATTR VkBool32 VKAPI_CALL
hear(VkDebugUtilsMessageSeverityFlagBitsEXT, VkDebugUtilsMessageTypeFlagsEXT,
     const VkDebugUtilsMessengerCallbackDataEXT *data, void *messages) {
  auto &all = *static_cast<Messages *>(messages);
  std::lock_guard lock(all.guard);
  all.list.push_back(data->pMessage);
  return VK_FALSE;
}

void Device::State::createInstance(bool validate) {
  uint32_t version = 0;
  check(vk.EnumerateInstanceVersion(&version), "asking for its version");
  VkApplicationInfo application{.sType = VK_STRUCTURE_TYPE_APPLICATION_INFO,
                                .pEngineName = "quern",
                                .apiVersion = VK_API_VERSION_1_3};
  const char *layer = "VK_LAYER_KHRONOS_validation";
  const char *extension = VK_EXT_DEBUG_UTILS_EXTENSION_NAME;
  VkValidationFeatureEnableEXT enabled[] = {
      VK_VALIDATION_FEATURE_ENABLE_SYNCHRONIZATION_VALIDATION_EXT};
  VkValidationFeaturesEXT features{
      .sType = VK_STRUCTURE_TYPE_VALIDATION_FEATURES_EXT,
      .enabledValidationFeatureCount = 1,
      .pEnabledValidationFeatures = enabled};
  VkInstanceCreateInfo info{.sType = VK_STRUCTURE_TYPE_INSTANCE_CREATE_INFO,
                            .pApplicationInfo = &application};
  if (validate) {
    info.pNext = &features;
    info.enabledLayerCount = info.enabledExtensionCount = 1;
    info.ppEnabledLayerNames = &layer;
    info.ppEnabledExtensionNames = &extension;
  }
  check(vk.CreateInstance(&info, nullptr, &instance), "starting");
  vk.open(instance);
  if (validate)
    listen();
}

void Device::State::listen() {
  auto create = reinterpret_cast<PFN_vkCreateDebugUtilsMessengerEXT>(
      vk.GetInstanceProcAddr(instance, "vkCreateDebugUtilsMessengerEXT"));
  VkDebugUtilsMessengerCreateInfoEXT info{
      .sType = VK_STRUCTURE_TYPE_DEBUG_UTILS_MESSENGER_CREATE_INFO_EXT,
      .messageSeverity = VK_DEBUG_UTILS_MESSAGE_SEVERITY_WARNING_BIT_EXT |
                         VK_DEBUG_UTILS_MESSAGE_SEVERITY_ERROR_BIT_EXT,
      .messageType = VK_DEBUG_UTILS_MESSAGE_TYPE_VALIDATION_BIT_EXT,
      .pfnUserCallback = hear,
      .pUserData = &messages};
  check(create(instance, &info, nullptr, &messenger), "validation");
}

uint32_t Device::State::computeFamily(VkPhysicalDevice candidate) const {
  uint32_t count = 0;
  vk.GetPhysicalDeviceQueueFamilyProperties(candidate, &count, nullptr);
  std::vector<VkQueueFamilyProperties> families(count);
  vk.GetPhysicalDeviceQueueFamilyProperties(candidate, &count, families.data());
  auto computes = [](const VkQueueFamilyProperties &family) {
    return (family.queueFlags & VK_QUEUE_COMPUTE_BIT) != 0;
  };
  return uint32_t(std::find_if(families.begin(), families.end(), computes) -
                  families.begin());
}

/// What of the needs a device has not; empty if it has all.
std::string Device::State::lacking(VkPhysicalDevice candidate,
                                   const Needs &needs) const {
  VkPhysicalDeviceProperties has;
  vk.GetPhysicalDeviceProperties(candidate, &has);
  if (has.apiVersion < needs.version)
    return fmt::format("Vulkan {}.{}", VK_API_VERSION_MAJOR(needs.version),
                       VK_API_VERSION_MINOR(needs.version));
  Features features;
  vk.GetPhysicalDeviceFeatures2(candidate, &features.all);
  std::vector<std::string> list;
  auto need = [&](bool wanted, bool there, std::string what) {
    if (wanted && !there)
      list.push_back(std::move(what));
  };
  const VkPhysicalDeviceLimits &limits = has.limits;
  need(needs.int8, features.of12.shaderInt8, "8-bit integers");
  need(needs.int16, features.all.features.shaderInt16, "16-bit integers");
  need(needs.float16, features.of12.shaderFloat16, "16-bit floats");
  need(needs.storage16, features.of11.storageBuffer16BitAccess,
       "16-bit storage buffers");
  need(needs.integerDot, features.of13.shaderIntegerDotProduct,
       "integer dot products");
  need(true,
       limits.maxComputeWorkGroupInvocations >= needs.threads &&
           limits.maxComputeWorkGroupSize[0] >= needs.threads,
       fmt::format("workgroups of {} threads", needs.threads));
  need(true, limits.maxComputeSharedMemorySize >= needs.sharedBytes,
       fmt::format("{} bytes of shared memory", needs.sharedBytes));
  need(true, limits.maxStorageBufferRange >= needs.storageBufferRange,
       fmt::format("storage buffers of {} bytes", needs.storageBufferRange));
  std::string text;
  for (const std::string &what : list)
    text += (text.empty() ? "" : ", ") + what;
  return text;
}

void Device::State::choose(const Needs &needs) {
  uint32_t count = 0;
  check(vk.EnumeratePhysicalDevices(instance, &count, nullptr),
        "listing devices");
  std::vector<VkPhysicalDevice> all(count);
  check(vk.EnumeratePhysicalDevices(instance, &count, all.data()),
        "listing devices");
  all.resize(count);
  const char *wanted = getenv("QUERN_VULKAN_DEVICE");
  auto rank = [&](VkPhysicalDevice candidate) {
    VkPhysicalDeviceProperties has;
    vk.GetPhysicalDeviceProperties(candidate, &has);
    constexpr VkPhysicalDeviceType order[] = {
        VK_PHYSICAL_DEVICE_TYPE_DISCRETE_GPU,
        VK_PHYSICAL_DEVICE_TYPE_INTEGRATED_GPU,
        VK_PHYSICAL_DEVICE_TYPE_VIRTUAL_GPU, VK_PHYSICAL_DEVICE_TYPE_CPU};
    return std::find(std::begin(order), std::end(order), has.deviceType) -
           order;
  };
  std::stable_sort(all.begin(), all.end(),
                   [&](auto a, auto b) { return rank(a) < rank(b); });
  std::string why = wanted ? fmt::format("no Vulkan device is called '{}' "
                                         "(QUERN_VULKAN_DEVICE)",
                                         wanted)
                           : "no Vulkan device on this machine";
  bool refused = false;
  for (VkPhysicalDevice candidate : all) {
    VkPhysicalDeviceProperties has;
    vk.GetPhysicalDeviceProperties(candidate, &has);
    if (wanted && !refused)
      why +=
          fmt::format("{}{}", candidate == all.front() ? "; there is " : ", ",
                      has.deviceName);
    if (wanted &&
        std::string_view(has.deviceName).find(wanted) == std::string_view::npos)
      continue;
    std::string lacks = lacking(candidate, needs);
    if (lacks.empty()) {
      physical = candidate;
      properties = has;
      VkPhysicalDeviceVulkan11Properties more{
          .sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_VULKAN_1_1_PROPERTIES};
      VkPhysicalDeviceProperties2 all{
          .sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_PROPERTIES_2,
          .pNext = &more};
      vk.GetPhysicalDeviceProperties2(candidate, &all);
      mostOfBuffer = more.maxMemoryAllocationSize;
      return;
    }
    if (!std::exchange(refused, true)) // of the best
      why = fmt::format("{}: lacks {}", has.deviceName, lacks);
  }
  throw Error(why);
}

void Device::State::createDevice(const Needs &needs) {
  family = computeFamily(physical);
  float priority = 1;
  VkDeviceQueueCreateInfo queues{.sType =
                                     VK_STRUCTURE_TYPE_DEVICE_QUEUE_CREATE_INFO,
                                 .queueFamilyIndex = family,
                                 .queueCount = 1,
                                 .pQueuePriorities = &priority};
  Features features;
  features.of13.shaderIntegerDotProduct = needs.integerDot;
  features.of12.shaderInt8 = needs.int8;
  features.of12.shaderFloat16 = needs.float16;
  features.of11.storageBuffer16BitAccess = needs.storage16;
  features.all.features.shaderInt16 = needs.int16;
  VkDeviceCreateInfo info{.sType = VK_STRUCTURE_TYPE_DEVICE_CREATE_INFO,
                          .pNext = &features.all,
                          .queueCreateInfoCount = 1,
                          .pQueueCreateInfos = &queues};
  check(vk.CreateDevice(physical, &info, nullptr, &device), "opening it");
  vk.open(device);
  vk.GetDeviceQueue(device, family, 0, &queue);
  vk.GetPhysicalDeviceMemoryProperties(physical, &memory);
  cache = make(vk.CreatePipelineCache, vk.DestroyPipelineCache,
               VkPipelineCacheCreateInfo{
                   .sType = VK_STRUCTURE_TYPE_PIPELINE_CACHE_CREATE_INFO},
               "a cache of pipelines");
  fence = makeFence();
}

Owned<VkFence> Device::State::makeFence() const {
  return make(vk.CreateFence, vk.DestroyFence,
              VkFenceCreateInfo{.sType = VK_STRUCTURE_TYPE_FENCE_CREATE_INFO},
              "a fence");
}

Device::State::~State() {
  cache = {};
  fence = {};
  if (device)
    vk.DestroyDevice(device, nullptr);
  if (messenger)
    reinterpret_cast<PFN_vkDestroyDebugUtilsMessengerEXT>(
        vk.GetInstanceProcAddr(instance, "vkDestroyDebugUtilsMessengerEXT"))(
        instance, messenger, nullptr);
  if (instance)
    vk.DestroyInstance(instance, nullptr);
}

Device::Device(const Needs &needs) : state(std::make_unique<State>()) {
  state->createInstance(getenv("QUERN_VULKAN_VALIDATE") != nullptr);
  state->choose(needs);
  state->createDevice(needs);
}

Device::~Device() = default;

std::string Device::name() const { return state->properties.deviceName; }

/// Bytes of the device's own memory, of the heap that holds most of it.
static uint64_t memoryOf(const VkPhysicalDeviceMemoryProperties &memory) {
  uint64_t most = 0;
  for (uint32_t i = 0; i < memory.memoryHeapCount; ++i)
    if (memory.memoryHeaps[i].flags & VK_MEMORY_HEAP_DEVICE_LOCAL_BIT)
      most = std::max<uint64_t>(most, memory.memoryHeaps[i].size);
  return most;
}

Limits Device::limits() const {
  const VkPhysicalDeviceLimits &has = state->properties.limits;
  return {.offsetAlignment = has.minStorageBufferOffsetAlignment,
          .bindingRange = std::min<uint64_t>(has.maxStorageBufferRange,
                                             state->mostBound),
          .bufferBytes = std::min({state->mostOfBuffer, uint64_t(1) << 30,
                                   state->mostAllocated}),
          .memoryBytes = memoryOf(state->memory),
          .groups = {has.maxComputeWorkGroupCount[0],
                     has.maxComputeWorkGroupCount[1],
                     has.maxComputeWorkGroupCount[2]}};
}

std::vector<std::string> Device::validationMessages() const {
  std::lock_guard lock(state->messages.guard);
  return state->messages.list;
}

//===----------------------------------------------------------------------===//
// Memory and pipelines
//===----------------------------------------------------------------------===//

/// The first type that has all of a list of properties, the best list first.
uint32_t Device::State::memoryType(uint32_t allowed, Memory whose) const {
  constexpr VkMemoryPropertyFlags own = VK_MEMORY_PROPERTY_DEVICE_LOCAL_BIT,
                                  seen = VK_MEMORY_PROPERTY_HOST_VISIBLE_BIT |
                                         VK_MEMORY_PROPERTY_HOST_COHERENT_BIT,
                                  cached = VK_MEMORY_PROPERTY_HOST_CACHED_BIT;
  static constexpr VkMemoryPropertyFlags device[] = {own | seen, own, seen},
                                         shared[] = {seen | cached, seen};
  std::span<const VkMemoryPropertyFlags> lists = shared;
  if (whose == Memory::Device)
    lists = device;
  for (VkMemoryPropertyFlags wanted : lists)
    for (uint32_t i = 0; i < memory.memoryTypeCount; ++i)
      if ((allowed >> i & 1) &&
          (memory.memoryTypes[i].propertyFlags & wanted) == wanted &&
          (whose == Memory::Shared ||
           memory.memoryHeaps[memory.memoryTypes[i].heapIndex].size >=
               memoryOf(memory) / 2))
        return i;
  for (uint32_t i = 0; i < memory.memoryTypeCount; ++i)
    if ((allowed >> i & 1) &&
        (memory.memoryTypes[i].propertyFlags & seen) == seen)
      return i;
  throw Error(fmt::format("{}: has no memory that the host sees",
                          properties.deviceName));
}

Buffer Device::State::allocate(uint64_t bytes, std::string_view what,
                               Memory whose) {
  std::string name = fmt::format("{} bytes for {}", bytes, what);
  Buffer result;
  result.bytes = bytes;
  result.buffer =
      make(vk.CreateBuffer, vk.DestroyBuffer,
           VkBufferCreateInfo{.sType = VK_STRUCTURE_TYPE_BUFFER_CREATE_INFO,
                              .size = bytes,
                              .usage = VK_BUFFER_USAGE_STORAGE_BUFFER_BIT |
                                       VK_BUFFER_USAGE_TRANSFER_SRC_BIT |
                                       VK_BUFFER_USAGE_TRANSFER_DST_BIT},
           name);
  VkMemoryRequirements needs;
  vk.GetBufferMemoryRequirements(device, result.buffer.get(), &needs);
  uint32_t type = memoryType(needs.memoryTypeBits, whose);
  result.memory =
      make(vk.AllocateMemory, vk.FreeMemory,
           VkMemoryAllocateInfo{.sType = VK_STRUCTURE_TYPE_MEMORY_ALLOCATE_INFO,
                                .allocationSize = needs.size,
                                .memoryTypeIndex = type},
           name);
  VkDeviceMemory of = result.memory.get();
  check(vk.BindBufferMemory(device, result.buffer.get(), of, 0), name);
  bool hidden = whose == Memory::Device && hidesMemory;
  if (!hidden && (memory.memoryTypes[type].propertyFlags &
                  VK_MEMORY_PROPERTY_HOST_COHERENT_BIT)) // hence visible
    check(vk.MapMemory(device, of, 0, VK_WHOLE_SIZE, 0, &result.mapped), name);
  return result;
}

Buffer Device::allocate(uint64_t bytes, std::string_view what, Memory whose) {
  Buffer result = state->allocate(bytes, what, whose);
  state->allocated += bytes;
  return result;
}

uint64_t Device::allocatedBytes() const { return state->allocated; }

void Device::openCache(std::span<const uint8_t> data) {
  const Loader &vk = state->vk;
  state->cache =
      state->make(vk.CreatePipelineCache, vk.DestroyPipelineCache,
                  VkPipelineCacheCreateInfo{
                      .sType = VK_STRUCTURE_TYPE_PIPELINE_CACHE_CREATE_INFO,
                      .initialDataSize = data.size(),
                      .pInitialData = data.data()},
                  "a cache of pipelines");
}

std::vector<uint8_t> Device::cacheData() const {
  const State &s = *state;
  size_t size = 0;
  VkPipelineCache cache = s.cache.get();
  s.check(s.vk.GetPipelineCacheData(s.device, cache, &size, nullptr),
          "a cache of pipelines");
  std::vector<uint8_t> data(size);
  s.check(s.vk.GetPipelineCacheData(s.device, cache, &size, data.data()),
          "a cache of pipelines");
  data.resize(size);
  return data;
}

std::string Device::cacheKey() const {
  const VkPhysicalDeviceProperties &is = state->properties;
  std::string key = fmt::format("{:x}-{:x}-{:x}-", is.vendorID, is.deviceID,
                                is.driverVersion);
  for (uint8_t byte : is.pipelineCacheUUID)
    key += fmt::format("{:02x}", byte);
  return key;
}

Pipeline Device::pipeline(std::span<const uint32_t> spirv, const char *entry,
                          unsigned bindings, std::string_view what) {
  State &s = *state;
  const Loader &vk = s.vk;
  std::string name = fmt::format("the kernel '{}'", what);
  Pipeline result;
  result.bindingCount = bindings;
  std::vector<VkDescriptorSetLayoutBinding> list;
  for (uint32_t i = 0; i < bindings; ++i)
    list.push_back({i, VK_DESCRIPTOR_TYPE_STORAGE_BUFFER, 1,
                    VK_SHADER_STAGE_COMPUTE_BIT, nullptr});
  result.bindings =
      s.make(vk.CreateDescriptorSetLayout, vk.DestroyDescriptorSetLayout,
             VkDescriptorSetLayoutCreateInfo{
                 .sType = VK_STRUCTURE_TYPE_DESCRIPTOR_SET_LAYOUT_CREATE_INFO,
                 .bindingCount = bindings,
                 .pBindings = list.data()},
             name);
  VkDescriptorSetLayout set = result.bindings.get();
  result.layout =
      s.make(vk.CreatePipelineLayout, vk.DestroyPipelineLayout,
             VkPipelineLayoutCreateInfo{
                 .sType = VK_STRUCTURE_TYPE_PIPELINE_LAYOUT_CREATE_INFO,
                 .setLayoutCount = 1,
                 .pSetLayouts = &set},
             name);
  Owned<VkShaderModule> module =
      s.make(vk.CreateShaderModule, vk.DestroyShaderModule,
             VkShaderModuleCreateInfo{
                 .sType = VK_STRUCTURE_TYPE_SHADER_MODULE_CREATE_INFO,
                 .codeSize = spirv.size_bytes(),
                 .pCode = spirv.data()},
             name);
  VkComputePipelineCreateInfo info{
      .sType = VK_STRUCTURE_TYPE_COMPUTE_PIPELINE_CREATE_INFO,
      .stage = {.sType = VK_STRUCTURE_TYPE_PIPELINE_SHADER_STAGE_CREATE_INFO,
                .stage = VK_SHADER_STAGE_COMPUTE_BIT,
                .module = module.get(),
                .pName = entry},
      .layout = result.layout.get()};
  VkPipeline made;
  s.check(vk.CreateComputePipelines(s.device, s.cache.get(), 1, &info, nullptr,
                                    &made),
          name);
  result.pipeline = {s.device, made, vk.DestroyPipeline};
  return result;
}

//===----------------------------------------------------------------------===//
// Commands
//===----------------------------------------------------------------------===//

BindingSets Device::bind(std::span<const Bound> list) {
  State &s = *state;
  const Loader &vk = s.vk;
  constexpr const char *name = "bindings of kernels";
  uint32_t bindings = 0;
  for (const Bound &bound : list)
    bindings += uint32_t(bound.bindings.size());
  VkDescriptorPoolSize size{VK_DESCRIPTOR_TYPE_STORAGE_BUFFER, bindings};
  BindingSets result;
  result.pool =
      s.make(vk.CreateDescriptorPool, vk.DestroyDescriptorPool,
             VkDescriptorPoolCreateInfo{
                 .sType = VK_STRUCTURE_TYPE_DESCRIPTOR_POOL_CREATE_INFO,
                 .maxSets = uint32_t(list.size()),
                 .poolSizeCount = 1,
                 .pPoolSizes = &size},
             name);
  std::vector<VkDescriptorBufferInfo> buffers;
  for (const Bound &bound : list) {
    VkDescriptorSetLayout layout = bound.pipeline->bindings.get();
    VkDescriptorSetAllocateInfo allocate{
        .sType = VK_STRUCTURE_TYPE_DESCRIPTOR_SET_ALLOCATE_INFO,
        .descriptorPool = result.pool.get(),
        .descriptorSetCount = 1,
        .pSetLayouts = &layout};
    VkDescriptorSet set;
    s.check(vk.AllocateDescriptorSets(s.device, &allocate, &set), name);
    buffers.clear();
    for (const Binding &b : bound.bindings)
      buffers.push_back({b.buffer->buffer.get(), b.offset, b.range});
    VkWriteDescriptorSet write{.sType = VK_STRUCTURE_TYPE_WRITE_DESCRIPTOR_SET,
                               .dstSet = set,
                               .descriptorCount = uint32_t(buffers.size()),
                               .descriptorType =
                                   VK_DESCRIPTOR_TYPE_STORAGE_BUFFER,
                               .pBufferInfo = buffers.data()};
    vk.UpdateDescriptorSets(s.device, 1, &write, 0, nullptr);
    result.sets.push_back(set);
    result.pipelines.push_back(bound.pipeline);
  }
  return result;
}

VkCommandBuffer Device::State::begin(Owned<VkCommandPool> &pool) const {
  constexpr const char *name = "a list of commands";
  pool = make(vk.CreateCommandPool, vk.DestroyCommandPool,
              VkCommandPoolCreateInfo{
                  .sType = VK_STRUCTURE_TYPE_COMMAND_POOL_CREATE_INFO,
                  .queueFamilyIndex = family},
              name);
  VkCommandBufferAllocateInfo one{
      .sType = VK_STRUCTURE_TYPE_COMMAND_BUFFER_ALLOCATE_INFO,
      .commandPool = pool.get(),
      .commandBufferCount = 1};
  VkCommandBuffer commands;
  check(vk.AllocateCommandBuffers(device, &one, &commands), name);
  VkCommandBufferBeginInfo info{
      .sType = VK_STRUCTURE_TYPE_COMMAND_BUFFER_BEGIN_INFO};
  check(vk.BeginCommandBuffer(commands, &info), name);
  return commands;
}

void Device::State::barrier(VkCommandBuffer commands, VkPipelineStageFlags from,
                            VkAccessFlags wrote, VkPipelineStageFlags to,
                            VkAccessFlags reads) const {
  VkMemoryBarrier memory{.sType = VK_STRUCTURE_TYPE_MEMORY_BARRIER,
                         .srcAccessMask = wrote,
                         .dstAccessMask = reads};
  vk.CmdPipelineBarrier(commands, from, to, 0, 1, &memory, 0, nullptr, 0,
                        nullptr);
}

CommandList Device::record(std::span<const Dispatch> list) {
  State &s = *state;
  const Loader &vk = s.vk;
  constexpr VkPipelineStageFlags compute = VK_PIPELINE_STAGE_COMPUTE_SHADER_BIT;
  constexpr VkAccessFlags reads = VK_ACCESS_SHADER_READ_BIT,
                          writes = VK_ACCESS_SHADER_WRITE_BIT;
  CommandList result;
  VkCommandBuffer commands = result.commands = s.begin(result.pool);
  // What earlier lists wrote, and the host.
  s.barrier(commands, VK_PIPELINE_STAGE_HOST_BIT | compute,
            VK_ACCESS_HOST_WRITE_BIT | writes, compute, reads | writes);
  for (const Dispatch &dispatch : list) {
    if (dispatch.barrier)
      s.barrier(commands, compute, writes, compute, reads | writes);
    const Pipeline *pipeline = dispatch.sets->pipelines[dispatch.set];
    vk.CmdBindPipeline(commands, VK_PIPELINE_BIND_POINT_COMPUTE,
                       pipeline->pipeline.get());
    vk.CmdBindDescriptorSets(commands, VK_PIPELINE_BIND_POINT_COMPUTE,
                             pipeline->layout.get(), 0, 1,
                             &dispatch.sets->sets[dispatch.set], 0, nullptr);
    vk.CmdDispatch(commands, dispatch.groups[0], dispatch.groups[1],
                   dispatch.groups[2]);
  }
  s.barrier(commands, compute, writes, VK_PIPELINE_STAGE_HOST_BIT,
            VK_ACCESS_HOST_READ_BIT);
  s.check(vk.EndCommandBuffer(commands), "a list of commands");
  return result;
}

void Device::run(const CommandList &list) {
  constexpr const char *name = "running kernels";
  VkFence done = state->fence.get();
  state->submit(list.commands, done, name);
  state->wait(done, name);
}

void Device::State::submit(VkCommandBuffer commands, VkFence done,
                           std::string_view what) const {
  VkSubmitInfo info{.sType = VK_STRUCTURE_TYPE_SUBMIT_INFO,
                    .commandBufferCount = 1,
                    .pCommandBuffers = &commands};
  check(vk.QueueSubmit(queue, 1, &info, done), what);
}

void Device::State::wait(VkFence done, std::string_view what) const {
  check(vk.WaitForFences(device, 1, &done, VK_TRUE, kForever), what);
  check(vk.ResetFences(device, 1, &done), what);
}
