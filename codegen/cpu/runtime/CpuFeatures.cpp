//===- CpuFeatures.cpp - Does this CPU have what the kernels need ---------===//
#include "codegen/cpu/runtime/CpuFeatures.h"
#include "Error.h"
#include "codegen/cpu/runtime/features/Features.h"
#include <fmt/format.h>

using namespace quern;

/// Calls `use` with every name in a comma-separated list.
template <typename Use>
static void forEachName(std::string_view list, Use use) {
  while (!list.empty()) {
    size_t comma = list.find(',');
    std::string_view name = list.substr(0, comma);
    list = comma == list.npos ? std::string_view() : list.substr(comma + 1);
    if (!name.empty() && name.front() == '+')
      name.remove_prefix(1);
    if (!name.empty())
      use(name);
  }
}

std::string quern::missingCpuFeatures(std::string_view wanted) {
  std::string missing;
  forEachName(wanted, [&](std::string_view name) {
    if (cpuHas(name))
      return;
    if (!missing.empty())
      missing += ", ";
    missing += name;
  });
  return missing;
}

void quern::requireCpuFeatures(std::string_view wanted, std::string_view cpu) {
  std::string missing = missingCpuFeatures(wanted);
  if (!missing.empty())
    throw Error(fmt::format("compiled for {}, but this CPU or operating system "
                            "lacks {}",
                            cpu.empty() ? "another CPU" : cpu, missing));
  forEachName(wanted, askForCpuState);
}
