//===- Upload.h - Writing to the device's memory ----------------*- C++ -*-===//
//
// Memory that the host sees is written in place. To other memory two staging buffers
// take turns: while the device copies out of one the host fills the other. They are
// the host's memory and gone with the upload, so no plan counts them.
//
//     Upload upload(device);
//     upload.write(weights, 0, data, bytes); // ... and more
//     upload.finish();
//
// Throws Error, in one line, for what the driver refuses. All of it is one thread's,
// while nothing runs on the device; others may make pipelines meanwhile.
//
//===----------------------------------------------------------------------===//
#pragma once
#include "Device.h"
#include <array>

namespace quern::vulkan {

class Upload {
public:
  explicit Upload(Device &device) : device(*device.state) {}
  /// What was begun is waited for.
  ~Upload();
  Upload(const Upload &) = delete;
  Upload &operator=(const Upload &) = delete;

  /// `data` has been read when it returns. Where it is a mapped file, the file is
  /// read ahead of what is copied.
  void write(const Buffer &to, uint64_t offset, const void *data,
             uint64_t bytes);
  /// Returns when the device has everything.
  void finish();

private:
  /// A staging buffer and the copy out of it.
  struct Turn {
    Buffer staging;
    Owned<VkFence> done;
    Owned<VkCommandPool> pool;
    bool underWay = false;
  };
  void copy(const Buffer &to, uint64_t offset, const std::byte *data,
            uint64_t bytes);
  void wait(Turn &turn);

  Device::State &device;
  std::array<Turn, 2> turns;
  size_t next = 0;
};

} // namespace quern::vulkan
