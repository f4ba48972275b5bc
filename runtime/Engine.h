//===- Engine.h - Runs the plan's programs, step by step -------*- C++ -*-===//
//
// A step takes rows, each one token of one sequence, and runs one program over
// all of them: first the stages that end in every row's hidden state, then the
// head, which makes logits of the rows that want them, a block at a time
// because vocabularies are long. A step writes a few integers into the arena, has
// executors run the stages, and allocates nothing.
//
// Where stages are for several devices, each run of stages of one device is its
// executor's; in between rows are copied from front to front, and every front has
// the step's inputs.
//
//   step(kPrompt, {{slot 0, token 5}, {slot 0, token 9, logits}}, print)
//     tokens 5 9   positions 0 1   slots 0 0   tiles (0, 2)   select 1
//     stage 0 | stage 1 | ... | head stage 0 | ... -> print(logits of row 1)
//
// Some programs rank the logits where they are made, of which then few have to be
// looked at (rankedStep): the head ends in other stages, and nothing else differs.
//
// A row's result depends on the role and on its own sequence, never on how
// many rows or threads there are.
//
//===----------------------------------------------------------------------===//
#pragma once
#include "Executor.h"
#include "FunctionRef.h"
#include "Sequences.h"
#include "Team.h"
#include "text/RankedLogits.h"
#include <vector>

namespace quern {

/// One activation row: the next token of the sequence in `slot`.
struct Row {
  uint32_t slot;
  int32_t token;
  bool logits = false;
};

/// Logits of some of a step's rows; valid until the callback returns.
struct LogitBlock {
  std::span<const int32_t> rows; // indices into the step's rows, ascending
  const float *data;
  size_t stride, vocabulary;

  size_t size() const { return rows.size(); }
  std::span<const float> operator[](size_t i) const {
    return {data + i * stride, vocabulary};
  }
};

/// The best logits of some of a step's rows; valid until the callback returns.
struct RankedBlock {
  std::span<const int32_t> rows; // as in LogitBlock
  const float *data;
  size_t stride, best;

  size_t size() const { return rows.size(); }
  RankedLogits operator[](size_t i) const {
    const float *row = data + i * stride;
    return {{row, best}, {row + best, best}};
  }
};

class Engine {
public:
  struct Options {
    unsigned threads = 0; // 0: allowedCpus()
    uint32_t context = 0; // 0: the plan's; never more
    /// Most rows of logits at a time; 0: as many as the plan has room for. The
    /// bits of a row do not depend on it, the memory that is touched does.
    uint32_t logitRows = 0;
  };
  using OnLogits = FunctionRef<void(const LogitBlock &)>;
  using OnRanked = FunctionRef<void(const RankedBlock &)>;

  /// `plan`, `weights` (aligned to a page) and `kernels`, a set for each of the
  /// plan's devices, must outlive this.
  Engine(const PlanView &plan, std::span<const uint8_t> weights,
         std::span<const quern_kernel_set> kernels, const Options &options);

  /// Runs `rows`, at most maxRows(role), all in that role. Rows of one sequence
  /// must be neighbours, in order. Sequences grow by their rows. `onLogits` is
  /// called for blocks of the rows with `logits`, in order, by the caller's
  /// thread; the team is free in the meantime. Throws Error, before anything
  /// has run, for rows that cannot be.
  void step(plan::Role role, std::span<const Row> rows, OnLogits onLogits);

  /// The same for those who need only the best ranked(role) logits of a row, which is
  /// 0 where nothing ranks them: then this throws Error.
  void rankedStep(plan::Role role, std::span<const Row> rows,
                  OnRanked onRanked);
  size_t ranked(plan::Role role) const {
    const plan::Program &p = view.program(role);
    return p.rankStage < p.logitsStage ? view->best : 0;
  }

  Sequences &sequences() { return seqs; }
  Team &team() { return workers; }
  const PlanView &plan() const { return view; }
  uint32_t maxRows(plan::Role role) const { return view.program(role).maxRows; }
  uint32_t context() const { return seqs.context(); }

  /// From now on, measures what each stage takes, as the executor sees it.
  void startProfile();
  /// By stage of the plan: nanoseconds spent and times run since startProfile.
  std::span<const StageTime> profile() const { return times; }

private:
  /// `onBlock` is called after each run of the head, and its end as is wanted.
  void runStep(plan::Role role, std::span<const Row> rows, bool ranked,
               FunctionRef<void()> onBlock);
  /// What the last one of the head has left at an offset in the front.
  const float *resultAt(plan::Role role, uint64_t offset) const {
    return reinterpret_cast<const float *>(
        executors[view.headDevice(role)]->front() + offset);
  }
  std::span<const int32_t> selectedRows() {
    return {input<int32_t>(view->select), size_t(counts[plan::kLogitRows])};
  }
  void checkRows(plan::Role role, std::span<const Row> rows);
  void placeRows(std::span<const Row> rows);
  void addTiles(size_t first, size_t count);
  size_t selectRows(std::span<const Row> rows, size_t from);
  void shareInputs(std::span<const Row> rows);
  void shareSelected();
  void runStages(size_t first, size_t last);
  void copyRows(const plan::Stage &stage);

  /// Step inputs are written to one front, and copied to the others.
  std::byte *front() { return executors[main]->front(); }
  template <typename T> T *input(uint64_t offset) {
    return reinterpret_cast<T *>(front() + offset);
  }

  const PlanView &view;
  Team workers;
  std::vector<std::unique_ptr<Executor>> executors; // null: it runs nothing
  uint32_t main;                                    // the first that does
  Sequences seqs;
  uint32_t logitRows; // most at a time
  std::vector<StageTime> times;
  std::vector<uint64_t> lastStep; // by slot: number of the last step it was in
  uint64_t steps = 0;
  bool profiling = false;
  int64_t counts[plan::kStepCounts] = {};
};

} // namespace quern
