//===- Mapping.cpp - Memory from mmap, owned --------------------*- C++ -*-===//
#include "Mapping.h"
#include "Error.h"
#include <cerrno>
#include <cstring>
#include <fmt/format.h>
#include <sys/mman.h>
#include <unistd.h>

using namespace quern;

size_t quern::systemPageSize() { return size_t(sysconf(_SC_PAGESIZE)); }

Mapping::~Mapping() {
  if (base)
    munmap(base, length);
}

Mapping Mapping::anonymous(size_t size, const char *what) {
  if (size == 0)
    return {};
  void *memory = mmap(nullptr, size, PROT_READ | PROT_WRITE,
                      MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (memory == MAP_FAILED)
    throw Error(fmt::format("cannot reserve {} bytes for {}: {}", size, what,
                            strerror(errno)));
  madvise(memory, size, MADV_NOHUGEPAGE); // refused where there are none
  return {static_cast<std::byte *>(memory), size};
}

Mapping Mapping::stack(size_t size) {
  size_t page = systemPageSize();
  Mapping mapping = anonymous(size + page, "a thread's stack");
  mprotect(mapping.base, page, PROT_NONE);
  return mapping;
}

/// Of pages of 4 KiB; with larger ones huge pages have other sizes.
static constexpr size_t kSmall = 4096, kHuge = 2 << 20;

/// Address space of `size` bytes that begins where a huge page may; null if there is not
/// that much. For a mapping in its place.
static std::byte *hugeAligned(size_t size) {
  if (size < kHuge || systemPageSize() != kSmall)
    return nullptr;
  // More at first, and what is too much of it goes again.
  const size_t pages = (size + kSmall - 1) / kSmall * kSmall, room = pages + kHuge;
  void *memory = mmap(nullptr, room, PROT_NONE,
                      MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (memory == MAP_FAILED)
    return nullptr;
  auto *begin = static_cast<std::byte *>(memory);
  const size_t before = (kHuge - reinterpret_cast<uintptr_t>(begin) % kHuge) % kHuge;
  if (before)
    munmap(begin, before);
  if (kHuge > before)
    munmap(begin + before + pages, kHuge - before);
  return begin + before;
}

Mapping Mapping::file(int descriptor, size_t size, const char *path) {
  if (size == 0)
    return {};
  std::byte *at = hugeAligned(size);
  void *memory = mmap(at, size, PROT_READ, MAP_PRIVATE | (at ? MAP_FIXED : 0),
                      descriptor, 0);
  if (memory == MAP_FAILED) {
    int error = errno;
    if (at)
      munmap(at, size);
    throw Error(fmt::format("{}: cannot map {} bytes: {}", path, size,
                            strerror(error)));
  }
  return {static_cast<std::byte *>(memory), size};
}

void quern::adviseStreamed(std::span<const uint8_t> bytes) {
  auto begin = reinterpret_cast<uintptr_t>(bytes.data()), end = begin + bytes.size();
  begin = (begin + kHuge - 1) / kHuge * kHuge, end = end / kHuge * kHuge;
  if (begin < end && systemPageSize() == kSmall)
    madvise(reinterpret_cast<void *>(begin), end - begin, MADV_HUGEPAGE);
}
