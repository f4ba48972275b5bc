//===- Executor.h - What runs the stages of a plan --------------*- C++ -*-===//
//
// The engine knows rows, sequences and steps; an executor runs stages and owns the
// memory that they work in: the arena and the pool of keys and values. There is one
// kind for each kind of hardware, made by the target that also makes its kernels:
//
//     object of the target               archive of the target's runtime
//       quern_kernel_set  ---executor-->   quern_executor_kind  --open-->  Executor
//
// The linker takes of all archives only what the kernels' object names, so an
// artifact has the code of its own hardware, and nothing here asks which that is.
//
//===----------------------------------------------------------------------===//
#pragma once
#include "PlanView.h"
#include <ctime>
#include <memory>
#include <span>

namespace quern {

class Team;

struct StageTime {
  uint64_t nanoseconds = 0, runs = 0;
  uint64_t rows = 0; // of all runs
};

class Executor {
public:
  virtual ~Executor() = default;

  /// The arena's first PlanHeader::frontBytes: step inputs and page tables, which
  /// the host writes between runs, logits, which it reads, and what it copies from
  /// one executor's front to another's. Zeros at first, and at one address as long
  /// as the executor lives.
  virtual std::byte *front() = 0;

  /// Runs the stages [first, last) of the plan in order, which are all this device's;
  /// `counts` as kernels see them (plan::StepCount). Returns when all of them are done.
  virtual void run(size_t first, size_t last, const int64_t *counts) = 0;

  /// The same, and adds to times[stage] what each of them took.
  virtual void measure(size_t first, size_t last, const int64_t *counts,
                       StageTime *times) = 0;
};

/// What an executor is made for; all of it outlives the executor.
struct ExecutorInput {
  const PlanView &plan;
  uint32_t device;                  // of the plan: whose stages these are
  std::span<const uint8_t> weights; // aligned to a page
  Team &team;                       // free whenever run() is called
};

/// `executor` of a quern_kernel_set points to one of these.
struct ExecutorKind {
  const char *name; // "cpu"
  /// Whether stages run on the team's threads, for each of which there is then a CPU
  /// of its own. Drivers have threads themselves, and want the CPUs for those.
  bool usesTeam;
  /// For --help and the manual: what it looks for on the machine, and the variables
  /// of the environment that it heeds ("" if none).
  const char *about, *environment;
  /// Throws Error, in words, if this machine cannot run these kernels. Before
  /// anything of the model is looked at.
  void (*require)(const quern_kernel_set &);
  std::unique_ptr<Executor> (*open)(const quern_kernel_set &,
                                    const ExecutorInput &);
};

/// Of a clock that never goes back.
inline uint64_t nanoseconds() {
  timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return uint64_t(time.tv_sec) * 1'000'000'000 + uint64_t(time.tv_nsec);
}

/// This program's, in the order of its plan's devices.
inline std::span<const quern_kernel_set> kernelSets() {
  return {__start_quern_kernel_sets, __stop_quern_kernel_sets};
}

inline const ExecutorKind &executorKind(const quern_kernel_set &set) {
  return *static_cast<const ExecutorKind *>(set.executor);
}

} // namespace quern
