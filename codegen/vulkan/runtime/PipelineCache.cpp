//===- PipelineCache.cpp - What a driver compiled, kept for later ---------===//
#include "PipelineCache.h"
#include "runtime/Plan.h"
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fcntl.h>
#include <fmt/format.h>
#include <memory>
#include <sys/stat.h>
#include <unistd.h>

using namespace quern;
using namespace quern::vulkan;

namespace {
constexpr uint64_t kCacheMagic = 0x314548434143514eull;
constexpr uint64_t kMostBytes = 1 << 30;

/// Before the driver's data, which is nothing to be trusted with a damaged file.
struct Header {
  uint64_t magic, size, checksum;
};

struct Closer {
  void operator()(FILE *file) const { fclose(file); }
};
using File = std::unique_ptr<FILE, Closer>;
} // namespace

PipelineCache::PipelineCache(const std::string &device, uint64_t kernels) {
  const char *cache = getenv("XDG_CACHE_HOME"), *home = getenv("HOME");
  if (cache && cache[0] == '/')
    folder = cache;
  else if (home && home[0] == '/')
    folder = std::string(home) + "/.cache";
  else
    return;
  folder += "/quern/pipelines";
  file = fmt::format("{}/{}-{:016x}", folder, device, kernels);
}

std::vector<uint8_t> PipelineCache::load() const {
  if (file.empty())
    return {};
  // Not to wait for the other end of a pipe that has this name.
  int descriptor = open(file.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  File in(descriptor < 0 ? nullptr : fdopen(descriptor, "r"));
  struct stat status;
  Header header;
  if (!in || fstat(descriptor, &status) != 0 || !S_ISREG(status.st_mode) ||
      fread(&header, sizeof(header), 1, in.get()) != 1 ||
      header.magic != kCacheMagic || header.size > kMostBytes ||
      uint64_t(status.st_size) != sizeof(header) + header.size)
    return {};
  std::vector<uint8_t> data(header.size);
  if (fread(data.data(), 1, data.size(), in.get()) != data.size() ||
      plan::checksum(data.data(), data.size()) != header.checksum)
    return {};
  return data;
}

static void makeFolders(const std::string &path) {
  for (size_t slash = path.find('/', 1); slash != path.npos;
       slash = path.find('/', slash + 1))
    mkdir(path.substr(0, slash).c_str(), 0777);
  mkdir(path.c_str(), 0777);
}

void PipelineCache::store(std::span<const uint8_t> data) const {
  if (file.empty())
    return;
  makeFolders(folder);
  std::string temporary = fmt::format("{}.{}", file, getpid());
  File out(fopen(temporary.c_str(), "wxe"));
  if (!out)
    return;
  Header header{kCacheMagic, data.size(),
                plan::checksum(data.data(), data.size())};
  bool written =
      fwrite(&header, sizeof(header), 1, out.get()) == 1 &&
      fwrite(data.data(), 1, data.size(), out.get()) == data.size() &&
      fflush(out.get()) == 0;
  out.reset();
  if (!written || rename(temporary.c_str(), file.c_str()) != 0)
    unlink(temporary.c_str());
}
