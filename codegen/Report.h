//===- Report.h - What a target says of its kernels -------------*- C++ -*-===//
//
// For `quern compile --report`: facts about kernels that their code alone shows, so
// that they can be compared with a budget on a machine without the hardware. Nothing
// in here was measured.
//
//===----------------------------------------------------------------------===//
#pragma once
#include "llvm/Support/JSON.h"
#include <cstdint>
#include <map>
#include <string>
#include <vector>

namespace quern {

/// Of one kernel, in a step of `rows` rows.
struct KernelReport {
  /// What the threads of one workgroup load of one operand.
  struct Access {
    std::string operand; // "weights", "activations", "keys and values", ...
    /// Each counted once; and together with those that several threads ask for.
    int64_t bytes, requestedBytes;
    int64_t leastBytes; // that the operand has for this workgroup; -1: no bound
    std::map<int64_t, int64_t> loads; // width in bytes -> loads by threads
    /// Of 32 bytes, for all requests of subgroups; if all bytes of a request lay
    /// side by side.
    int64_t sectors, fewestSectors;
  };

  std::string kernel;
  int64_t rows;
  int64_t workgroups, threads, sharedBytes, barriers;
  std::vector<Access> accesses;
  /// At most so much of a chip's threads can be there at once, by what is known
  /// without a driver: threads and shared memory, not registers.
  std::map<std::string, double> occupancy;
};

llvm::json::Value toJson(const KernelReport &);
/// One line, under `reportHeading`.
std::string toText(const KernelReport &);
std::string reportHeading();

} // namespace quern
