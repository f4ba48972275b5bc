//===- Executor.cpp - Stages on the threads of a CPU ----------------------===//
#include "codegen/cpu/runtime/Executor.h"
#include "codegen/cpu/runtime/CpuFeatures.h"
#include "codegen/cpu/runtime/Pieces.h"
#include "runtime/ByteRanges.h"
#include "runtime/Mapping.h"
#include "runtime/Team.h"
#include <algorithm>
#include <cstring>
#include <vector>

using namespace quern;

namespace {
/// The pages of a space that a device touches, one behind the other; the system hands
/// them out as they are touched.
class Pages {
public:
  Pages(const std::vector<ByteRange> &ranges, const char *what);
  /// Of what the device touches; null for what it does not.
  std::byte *at(const plan::Buffer &buffer) const;
  std::byte *data() const { return memory.data(); }

private:
  struct Part {
    uint64_t begin, end; // in the space, whole pages
    uint64_t at;         // in memory
  };
  std::vector<Part> parts;
  Mapping memory;
};

/// Calls the kernels in place: weights where they are mapped, arena and pool in
/// pages of their own. All addresses are computed once; a run allocates nothing.
class CpuExecutor : public Executor {
public:
  CpuExecutor(std::span<const quern_kernel> kernels,
              const ExecutorInput &input);

  std::byte *front() override { return arena.data(); }
  void run(size_t first, size_t last, const int64_t *counts) override {
    begin(first, last, counts);
    team.run([=, this](unsigned w) { work<false>(first, last, w, nullptr); });
  }
  void measure(size_t first, size_t last, const int64_t *counts,
               StageTime *times) override {
    begin(first, last, counts);
    team.run([=, this](unsigned w) { work<true>(first, last, w, times); });
  }

private:
  /// A stage, ready to be called.
  struct Call {
    quern_kernel kernel;
    void *const *buffers;
    const int64_t *constants;
    bool barrier;
    uint32_t per;      // which of the step's counts are its rows
    uint64_t products; // of a row; 0 where there are no weights
  };
  /// A piece begins with a word to the others, so it must be some work.
  bool isLong(const Call &) const;
  void begin(size_t first, size_t last, const int64_t *counts) {
    std::memcpy(step, counts, sizeof(step));
    pieces.reset(first, last);
  }
  void runStage(size_t stage, unsigned worker);
  template <bool Measured>
  void work(size_t first, size_t last, unsigned worker, StageTime *times);

  Pages arena, kv;
  Team &team;
  std::vector<void *> pointers;
  std::vector<Call> calls;
  Pieces pieces;
  alignas(64) int64_t step[plan::kStepCounts] = {};
};
} // namespace

Pages::Pages(const std::vector<ByteRange> &ranges, const char *what) {
  uint64_t bytes = 0;
  for (ByteRange range : ranges) {
    uint64_t begin = range.begin / plan::kPage * plan::kPage;
    uint64_t end = (range.end + plan::kPage - 1) / plan::kPage * plan::kPage;
    if (parts.empty() || begin > parts.back().end)
      parts.push_back({begin, begin, bytes});
    bytes += end - parts.back().end;
    parts.back().end = end;
  }
  memory = Mapping::anonymous(bytes, what);
}

std::byte *Pages::at(const plan::Buffer &buffer) const {
  auto part = std::upper_bound( // the first that ends behind it
      parts.begin(), parts.end(), buffer.offset,
      [](uint64_t at, const Part &p) { return at < p.end; });
  if (part == parts.end() || buffer.offset < part->begin ||
      buffer.bytes > part->end - buffer.offset)
    return nullptr;
  return memory.data() + part->at + (buffer.offset - part->begin);
}

/// A device that is alone has all, whatever a stage touches of it.
static std::vector<ByteRange> rangesOf(const ExecutorInput &input,
                                       plan::Space space) {
  const PlanView &plan = input.plan;
  if (plan.devices().size() == 1)
    return {{0, space == plan::Space::Arena ? plan->arenaBytes : plan->kvBytes}};
  std::vector<ByteRange> ranges = touchedBy(plan, input.device, space);
  if (space == plan::Space::Arena)
    ranges.insert(ranges.begin(), {0, plan->frontBytes});
  return ranges;
}

CpuExecutor::CpuExecutor(std::span<const quern_kernel> kernels,
                         const ExecutorInput &input)
    : arena(rangesOf(input, plan::Space::Arena), "activations"),
      kv(rangesOf(input, plan::Space::Kv), "keys and values"),
      team(input.team), pieces(team.size(), input.plan.stages().size()) {
  const PlanView &plan = input.plan;
  adviseStreamed(input.weights);
  auto *weights = const_cast<std::byte *>(
      reinterpret_cast<const std::byte *>(input.weights.data()));
  pointers.reserve(plan.buffers().size());
  for (const plan::Buffer &buffer : plan.buffers())
    pointers.push_back(buffer.space == plan::Space::Arena ? arena.at(buffer)
                       : buffer.space == plan::Space::Kv  ? kv.at(buffer)
                                                          : weights + buffer.offset);
  calls.reserve(plan.stages().size());
  for (const plan::Stage &stage : plan.stages()) {
    calls.push_back(
        {stage.callsOn(input.device) ? kernels[stage.kernel] : nullptr,
         pointers.data() + stage.firstBuffer,
         plan.constants().data() + stage.firstConstant, stage.barrier != 0,
         stage.per, stage.products});
  }
}

bool CpuExecutor::isLong(const Call &call) const {
  constexpr uint64_t kProducts = 1 << 20, kRows = 64;
  const uint64_t rows = uint64_t(step[call.per]), workers = team.size();
  return workers > 1 && (call.products ? call.products * rows >= kProducts * workers
                                       : rows >= kRows);
}

void CpuExecutor::runStage(size_t stage, unsigned worker) {
  const Call &call = calls[stage];
  if (!isLong(call))
    return call.kernel(call.buffers, call.constants, step, worker, team.size());
  pieces.take(stage, worker, [&](unsigned piece) {
    call.kernel(call.buffers, call.constants, step, piece, pieces.count());
  });
}

/// Times are those between the starts of consecutive stages as worker 0 sees them
/// (waiting for the others included).
template <bool Measured>
void CpuExecutor::work(size_t first, size_t last, unsigned worker,
                       StageTime *times) {
  bool timed = Measured && worker == 0;
  uint64_t start = timed ? nanoseconds() : 0;
  auto account = [&](size_t stage) {
    uint64_t now = nanoseconds();
    times[stage].nanoseconds += now - std::exchange(start, now);
    ++times[stage].runs;
  };
  for (size_t i = first; i < last; ++i) {
    if (i != first) { // a run of the team begins with everybody here
      if (calls[i].barrier)
        team.barrier(worker);
      if (timed)
        account(i - 1);
    }
    runStage(i, worker);
  }
  if (timed && last > first)
    account(last - 1);
}

static void require(const quern_kernel_set &set) {
  requireCpuFeatures(set.needs, set.chip);
}

static std::unique_ptr<Executor> open(const quern_kernel_set &set,
                                      const ExecutorInput &input) {
  return std::make_unique<CpuExecutor>(
      std::span(static_cast<const quern_kernel *>(set.kernels), set.count),
      input);
}

extern "C" const ExecutorKind quern_cpu_executor = {
    "cpu",
    /*usesTeam=*/true,
    "At the start the program compares its instruction set with the CPU, and\n"
    "refuses in words if the CPU has less.",
    /*environment=*/"",
    require,
    open};
