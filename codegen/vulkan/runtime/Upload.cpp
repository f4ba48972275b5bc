//===- Upload.cpp - Writing to the device's memory ------------------------===//
#include "Upload.h"
#include "DeviceState.h"
#include <algorithm>
#include <cstring>
#include <sys/mman.h>
#include <unistd.h>

using namespace quern;
using namespace quern::vulkan;

/// Bytes of a piece. A copy of that takes a device longer than it takes to submit one,
/// and both staging buffers together are still small.
static constexpr uint64_t kPiece = uint64_t(8) << 20;
/// So much of a file is asked for beyond the piece that is copied.
static constexpr uint64_t kAhead = 2 * kPiece;

/// Has the kernel begin to read that part of a file. Left to itself it reads what is
/// about the page that is missed, when it is missed.
static void readAhead(const std::byte *data, uint64_t bytes) {
  auto address = reinterpret_cast<uintptr_t>(data);
  uintptr_t page = address & ~uintptr_t(sysconf(_SC_PAGESIZE) - 1);
  // Refused for what is no file, which is there already.
  madvise(reinterpret_cast<void *>(page), address + bytes - page,
          MADV_WILLNEED);
}

Upload::~Upload() {
  for (Turn &turn : turns)
    if (VkFence fence = turn.done.get(); turn.underWay) // or it has failed
      device.vk.WaitForFences(device.device, 1, &fence, VK_TRUE, kForever);
}

void Upload::write(const Buffer &to, uint64_t offset, const void *from,
                   uint64_t bytes) {
  auto *data = static_cast<const std::byte *>(from);
  const uint64_t most =
      std::clamp<uint64_t>(device.mostStaged, 1, kPiece);
  uint64_t asked = 0;
  for (uint64_t done = 0, part; done < bytes; done += part) {
    part = std::min(bytes - done, most);
    if (uint64_t wanted = std::min(bytes, done + part + kAhead);
        asked < wanted) {
      readAhead(data + asked, wanted - asked);
      asked = wanted;
    }
    if (to.data())
      std::memcpy(static_cast<std::byte *>(to.data()) + offset + done,
                  data + done, part);
    else
      copy(to, offset + done, data + done, part);
  }
}

/// A piece, by the staging buffer whose turn it is.
void Upload::copy(const Buffer &to, uint64_t offset, const std::byte *data,
                  uint64_t bytes) {
  Turn &turn = turns[next++ % turns.size()];
  wait(turn);
  if (!turn.done.get())
    turn.done = device.makeFence();
  if (turn.staging.size() < bytes)
    turn.staging = device.allocate(bytes, "uploading", Memory::Shared);
  std::memcpy(turn.staging.data(), data, bytes);
  VkCommandBuffer commands = device.begin(turn.pool);
  VkBufferCopy region{0, offset, bytes};
  device.vk.CmdCopyBuffer(commands, turn.staging.buffer.get(), to.buffer.get(),
                          1, &region);
  device.barrier(
      commands, VK_PIPELINE_STAGE_TRANSFER_BIT, VK_ACCESS_TRANSFER_WRITE_BIT,
      VK_PIPELINE_STAGE_COMPUTE_SHADER_BIT, VK_ACCESS_SHADER_READ_BIT);
  device.check(device.vk.EndCommandBuffer(commands), "uploading");
  device.submit(commands, turn.done.get(), "uploading");
  turn.underWay = true;
}

void Upload::wait(Turn &turn) {
  if (!turn.underWay)
    return;
  device.wait(turn.done.get(), "uploading");
  turn.underWay = false;
}

void Upload::finish() {
  for (Turn &turn : turns)
    wait(turn);
}
