//===- Variant.h - Which of a program's kernels a machine runs --*- C++ -*-===//
#pragma once
#include "Plan.h"
#include <span>
#include <string>

namespace quern {

/// The sets of the first variant of `all` that this machine can run, in the order of its
/// plan's devices. Throws Error, in words, if there is none: that of the last variant,
/// which wants the least.
std::span<const quern_kernel_set>
chooseVariant(std::span<const quern_kernel_set> all);

/// The section with the plan of a variant's sets.
std::string planSection(std::span<const quern_kernel_set> variant);

} // namespace quern
