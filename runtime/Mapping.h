//===- Mapping.h - Memory from mmap, owned ---------------------*- C++ -*-===//
//
// Memory that the kernel hands out page by page when it is first touched. The
// runtime's big buffers are such mappings, so that what a short conversation
// costs is what it touches and not what the longest one would.
//
//===----------------------------------------------------------------------===//
#pragma once
#include <cstddef>
#include <cstdint>
#include <span>
#include <utility>

namespace quern {

/// Of this machine: 4 KiB, on ARM perhaps 16 or 64.
size_t systemPageSize();

/// Of a mapped file: what will be read from end to end, again and again. It is read in
/// huge pages, if it is not in the page cache yet and the system has such for files.
void adviseStreamed(std::span<const uint8_t> bytes);

class Mapping {
public:
  Mapping() = default;
  Mapping(Mapping &&other) noexcept
      : base(std::exchange(other.base, nullptr)),
        length(std::exchange(other.length, 0)) {}
  Mapping &operator=(Mapping &&other) noexcept {
    std::swap(base, other.base);
    std::swap(length, other.length);
    return *this;
  }
  ~Mapping();

  /// `size` bytes of zeros, page-aligned, in small pages (never huge ones: the
  /// memory plan counts touched pages exactly). `what` names the memory in
  /// the Error thrown if there is not that much address space.
  static Mapping anonymous(size_t size, const char *what);

  /// A stack for a thread: the last `size` bytes; before them a page that faults.
  static Mapping stack(size_t size);

  /// A whole file, read only, or an empty mapping if it has no bytes. A large one so that
  /// huge pages can be mapped as such.
  static Mapping file(int descriptor, size_t size, const char *path);

  std::byte *data() const { return base; }
  size_t size() const { return length; }
  std::span<const uint8_t> bytes() const {
    return {reinterpret_cast<const uint8_t *>(base), length};
  }

private:
  Mapping(std::byte *base, size_t length) : base(base), length(length) {}

  std::byte *base = nullptr;
  size_t length = 0;
};

} // namespace quern
