//===- WriteAll.h - Bytes to a place of a file ------------------*- C++ -*-===//
#pragma once
#include <cerrno>
#include <cstdint>
#include <system_error>
#include <unistd.h>

namespace quern {

/// Writes all bytes, however many calls the system makes of it.
inline std::error_code writeAll(int file, const void *data, uint64_t size,
                                uint64_t offset) {
  const char *bytes = static_cast<const char *>(data);
  while (size) {
    ssize_t n = pwrite(file, bytes, size, offset);
    if (n < 0 && errno == EINTR)
      continue;
    if (n <= 0)
      return {n < 0 ? errno : EIO, std::generic_category()};
    bytes += n, size -= n, offset += n;
  }
  return {};
}

} // namespace quern
