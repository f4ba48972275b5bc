//===- Team.h - Threads that run one function together ---------*- C++ -*-===//
//
// A step is a few hundred stages of some microseconds each, so what counts is
// how fast N threads can wait for each other. Worker 0 is the calling thread;
// the others exist from the beginning to the end of the team.
//
// Between steps workers spin for a moment, then sleep on a futex and cost
// nothing. Within a step they meet at barriers. A barrier is a dissemination
// barrier (Hensgen, Finkel and Manber 1988; Mellor-Crummey and Scott 1991): in
// round r, worker w tells worker w + 2^r and hears from worker w - 2^r, so that
// after log2(N) rounds everybody has heard of everybody, and with two workers
// it costs one transfer of a cache line. Who waits for long gives the CPU away,
// so that with more threads than CPUs nobody burns the time that the one who is
// waited for needs.
//
//===----------------------------------------------------------------------===//
#pragma once
#include "FunctionRef.h"
#include "Mapping.h"
#include <atomic>
#include <cstdint>
#include <memory>
#include <pthread.h>
#include <sched.h>
#include <vector>

namespace quern {

/// CPUs that this process may use: its affinity mask, lowered to its cgroup's
/// quota (rounded up). At least 1.
unsigned allowedCpus();

/// Bytes of a worker's stack, of which only what kernels use is ever touched.
/// Worker 0 has the process's own.
inline constexpr size_t kWorkerStack = 1 << 20;

/// A number that threads wait for to change, in the end asleep.
class Signal {
public:
  /// Returns once the value is no longer `old`. `spins`: how often to look
  /// before giving the CPU away.
  void waitWhile(uint32_t old, unsigned spins);
  uint32_t load() const { return value.load(std::memory_order_acquire); }
  /// Adds one and wakes everybody who waits.
  void advance();

private:
  std::atomic<uint32_t> value = 0;
  std::atomic<uint32_t> sleepers = 0;
};

class Team {
public:
  /// Starts `workers` - 1 threads. Throws Error if the system refuses. With `pin`
  /// the threads are pinned to one CPU each if there is exactly one for each; with
  /// fewer the scheduler chooses better, because two such processes would
  /// otherwise share the same CPUs and leave the others idle.
  explicit Team(unsigned workers, bool pin = true);
  ~Team();
  Team(const Team &) = delete;
  Team &operator=(const Team &) = delete;

  unsigned size() const { return workers; }

  /// Calls body(worker) in every worker and returns when all have returned.
  /// `body` must not throw. Not reentrant. What the caller wrote before is
  /// visible to all workers, and what they wrote to the caller afterwards.
  void run(FunctionRef<void(unsigned worker)> body);

  /// Within run(), by every worker with its own index: waits until all workers
  /// are here. What they wrote before is visible to all of them afterwards.
  void barrier(unsigned worker);

private:
  /// Written by one worker, watched by another.
  struct alignas(64) Flag {
    std::atomic<uint32_t> barriers = 0;
  };
  struct alignas(64) Worker {
    Team *team;
    unsigned index;
    pthread_t thread;
    Mapping stack;
    uint32_t barriers = 0; // passed or waited at; only this worker's
  };
  static void *enter(void *worker);
  void loop(unsigned worker);
  void waitFor(const Flag &flag, uint32_t barriers) const;
  void start(unsigned worker);
  void stop();
  void pin(const std::vector<int> &cpus);

  unsigned workers;
  unsigned spins;
  bool ending = false, pinned = false;
  cpu_set_t allowed[8]; // the caller's; a mask smaller than the kernel's fails
  FunctionRef<void(unsigned)> body;
  std::vector<Worker> threads;
  unsigned rounds;               // of a barrier
  std::unique_ptr<Flag[]> flags; // [worker][round]
  alignas(64) Signal tasks;
};

} // namespace quern
