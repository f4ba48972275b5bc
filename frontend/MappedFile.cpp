//===- MappedFile.cpp - A file's bytes, read-only --------------*- C++ -*-===//
//
// open, fstat, mmap. Only regular files have a length that can be trusted.
//
//===----------------------------------------------------------------------===//
#include "frontend/MappedFile.h"
#include "frontend/ReaderSupport.h"
#include "llvm/ADT/StringExtras.h"
#include <cerrno>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <system_error>
#include <unistd.h>
#include <utility>

using namespace llvm;
using namespace quern;

static Error systemError(StringRef path, const char *what, int code) {
  return fileError(path,
                   Twine(what) + ": " + std::generic_category().message(code));
}

/// Maps `size` bytes of an open file; the descriptor is not needed afterwards.
static Expected<ArrayRef<uint8_t>> mapBytes(StringRef path, int descriptor,
                                            uint64_t maxBytes) {
  struct stat status;
  if (fstat(descriptor, &status) != 0)
    return systemError(path, "cannot read its size", errno);
  if (S_ISDIR(status.st_mode))
    return fileError(path, "is a folder, expected a file");
  if (!S_ISREG(status.st_mode))
    return fileError(path, "is not a regular file");
  uint64_t size = status.st_size;
  if (size > maxBytes)
    return fileError(path, "has " + Twine(size) + " bytes, at most " +
                               Twine(maxBytes) + " are supported");
  if (size == 0) // mmap refuses this length
    return ArrayRef<uint8_t>();
  void *data = mmap(nullptr, size, PROT_READ, MAP_PRIVATE, descriptor, 0);
  if (data == MAP_FAILED)
    return systemError(path, "cannot be mapped", errno);
  return ArrayRef<uint8_t>(static_cast<const uint8_t *>(data), size);
}

Expected<MappedFile> MappedFile::open(StringRef path, uint64_t maxBytes) {
  std::string name = path.str();
  // Not to wait for the other end of a pipe somebody named here.
  int descriptor = ::open(name.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  if (descriptor < 0)
    return systemError(path, "cannot be opened", errno);
  Expected<ArrayRef<uint8_t>> bytes = mapBytes(path, descriptor, maxBytes);
  ::close(descriptor);
  if (!bytes)
    return bytes.takeError();
  MappedFile file = view(path, *bytes);
  file.owned = true;
  return file;
}

MappedFile MappedFile::view(StringRef name, ArrayRef<uint8_t> bytes) {
  MappedFile file;
  file.fileName = name.str();
  file.contents = bytes;
  return file;
}

MappedFile &MappedFile::operator=(MappedFile &&other) noexcept {
  std::swap(fileName, other.fileName);
  std::swap(contents, other.contents);
  std::swap(owned, other.owned);
  return *this;
}

MappedFile::~MappedFile() {
  if (owned && !contents.empty())
    munmap(const_cast<uint8_t *>(contents.data()), contents.size());
}
