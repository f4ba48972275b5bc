//===- Team.cpp - Threads that run one function together --------*- C++ -*-===//
#include "Team.h"
#include "Error.h"
#include <algorithm>
#include <bit>
#include <cstring>
#include <ctime>
#include <fmt/format.h>
#include <linux/futex.h>
#include <sched.h>
#include <sys/syscall.h>
#include <unistd.h>

using namespace quern;

static void pauseCpu() {
#ifdef __x86_64__
  __builtin_ia32_pause();
#else
  __asm__ volatile("isb"); // takes about as long; `yield` takes no time at all
#endif
}

static void futexWait(std::atomic<uint32_t> &word, uint32_t old) {
  syscall(SYS_futex, &word, FUTEX_WAIT_PRIVATE, old, nullptr, nullptr, 0);
}

static void futexWakeAll(std::atomic<uint32_t> &word) {
  syscall(SYS_futex, &word, FUTEX_WAKE_PRIVATE, INT32_MAX, nullptr, nullptr, 0);
}

//===----------------------------------------------------------------------===//
// Signal
//===----------------------------------------------------------------------===//

void Signal::waitWhile(uint32_t old, unsigned spins) {
  constexpr unsigned kYields = 8;
  for (unsigned i = 0; i < spins; ++i) {
    if (load() != old)
      return;
    pauseCpu();
  }
  for (unsigned i = 0; i < kYields; ++i) {
    if (load() != old)
      return;
    sched_yield();
  }
  // Sequentially consistent with advance(): either it sees the sleeper, or the
  // sleeper sees the new value.
  sleepers.fetch_add(1);
  while (value.load() == old)
    futexWait(value, old);
  sleepers.fetch_sub(1);
}

void Signal::advance() {
  value.fetch_add(1);
  if (sleepers.load())
    futexWakeAll(value);
}

//===----------------------------------------------------------------------===//
// Team
//===----------------------------------------------------------------------===//

Team::Team(unsigned workers, bool shouldPin) : workers(std::max(workers, 1u)) {
  rounds = unsigned(std::bit_width(this->workers - 1));
  flags = std::make_unique<Flag[]>(this->workers * rounds);
  std::vector<int> cpus;
  CPU_ZERO_S(sizeof(allowed), allowed);
  if (sched_getaffinity(0, sizeof(allowed), allowed) == 0)
    for (int cpu = 0; cpu < int(sizeof(allowed) * 8); ++cpu)
      if (CPU_ISSET_S(cpu, sizeof(allowed), allowed))
        cpus.push_back(cpu);
  // About 100 us where everybody has a CPU; else whoever is waited for may be
  // waiting for this one.
  spins =
      this->workers <= std::min<size_t>(cpus.size(), allowedCpus()) ? 2000 : 20;
  threads.resize(this->workers);
  try {
    for (unsigned i = 1; i < this->workers; ++i)
      start(i);
  } catch (...) {
    stop();
    throw;
  }
  if (shouldPin && this->workers > 1 && this->workers == cpus.size())
    pin(cpus);
}

Team::~Team() { stop(); }

void Team::start(unsigned index) {
  Worker &worker = threads[index];
  worker.team = this;
  worker.index = index;
  Mapping stack = Mapping::stack(kWorkerStack);
  pthread_attr_t attributes;
  pthread_attr_init(&attributes);
  pthread_attr_setstack(&attributes, stack.data() + stack.size() - kWorkerStack,
                        kWorkerStack);
  int error = pthread_create(&worker.thread, &attributes, enter, &worker);
  pthread_attr_destroy(&attributes);
  if (error)
    throw Error(fmt::format("cannot start thread {} of {}: {}", index, workers,
                            strerror(error)));
  worker.stack = std::move(stack);
}

void Team::stop() {
  if (pinned) // the thread outlives the team
    sched_setaffinity(0, sizeof(allowed), allowed);
  ending = true;
  tasks.advance();
  for (Worker &worker : threads)
    if (worker.stack.data()) // has been started
      pthread_join(worker.thread, nullptr);
}

void Team::pin(const std::vector<int> &cpus) {
  pinned = true;
  for (unsigned i = 0; i < workers; ++i) {
    cpu_set_t masks[8];
    CPU_ZERO_S(sizeof(masks), masks);
    CPU_SET_S(cpus[i], sizeof(masks), masks);
    // If the system refuses, the thread just stays where it likes.
    pthread_setaffinity_np(i ? threads[i].thread : pthread_self(),
                           sizeof(masks), masks);
  }
}

void *Team::enter(void *worker) {
  auto *self = static_cast<Worker *>(worker);
  self->team->loop(self->index);
  return nullptr;
}

void Team::loop(unsigned worker) {
  for (uint32_t seen = 0;;) {
    tasks.waitWhile(seen, spins);
    ++seen;
    if (ending)
      return;
    body(worker);
    barrier(worker);
  }
}

void Team::run(FunctionRef<void(unsigned)> newBody) {
  if (workers == 1)
    return newBody(0);
  body = newBody;
  tasks.advance();
  newBody(0);
  barrier(0);
}

void Team::barrier(unsigned worker) {
  uint32_t barriers = ++threads[worker].barriers;
  for (unsigned round = 0; round < rounds; ++round) {
    unsigned partner = (worker + (1u << round)) % workers;
    flags[partner * rounds + round].barriers.store(barriers,
                                                   std::memory_order_release);
    waitFor(flags[worker * rounds + round], barriers);
  }
}

/// The other worker may be one barrier ahead, hence not just equality.
void Team::waitFor(const Flag &flag, uint32_t barriers) const {
  constexpr unsigned kYields = 200;
  auto there = [&] {
    uint32_t value = flag.barriers.load(std::memory_order_acquire);
    return int32_t(value - barriers) >= 0;
  };
  for (unsigned i = 0; i < spins; ++i) {
    if (there())
      return;
    pauseCpu();
  }
  for (unsigned i = 0; !there(); ++i) {
    timespec pause = {0, 50'000};
    if (i < kYields)
      sched_yield();
    else // something else has the CPU of whoever is missing
      nanosleep(&pause, nullptr);
  }
}
