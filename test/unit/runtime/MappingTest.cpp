//===- MappingTest.cpp - Files in memory ----------------------------------===//
#include "Mapping.h"
#include "Error.h"
#include <cstdlib>
#include <fstream>
#include <gtest/gtest.h>
#include <string>
#include <sys/mman.h>
#include <unistd.h>
#include <vector>

using namespace quern;

namespace {
constexpr size_t kHuge = 2 << 20;

/// A file that has a number in every 8 bytes, and is gone with the test.
class File {
public:
  explicit File(size_t size) : bytes(size) {
    for (size_t i = 0; i < size; ++i)
      bytes[i] = uint8_t((i / 8) >> (8 * (i % 8)));
    char name[] = "/tmp/quern-mapping-XXXXXX";
    descriptor = mkstemp(name);
    unlink(name);
    EXPECT_EQ(write(descriptor, bytes.data(), size), ssize_t(size));
  }
  ~File() { close(descriptor); }
  std::vector<uint8_t> bytes;
  int descriptor;
};

/// Lines of the table of mappings: what is left over would be one more.
size_t mappings() {
  std::ifstream in("/proc/self/maps");
  size_t lines = 0;
  for (std::string line; std::getline(in, line);)
    ++lines;
  return lines;
}
} // namespace

TEST(Mapping, HasTheFileAndNothingElse) {
  for (size_t size : {size_t(1), size_t(4096), kHuge - 1, kHuge, kHuge + 1, 3 * kHuge + 5000}) {
    File file(size);
    const size_t before = mappings();
    {
      Mapping mapping = Mapping::file(file.descriptor, size, "file");
      ASSERT_EQ(mapping.size(), size);
      EXPECT_TRUE(std::equal(file.bytes.begin(), file.bytes.end(), mapping.bytes().begin()));
      EXPECT_LE(mappings(), before + 1) << size;
      if (size >= kHuge && systemPageSize() == 4096) {
        EXPECT_EQ(reinterpret_cast<uintptr_t>(mapping.data()) % kHuge, 0u);
      }
      adviseStreamed(mapping.bytes());
      adviseStreamed(mapping.bytes().first(size / 2));
      EXPECT_TRUE(std::equal(file.bytes.begin(), file.bytes.end(), mapping.bytes().begin()));
    }
    EXPECT_LE(mappings(), before);
  }
}

TEST(Mapping, OfNothing) {
  File file(0);
  EXPECT_EQ(Mapping::file(file.descriptor, 0, "file").size(), 0u);
  adviseStreamed({});
}

TEST(Mapping, SaysWhichFile) {
  const size_t before = mappings();
  for (size_t size : {size_t(100), 3 * kHuge})
    try {
      Mapping::file(-1, size, "some/file");
      FAIL();
    } catch (const Error &error) {
      EXPECT_NE(std::string(error.what()).find("some/file: cannot map"), std::string::npos);
    }
  EXPECT_LE(mappings(), before);
}

TEST(Mapping, AStackBeginsBehindAPageThatFaults) {
  Mapping stack = Mapping::stack(1 << 16);
  ASSERT_EQ(stack.size(), (1u << 16) + systemPageSize());
  stack.data()[stack.size() - (1 << 16)] = std::byte(1);
  EXPECT_DEATH(*const_cast<volatile std::byte *>(stack.data()) = std::byte(1), "");
}
