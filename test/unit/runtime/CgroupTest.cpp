//===- CgroupTest.cpp - Limits of containers ------------------------------===//
#include "runtime/Cgroup.h"
#include <filesystem>
#include <fstream>
#include <gtest/gtest.h>

using namespace quern;

namespace {
class Cgroup : public testing::Test {
protected:
  void SetUp() override {
    folder = testing::TempDir() + "cgroup-" +
             testing::UnitTest::GetInstance()->current_test_info()->name();
    std::filesystem::remove_all(folder);
    files = {folder + "/self", folder + "/fs"};
  }
  void TearDown() override { std::filesystem::remove_all(folder); }
  void write(const std::string &name, const std::string &text) {
    std::filesystem::path path = folder + "/" + name;
    std::filesystem::create_directories(path.parent_path());
    std::ofstream(path) << text;
  }

  std::string folder;
  CgroupFiles files;
};

TEST_F(Cgroup, TheLeastLimitAboveCounts) {
  write("self", "0::/a/b\n");
  uint64_t machine = allowedMemory({"/nowhere", "/nowhere"});
  EXPECT_GT(machine, 5u << 20);
  EXPECT_EQ(allowedMemory(files), machine);
  write("fs/memory.max", "max\n");
  write("fs/a/memory.max", "4194304\n");
  EXPECT_EQ(allowedMemory(files), 4194304u);
  write("fs/a/b/memory.max", "3145728\n");
  EXPECT_EQ(allowedMemory(files), 3145728u);
  write("fs/a/b/memory.max", "5242880\n");
  EXPECT_EQ(allowedMemory(files), 4194304u);
}

TEST_F(Cgroup, VersionOneHasATreeForEachController) {
  write("self", "5:cpu,cpuacct:/c\n4:memory:/m\n3:hugememory:/h\n0::/\n");
  EXPECT_EQ(cgroupFolders("memory", files),
            (std::vector<std::string>{files.root + "/memory/m",
                                      files.root + "/memory",
                                      files.root}));
  EXPECT_EQ(cgroupFolders("cpuacct", files).front(),
            files.root + "/cpu,cpuacct/c");
  uint64_t machine = allowedMemory(files);
  write("fs/memory/m/memory.limit_in_bytes", "9223372036854771712\n");
  EXPECT_EQ(allowedMemory(files), machine);
  write("fs/memory/memory.limit_in_bytes", "2097152\n");
  write("fs/hugememory/h/memory.limit_in_bytes", "1048576\n");
  EXPECT_EQ(allowedMemory(files), 2097152u);
}

TEST_F(Cgroup, LinesThatAreNoneSayNothing) {
  write("self", "memory\n\n1:memory\n");
  EXPECT_TRUE(cgroupFolders("memory", files).empty());
}
} // namespace
