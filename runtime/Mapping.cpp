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
  void *memory = mmap(nullptr, size, PROT_READ, MAP_PRIVATE, descriptor, 0);
  if (memory == MAP_FAILED)
    throw Error(fmt::format("{}: cannot map {} bytes: {}", path, size,
                            strerror(errno)));
  return {static_cast<std::byte *>(memory), size};
}
