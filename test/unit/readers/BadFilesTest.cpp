//===- BadFilesTest.cpp - Nothing in a file is trusted ---------*- C++ -*-===//
//
// All malformed files, every cut of good ones, and every structural field of
// good ones at extreme values.
//
//===----------------------------------------------------------------------===//
#include "BadFiles.h"
#include "Reading.h"
#include <cstring>

using namespace quern::test;

TEST(BadFiles, gguf) {
  TemporaryFolder folder;
  for (const BadGguf &bad : badGgufs()) {
    SCOPED_TRACE(bad.name);
    std::string message = openBad(folder.write("bad.gguf", bad.bytes));
    EXPECT_NE(message.find(bad.message), std::string::npos)
        << "is: " << message << "\nexpected: " << bad.message;
  }
}

static void checkFolders(const std::vector<BadFolder> &folders) {
  for (const BadFolder &bad : folders) {
    SCOPED_TRACE(bad.name);
    TemporaryFolder folder;
    folder.write(bad.files);
    std::string message = openBad(folder.path());
    EXPECT_NE(message.find(bad.message), std::string::npos)
        << "is: " << message << "\nexpected: " << bad.message;
  }
}

TEST(BadFiles, weightsOfAFolder) { checkFolders(badWeights()); }
TEST(BadFiles, configurationOfAFolder) { checkFolders(badConfigs()); }

/// 201 lengths from 0 to one less than all.
static std::vector<size_t> cuts(size_t size) {
  std::vector<size_t> result;
  for (size_t i = 0; i < 200; ++i)
    result.push_back(i * size / 200);
  result.push_back(size - 1);
  return result;
}

TEST(BadFiles, cutGguf) {
  std::string bytes = goodGguf().bytes;
  ASSERT_EQ(readBadGguf(bytes), "");
  for (size_t length = 0; length < bytes.size(); ++length) {
    SCOPED_TRACE(length);
    EXPECT_NE(readBadGguf(bytes.substr(0, length)), "");
  }
}

TEST(BadFiles, cutFolderFiles) {
  for (const auto &[name, bytes] : goodFolder()) {
    TemporaryFolder folder;
    folder.write(goodFolder());
    ASSERT_EQ(openBad(folder.path()), "");
    for (size_t length : cuts(bytes.size())) {
      SCOPED_TRACE(name + " cut at " + std::to_string(length));
      folder.write(name, bytes.substr(0, length));
      EXPECT_NE(openBad(folder.path()), "");
    }
  }
}

static std::vector<uint64_t> extremes(unsigned width, uint64_t value) {
  uint64_t max = width == 8 ? UINT64_MAX : (1ull << (8 * width)) - 1;
  uint64_t top = 1ull << (8 * width - 1);
  std::vector<uint64_t> result = {
      0,   1,       2,       max,      max - 1,   max - 7,  max / 2,
      top, top + 1, max / 4, max / 32, value - 1, value + 1};
  if (width == 8)
    for (unsigned bit : {16, 24, 31, 32, 33, 48, 60, 61, 62})
      result.push_back(1ull << bit);
  return result;
}

// Some patches leave a valid file (a mere value, an f32 read as an i32), hence
// what is asserted here for all: no crash, no large allocation, and what an
// error looks like. Counts and lengths beyond the file must be errors.
TEST(BadFiles, everyFieldAtExtremes) {
  GgufWriter file = goodGguf();
  ASSERT_EQ(readBadGguf(file.bytes), "");
  size_t errors = 0, tries = 0;
  for (const Field &field : file.fields) {
    uint64_t value = 0;
    std::memcpy(&value, &file.bytes[field.offset], field.width);
    for (uint64_t patched : extremes(field.width, value)) {
      SCOPED_TRACE(field.what + " = " + std::to_string(patched));
      std::string bytes = file.bytes;
      std::memcpy(&bytes[field.offset], &patched, field.width);
      if (bytes == file.bytes)
        continue;
      std::string message = readBadGguf(bytes);
      ++tries;
      errors += !message.empty();
      if (field.isStructure && patched > bytes.size()) {
        EXPECT_NE(message, "");
      }
    }
  }
  EXPECT_GT(errors, tries / 2);
}

// The same for bytes anywhere, which also hits names and keys.
TEST(BadFiles, everyByteAtExtremes) {
  std::string good = goodGguf().bytes;
  for (size_t i = 0; i < good.size() - 288 - 256; ++i) {
    for (int value : {0x00, 0x7f, 0x80, 0xff}) {
      SCOPED_TRACE(std::to_string(i) + " = " + std::to_string(value));
      std::string bytes = good;
      bytes[i] = static_cast<char>(value);
      readBadGguf(bytes);
    }
  }
}

TEST(BadFiles, whatIsNoFile) {
  TemporaryFolder folder;
  EXPECT_NE(openBad(folder.path() + "/none.gguf")
                .find("cannot be opened: No "
                      "such file"),
            std::string::npos);
  EXPECT_NE(openBad("/dev/null").find("is not a regular file"),
            std::string::npos);
  EXPECT_NE(openBad(folder.path()).find("has no config.json"),
            std::string::npos);
  EXPECT_NE(openBad("/proc/self/exe").find("is a program"), std::string::npos);
  EXPECT_NE(openBad(folder.write("a.txt", "hello")).find("neither a GGUF"),
            std::string::npos);
  folder.write(goodFolder());
  EXPECT_NE(openBad(folder.path() + "/config.json").find("is not a model"),
            std::string::npos);
  std::string path = folder.write("model.safetensors", "hello");
  EXPECT_NE(openBad(path).find("header's length"), std::string::npos);
}
