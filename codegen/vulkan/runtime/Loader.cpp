//===- Loader.cpp - The Vulkan loader, opened by name ---------------------===//
#include "Loader.h"
#include "Error.h"
#include <dlfcn.h>
#include <fmt/format.h>

using namespace quern;
using namespace quern::vulkan;

template <typename F, typename G>
static void set(F &function, G found, const char *name) {
  function = reinterpret_cast<F>(found);
  if (!function)
    throw Error(fmt::format("the Vulkan loader has no {}", name));
}

Loader::Loader() {
  // Never closed: drivers keep threads, and memory that they free at exit.
  void *library = dlopen("libvulkan.so.1", RTLD_NOW | RTLD_LOCAL);
  if (!library)
    throw Error("no Vulkan loader: libvulkan.so.1 is not on this machine (on "
                "Debian and Ubuntu: package libvulkan1)");
  set(GetInstanceProcAddr, dlsym(library, "vkGetInstanceProcAddr"),
      "vkGetInstanceProcAddr");
#define X(name) set(name, GetInstanceProcAddr(nullptr, "vk" #name), "vk" #name);
  QUERN_VULKAN_GLOBAL(X)
#undef X
}

void Loader::open(VkInstance instance) {
#define X(name)                                                                \
  set(name, GetInstanceProcAddr(instance, "vk" #name), "vk" #name);
  QUERN_VULKAN_INSTANCE(X)
#undef X
}

void Loader::open(VkDevice device) {
#define X(name) set(name, GetDeviceProcAddr(device, "vk" #name), "vk" #name);
  QUERN_VULKAN_DEVICE(X)
#undef X
}
