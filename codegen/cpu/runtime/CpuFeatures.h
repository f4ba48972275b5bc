//===- CpuFeatures.h - Does this CPU have what the kernels need -*- C++ -*-===//
//
// An artifact's kernels are compiled for one instruction set. Before any of
// them runs, the names that the compiler left in their quern_kernel_set (LLVM's,
// such as "avx512vnni") are looked up in what the system says (features/); a CPU
// or an operating system without one of them is refused in words instead of by an
// illegal instruction. This code is itself compiled for the plain architecture.
//
//===----------------------------------------------------------------------===//
#pragma once
#include <string>
#include <string_view>

namespace quern {

/// Those of the comma-separated features (a leading '+' is allowed) that the
/// CPU or the operating system lacks, or that no CPU known here has.
std::string missingCpuFeatures(std::string_view wanted);

/// Throws Error naming `cpu` and the missing features. Also asks the kernel for
/// the tile registers where a feature needs them (Linux grants AMX to a process
/// only on request), so it must run before the first thread is started.
void requireCpuFeatures(std::string_view wanted, std::string_view cpu);

} // namespace quern
