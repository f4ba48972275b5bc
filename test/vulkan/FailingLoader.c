/* A Vulkan loader in front of the real one, for tests: the QUERN_TEST_FAIL_AFTERth
   submission of work and all after it end with the result QUERN_TEST_FAIL_WITH, and
   devices have QUERN_TEST_SHARED_MEMORY bytes of shared memory at most and, with
   QUERN_TEST_NO_INTEGER_DOT=1, no integer dot products. The file QUERN_TEST_EVENTS gets
   an 's' for a submission, a 'w' for a wait for one. The loader is found as
   libvulkan.so.1 in a folder of LD_LIBRARY_PATH; QUERN_TEST_REAL_LOADER is the other's
   path. */
#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <vulkan/vulkan_core.h>

static PFN_vkGetInstanceProcAddr realInstance;
static PFN_vkGetDeviceProcAddr realDevice;
static PFN_vkQueueSubmit realSubmit;
static PFN_vkWaitForFences realWait;
static PFN_vkGetPhysicalDeviceProperties realProperties;
static PFN_vkGetPhysicalDeviceFeatures2 realFeatures;
static int submissions;

static int number(const char *name) {
  const char *text = getenv(name);
  return text ? atoi(text) : 0;
}

static void VKAPI_CALL properties(VkPhysicalDevice device,
                                  VkPhysicalDeviceProperties *has) {
  realProperties(device, has);
  uint32_t most = (uint32_t)number("QUERN_TEST_SHARED_MEMORY");
  if (most && has->limits.maxComputeSharedMemorySize > most)
    has->limits.maxComputeSharedMemorySize = most;
}

static void note(char event) {
  const char *name = getenv("QUERN_TEST_EVENTS");
  FILE *file = name ? fopen(name, "a") : NULL;
  if (!file)
    return;
  fputc(event, file);
  fclose(file);
}

static VkResult VKAPI_CALL waitForFences(VkDevice device, uint32_t count,
                                         const VkFence *fences, VkBool32 all,
                                         uint64_t most) {
  note('w');
  return realWait(device, count, fences, all, most);
}

static void VKAPI_CALL features(VkPhysicalDevice device,
                                VkPhysicalDeviceFeatures2 *has) {
  realFeatures(device, has);
  VkBaseOutStructure *part = (VkBaseOutStructure *)has;
  for (; part; part = part->pNext)
    if (part->sType == VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_VULKAN_1_3_FEATURES &&
        number("QUERN_TEST_NO_INTEGER_DOT"))
      ((VkPhysicalDeviceVulkan13Features *)part)->shaderIntegerDotProduct =
          VK_FALSE;
}

static VkResult VKAPI_CALL submit(VkQueue queue, uint32_t count,
                                  const VkSubmitInfo *infos, VkFence fence) {
  note('s');
  if (++submissions >= number("QUERN_TEST_FAIL_AFTER"))
    return (VkResult)number("QUERN_TEST_FAIL_WITH");
  return realSubmit(queue, count, infos, fence);
}

static PFN_vkVoidFunction VKAPI_CALL ofDevice(VkDevice device,
                                              const char *name) {
  PFN_vkVoidFunction found = realDevice(device, name);
  if (!strcmp(name, "vkWaitForFences")) {
    realWait = (PFN_vkWaitForFences)found;
    return (PFN_vkVoidFunction)waitForFences;
  }
  if (strcmp(name, "vkQueueSubmit"))
    return found;
  realSubmit = (PFN_vkQueueSubmit)found;
  return (PFN_vkVoidFunction)submit;
}

__attribute__((visibility("default"))) PFN_vkVoidFunction VKAPI_CALL
vkGetInstanceProcAddr(VkInstance instance, const char *name) {
  if (!realInstance) {
    void *library =
        dlopen(getenv("QUERN_TEST_REAL_LOADER"), RTLD_NOW | RTLD_LOCAL);
    if (!library)
      return NULL;
    realInstance = (PFN_vkGetInstanceProcAddr)dlsym(library,
                                                    "vkGetInstanceProcAddr");
  }
  PFN_vkVoidFunction found = realInstance(instance, name);
  if (found && !strcmp(name, "vkGetPhysicalDeviceProperties")) {
    realProperties = (PFN_vkGetPhysicalDeviceProperties)found;
    return (PFN_vkVoidFunction)properties;
  }
  if (found && !strcmp(name, "vkGetPhysicalDeviceFeatures2")) {
    realFeatures = (PFN_vkGetPhysicalDeviceFeatures2)found;
    return (PFN_vkVoidFunction)features;
  }
  if (strcmp(name, "vkGetDeviceProcAddr"))
    return found;
  realDevice = (PFN_vkGetDeviceProcAddr)found;
  return (PFN_vkVoidFunction)ofDevice;
}
