//===- Variant.cpp - Which of a program's kernels a machine runs ----------===//
#include "Variant.h"
#include "Error.h"
#include "Executor.h"
#include <algorithm>

using namespace quern;

static void require(std::span<const quern_kernel_set> variant) {
  for (const quern_kernel_set &set : variant)
    if (set.count)
      executorKind(set).require(set);
}

std::span<const quern_kernel_set>
quern::chooseVariant(std::span<const quern_kernel_set> all) {
  for (;;) {
    auto end = std::find_if(all.begin(), all.end(), [&](const auto &set) {
      return set.variant != all.front().variant;
    });
    auto variant = all.first(size_t(end - all.begin()));
    all = all.subspan(variant.size());
    try {
      require(variant);
      return variant;
    } catch (const Error &) {
      if (all.empty())
        throw;
    }
  }
}

std::string quern::planSection(std::span<const quern_kernel_set> variant) {
  uint64_t number = variant.empty() ? 0 : variant.front().variant;
  return number ? "plan." + std::to_string(number) : "plan";
}
