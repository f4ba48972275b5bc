//===- Cpus.cpp - How many CPUs may this process use ------------*- C++ -*-===//
//
// The affinity mask says on which CPUs threads may run, the cgroup's quota for
// how much time: in a container with two CPUs' worth of time on a machine of
// 64, 64 threads would be stopped for most of every period.
//
//===----------------------------------------------------------------------===//
#include "Cgroup.h"
#include "Team.h"
#include <algorithm>
#include <charconv>
#include <sched.h>
#include <string>
#include <string_view>

using namespace quern;

/// CPUs that `quota` microseconds in every `period` are worth; 0: no limit.
static unsigned quotaCpus(std::string_view quota, std::string_view period) {
  auto number = [](std::string_view text) {
    int64_t value = 0;
    std::from_chars(text.data(), text.data() + text.size(), value);
    return value; // 0 for "max", -1 for version 1's "none"
  };
  int64_t time = number(quota), per = number(period);
  return time > 0 && per > 0 ? unsigned((time + per - 1) / per) : 0;
}

/// The limit in one folder of the hierarchy, version 2 or 1.
static unsigned folderLimit(const std::string &folder) {
  std::string both = readSmallFile(folder + "/cpu.max");
  if (size_t space = both.find(' '); space != both.npos)
    return quotaCpus(both, std::string_view(both).substr(space + 1));
  return quotaCpus(readSmallFile(folder + "/cpu.cfs_quota_us"),
                   readSmallFile(folder + "/cpu.cfs_period_us"));
}

/// The least limit of this process's cgroups and all above them; 0: none.
static unsigned cgroupLimit() {
  unsigned limit = 0;
  for (const std::string &folder : cgroupFolders("cpu"))
    if (unsigned found = folderLimit(folder))
      limit = limit ? std::min(limit, found) : found;
  return limit;
}

unsigned quern::allowedCpus() {
  cpu_set_t masks[8];
  CPU_ZERO_S(sizeof(masks), masks);
  unsigned cpus = 1;
  if (sched_getaffinity(0, sizeof(masks), masks) == 0)
    cpus = std::max(1, CPU_COUNT_S(sizeof(masks), masks));
  unsigned limit = cgroupLimit();
  return limit ? std::min(cpus, limit) : cpus;
}
