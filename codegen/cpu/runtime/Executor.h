//===- Executor.h - Stages on the threads of a CPU --------------*- C++ -*-===//
//
// A kernel is one C function that is called once for each of `workers` pieces of its
// work, `worker` being the number of one, by any thread of the team (Pieces.h). It never
// allocates and never calls the runtime; its result does not depend on `workers`.
// `buffers` are the stage's Buffer entries as addresses,
// `constants` its constants, `step` the counts of the step (runtime/Plan.h).
//
//===----------------------------------------------------------------------===//
#pragma once
#include "runtime/Executor.h"

extern "C" {
/// What quern_kernel_set::kernels has `count` of.
using quern_kernel = void (*)(void *const *buffers, const int64_t *constants,
                              const int64_t *step, int64_t worker,
                              int64_t workers);
/// `needs`: LLVM's names of CPU features.
extern const quern::ExecutorKind quern_cpu_executor;
}
