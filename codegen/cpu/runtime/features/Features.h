//===- Features.h - What a CPU has, of one architecture --------*- C++ -*-===//
//
// features/X.cpp defines these for the architecture X, as CMAKE_SYSTEM_PROCESSOR
// calls it.
//
//===----------------------------------------------------------------------===//
#pragma once
#include <string_view>

namespace quern {

/// Whether CPU and operating system have the feature; not if the name is unknown.
bool cpuHas(std::string_view name);

/// Asks the operating system for what a process must ask for before it uses the
/// feature, which is there. Throws Error if that is refused.
void askForCpuState(std::string_view name);

} // namespace quern
