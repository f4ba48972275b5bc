//===- Cgroup.h - What a container is allowed -------------------*- C++ -*-===//
//
// Cgroups limit a process's CPU time and memory, in files of a tree of folders: one
// tree for all controllers (version 2) or one for each (version 1). A limit of a
// folder is one of all below it.
//
//===----------------------------------------------------------------------===//
#pragma once
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace quern {

/// What says where limits are.
struct CgroupFiles {
  std::string ofProcess = "/proc/self/cgroup", root = "/sys/fs/cgroup";
};

/// The folders of this process's cgroups and all above them in which the controller
/// ("cpu", "memory") may have limits; there may be none.
std::vector<std::string> cgroupFolders(std::string_view controller,
                                       const CgroupFiles & = {});

/// The text of a file of up to a few kilobytes; empty if it cannot be read.
std::string readSmallFile(const std::string &path);

/// Bytes of memory that this process may use: the machine's, lowered to its cgroups'
/// limits.
uint64_t allowedMemory(const CgroupFiles & = {});

} // namespace quern
