//===- Engine.cpp - Runs the plan's programs, step by step ------*- C++ -*-===//
#include "Engine.h"
#include "Error.h"
#include <algorithm>
#include <fmt/format.h>

using namespace quern;
using plan::Program;

Engine::Engine(const PlanView &plan, std::span<const uint8_t> weights,
               const quern_kernel_set &kernels, const Options &options)
    : view(plan), workers(options.threads ? options.threads : allowedCpus(),
                          executorKind(kernels).usesTeam),
      executor(
          executorKind(kernels).open(kernels, {plan, 0, weights, workers})),
      seqs(plan, executor->front(),
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
  checkRows(role, rows);
  placeRows(rows);
  const Program &program = view.program(role);
  size_t first = program.firstStage, head = first + program.headStage;
  size_t end = first + program.stages;

  // The first block of the head belongs to the same run.
  size_t next = selectRows(rows, 0);
  runStages(first, counts[plan::kLogitRows] ? end : head);
  for (const Row &row : rows)
    seqs.trim(row.slot);
  while (counts[plan::kLogitRows]) {
    const plan::PlanHeader &h = view.header();
    if (onLogits)
      onLogits({{input<int32_t>(h.select), size_t(counts[plan::kLogitRows])},
                input<float>(h.logits),
                h.logitStride,
                h.vocabulary});
    next = selectRows(rows, next);
    if (counts[plan::kLogitRows])
      runStages(head, end);
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

void Engine::runStages(size_t first, size_t last) {
  if (profiling)
    executor->measure(first, last, counts, times.data());
  else
    executor->run(first, last, counts);
}

void Engine::startProfile() {
  times.assign(view.stages().size(), {});
  profiling = true;
}
