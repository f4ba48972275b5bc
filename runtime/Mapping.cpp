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

Mapping Mapping::file(int descriptor, size_t size, const char *path) {
  if (size == 0)
    return {};
  auto map = [&](void *at, size_t bytes, int flags, int file) {
    void *memory = mmap(at, bytes, PROT_READ, MAP_PRIVATE | flags, file, 0);
    if (memory == MAP_FAILED)
      throw Error(fmt::format("{}: cannot map {} bytes: {}", path, size,
                              strerror(errno)));
    return static_cast<std::byte *>(memory);
  };
  // Huge pages are mapped as such where address and offset are multiples of them. So
  // there is more address space first, and what is too much of it goes again.
  constexpr size_t kHuge = 2 << 20;
  const size_t room = size + kHuge;
  std::byte *begin = map(nullptr, room, MAP_ANONYMOUS | MAP_NORESERVE, -1);
  std::byte *memory =
      begin + (kHuge - reinterpret_cast<uintptr_t>(begin) % kHuge) % kHuge;
  try {
    map(memory, size, MAP_FIXED, descriptor);
  } catch (...) {
    munmap(begin, room);
    throw;
  }
  const size_t page = systemPageSize(), pages = (size + page - 1) / page * page;
  if (memory > begin)
    munmap(begin, size_t(memory - begin));
  if (memory + pages < begin + room)
    munmap(memory + pages, size_t(begin + room - (memory + pages)));
  // What is not in the page cache yet is read in huge pages, by systems that have such
  // of files; refused by others.
  madvise(memory, size, MADV_HUGEPAGE);
  return {memory, size};
}
