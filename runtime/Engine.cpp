//===- Engine.cpp - Runs the plan's programs, step by step ------*- C++ -*-===//
#include "Engine.h"
#include "Error.h"
#include <algorithm>
#include <cstring>
#include <fmt/format.h>

using namespace quern;
using plan::Program;

/// Whether threads of the team get CPUs of their own.
static bool usesTeam(const PlanView &plan,
                     std::span<const quern_kernel_set> kernels) {
  for (uint32_t device = 0; device < kernels.size(); ++device)
    if (plan.runs(device) && !executorKind(kernels[device]).usesTeam)
      return false;
  return true;
}

static std::vector<std::unique_ptr<Executor>>
open(const PlanView &plan, std::span<const uint8_t> weights,
     std::span<const quern_kernel_set> kernels, Team &team) {
  std::vector<std::unique_ptr<Executor>> executors;
  for (uint32_t device = 0; device < kernels.size(); ++device) {
    const quern_kernel_set &set = kernels[device];
    executors.push_back(
        plan.runs(device)
            ? executorKind(set).open(set, {plan, device, weights, team})
            : nullptr);
  }
  return executors;
}

static uint32_t firstOf(std::span<const std::unique_ptr<Executor>> executors) {
  auto opened = [](auto &executor) { return executor != nullptr; };
  auto found = std::find_if(executors.begin(), executors.end(), opened);
  if (found == executors.end())
    throw Error("plan: has no stages");
  return uint32_t(found - executors.begin());
}

Engine::Engine(const PlanView &plan, std::span<const uint8_t> weights,
               std::span<const quern_kernel_set> kernels,
               const Options &options)
    : view(plan), workers(options.threads ? options.threads : allowedCpus(),
                          usesTeam(plan, kernels)),
      executors(open(plan, weights, kernels, workers)),
      main(firstOf(executors)), seqs(plan, front(),
           options.context ? options.context : plan->context),
      logitRows(options.logitRows
                    ? std::min(options.logitRows, plan->maxLogitRows)
                    : plan->maxLogitRows),
      lastStep(plan->maxSequences) {}

//===----------------------------------------------------------------------===//
// A step
//===----------------------------------------------------------------------===//

void Engine::step(plan::Role role, std::span<const Row> rows,
                  OnLogits onLogits) {
  runStep(role, rows, /*ranked=*/false, [&] {
    if (onLogits)
      onLogits({selectedRows(), resultAt(role, view->logits), view->logitStride,
                view->vocabulary});
  });
}

void Engine::rankedStep(plan::Role role, std::span<const Row> rows,
                        OnRanked onRanked) {
  if (!ranked(role))
    throw Error("a step cannot rank logits: the plan has no stages for that");
  runStep(role, rows, /*ranked=*/true, [&] {
    if (onRanked)
      onRanked({selectedRows(), resultAt(role, view->ranked), view->bestStride,
                view->best});
  });
}

void Engine::runStep(plan::Role role, std::span<const Row> rows, bool ranked,
                     FunctionRef<void()> onBlock) {
  checkRows(role, rows);
  placeRows(rows);
  const Program &program = view.program(role);
  size_t first = program.firstStage, head = first + program.headStage;
  size_t rank = first + program.rankStage, logits = first + program.logitsStage,
         end = first + program.stages;
  auto runHead = [&](size_t from) {
    if (ranked)
      return runStages(from, logits);
    runStages(from, rank);
    runStages(logits, end);
  };

  // The first block of the head belongs to the same run.
  size_t next = selectRows(rows, 0);
  shareInputs(rows);
  if (counts[plan::kLogitRows])
    runHead(first);
  else
    runStages(first, head);
  for (const Row &row : rows)
    seqs.trim(row.slot);
  while (counts[plan::kLogitRows]) {
    onBlock();
    next = selectRows(rows, next);
    shareSelected();
    if (counts[plan::kLogitRows])
      runHead(head);
  }
}

void Engine::checkRows(plan::Role role, std::span<const Row> rows) {
  if (rows.empty() || rows.size() > maxRows(role))
    throw Error(fmt::format("a step of {} rows: it takes 1 to {}", rows.size(),
                            maxRows(role)));
  ++steps;
  for (size_t i = 0, count; i < rows.size(); i += count) {
    uint32_t slot = rows[i].slot;
    for (count = 0; i + count < rows.size() && rows[i + count].slot == slot;)
      if (uint32_t(rows[i + count++].token) >= view->vocabulary)
        throw Error(fmt::format("token {} is not in the vocabulary of {}",
                                rows[i + count - 1].token, view->vocabulary));
    if (!seqs.isOpen(slot))
      throw Error(fmt::format("sequence {} is not open", slot));
    if (std::exchange(lastStep[slot], steps) == steps)
      throw Error(fmt::format("rows of sequence {} are apart", slot));
    if (seqs.length(slot) + count > context())
      throw Error(fmt::format("the context of {} tokens is full", context()));
  }
}

/// Gives rows their positions and pages, and writes the step's inputs.
void Engine::placeRows(std::span<const Row> rows) {
  auto *tokens = input<int32_t>(view->tokens);
  auto *positions = input<int32_t>(view->positions);
  auto *slots = input<int32_t>(view->slots);
  counts[plan::kRows] = int64_t(rows.size());
  counts[plan::kTiles] = 0;
  for (size_t i = 0; i < rows.size();) {
    size_t first = i;
    uint32_t slot = rows[first].slot, begin = seqs.length(slot);
    for (; i < rows.size() && rows[i].slot == slot; ++i) {
      tokens[i] = rows[i].token;
      positions[i] = int32_t(begin + (i - first));
      slots[i] = int32_t(slot);
    }
    seqs.extend(slot, uint32_t(i - first));
    addTiles(first, i - first);
  }
}

void Engine::addTiles(size_t first, size_t count) {
  auto *tiles = input<int32_t>(view->tiles);
  for (size_t done = 0; done < count; done += view->tileRows) {
    int32_t *tile = tiles + 2 * counts[plan::kTiles]++;
    tile[0] = int32_t(first + done);
    tile[1] = int32_t(std::min<size_t>(count - done, view->tileRows));
  }
}

/// Selects the next rows from `from` on that want logits, as many as the head
/// takes. Returns the row after the last one looked at.
size_t Engine::selectRows(std::span<const Row> rows, size_t from) {
  auto *select = input<int32_t>(view->select);
  int64_t &selected = counts[plan::kLogitRows];
  selected = 0;
  for (; from < rows.size() && selected < logitRows; ++from)
    if (rows[from].logits)
      select[selected++] = int32_t(from);
  return from;
}

/// What placeRows and selectRows wrote, and the page tables of the step's sequences,
/// to the fronts of the other devices.
void Engine::shareInputs(std::span<const Row> rows) {
  auto share = [&](uint64_t offset, uint64_t bytes) {
    for (auto &executor : executors)
      if (executor && executor != executors[main])
        std::memcpy(executor->front() + offset, front() + offset, bytes);
  };
  for (uint64_t offset : {view->tokens, view->positions, view->slots})
    share(offset, rows.size() * sizeof(int32_t));
  share(view->tiles, uint64_t(counts[plan::kTiles]) * 2 * sizeof(int32_t));
  for (size_t i = 0; i < rows.size(); ++i) {
    if (i && rows[i].slot == rows[i - 1].slot)
      continue;
    uint64_t pages = (seqs.length(rows[i].slot) + view->pageTokens - 1) /
                     view->pageTokens;
    for (const plan::KvGroup &group : view.groups())
      share(group.tableOffset + uint64_t(rows[i].slot) *
                                    group.pagesPerSequence * sizeof(int32_t),
            pages * sizeof(int32_t));
  }
  shareSelected();
}

void Engine::shareSelected() {
  for (auto &executor : executors)
    if (executor && executor != executors[main])
      std::memcpy(executor->front() + view->select, front() + view->select,
                  uint64_t(counts[plan::kLogitRows]) * sizeof(int32_t));
}

/// Runs of stages of one device, and the copies between them.
void Engine::runStages(size_t first, size_t last) {
  std::span<const plan::Stage> stages = view.stages();
  while (first < last) {
    const plan::Stage &stage = stages[first];
    size_t end = first + 1;
    if (stage.kernel == plan::kCopy) {
      uint64_t begin = profiling ? nanoseconds() : 0;
      copyRows(stage);
      if (profiling) {
        times[first].nanoseconds += nanoseconds() - begin;
        ++times[first].runs;
      }
    } else {
      while (end < last && stages[end].callsOn(stage.device))
        ++end;
      Executor &executor = *executors[stage.device];
      if (profiling) {
        executor.measure(first, end, counts, times.data());
        for (size_t i = first; i < end; ++i)
          times[i].rows += uint64_t(counts[stages[i].per]);
      } else
        executor.run(first, end, counts);
    }
    first = end;
  }
}

void Engine::copyRows(const plan::Stage &stage) {
  const int64_t *constants = &view.constants()[stage.firstConstant];
  uint64_t offset = view.buffers()[stage.firstBuffer].offset;
  std::memcpy(executors[stage.device]->front() + offset,
              executors[constants[0]]->front() + offset,
              size_t(counts[constants[1]] * constants[2]));
}

void Engine::startProfile() {
  times.assign(view.stages().size(), {});
  profiling = true;
}
