//===- Executor.cpp - Stages on a device that Vulkan drives ---------------===//
#include "Device.h"
#include "Kernel.h"
#include "PipelineCache.h"
#include "Upload.h"
#include "runtime/ByteRanges.h"
#include "runtime/Error.h"
#include "runtime/Team.h"
#include "runtime/cli/Text.h"
#include <algorithm>
#include <array>
#include <atomic>
#include <cstring>
#include <fmt/format.h>
#include <future>
#include <map>
#include <mutex>
#include <numeric>
#include <thread>

using namespace quern;
using namespace quern::vulkan;

namespace {
/// What stages refer to as one: it lies in one buffer, or is cut at multiples of
/// `unit` bytes.
struct Piece {
  uint64_t begin, end;
  uint64_t unit; // 0: it is not cut
};

/// What the stages of a device touch of a space of the plan, in as few buffers as the
/// device allows.
class DeviceSpace {
public:
  /// `pieces` by their begins, and apart.
  DeviceSpace(Device &device, std::span<const ByteRange> touched,
              std::span<const Piece> pieces, std::string_view what);

  /// Throws Error for what a plan that was tampered with may ask for.
  Binding at(uint64_t offset, uint64_t bytes) const {
    const Part *part = find(offset);
    if (!part || bytes == 0 || bytes > part->end() - offset)
      throw Error(fmt::format("plan: {} bytes at offset {} are no stage's",
                              bytes, offset));
    return {&part->buffer, offset - part->begin, bytes};
  }
  /// Bytes from `offset` to the end of the buffer that it is in.
  uint64_t bytesFrom(uint64_t offset) const {
    const Part *part = find(offset);
    return part ? part->end() - offset : 0;
  }
  void upload(Device &device, const uint8_t *data) const {
    Upload upload(device);
    for (const Part &part : parts)
      upload.write(part.buffer, 0, data + part.begin, part.buffer.size());
    upload.finish();
  }

private:
  struct Part {
    uint64_t begin;
    Buffer buffer;
    uint64_t end() const { return begin + buffer.size(); }
  };
  const Part *find(uint64_t offset) const {
    auto after = std::upper_bound(
        parts.begin(), parts.end(), offset,
        [](uint64_t at, const Part &part) { return at < part.begin; });
    return after != parts.begin() && offset < (after - 1)->end() ? &*(after - 1)
                                                                 : nullptr;
  }
  void add(Device &device, ByteRange range, std::span<const Piece> pieces,
           std::string_view what);
  std::vector<Part> parts;
};

/// Everything of a stage's launch but the number of items. A stage whose weights
/// are more than can be bound has several, none of which waits for another.
struct Launch {
  const quern_vulkan_kernel *kernel;
  uint32_t tasks;
  bool barrier;
};

class VulkanExecutor : public Executor {
public:
  VulkanExecutor(std::span<const quern_vulkan_kernel *const> kernels,
                 std::string_view needs, const ExecutorInput &input);

  std::byte *front() override {
    return static_cast<std::byte *>(frontMemory.data());
  }
  void run(size_t first, size_t last, const int64_t *counts) override;
  void measure(size_t first, size_t last, const int64_t *counts,
               StageTime *times) override;

private:
  DeviceSpace spaceOf(const ExecutorInput &input, plan::Space space,
                      std::string_view what);
  static Needs needsOfKernels(std::span<const quern_vulkan_kernel *const>,
                              std::string_view needs);
  void checkLimits(const ExecutorInput &input) const;
  void makePipelines();
  void layOutStages(const ExecutorInput &input);
  void addLaunches(const plan::Stage &stage);
  void checkOffset(const plan::Buffer &buffer) const;
  Binding bindingOf(const plan::Buffer &buffer) const;
  uint64_t addConstants(std::span<const int64_t> constants, uint32_t extra);
  const CommandList &listOf(size_t first, size_t last, const int64_t *counts);

  const PlanView &plan;
  std::span<const quern_vulkan_kernel *const> kernels;
  Team &team;
  Device device;
  Limits limits;
  Buffer frontMemory, steps;
  DeviceSpace arena, kv, weights;
  Buffer constants;
  std::vector<Pipeline> pipelines;        // each text of SPIR-V once
  std::vector<const Pipeline *> ofKernel; // by kernel
  std::vector<Launch> launches;
  std::vector<size_t> firstLaunch; // by stage, and the end
  std::vector<Bound> bound;        // by launch, while they are made
  std::vector<int32_t> constantWords;
  BindingSets sets;

  /// Lists by stages and counts, the last used: of a few shapes of a step, each of
  /// which has one for every run of stages between two copies.
  using Shape = std::array<uint64_t, 2 + plan::kStepCounts>;
  struct Recorded {
    CommandList list;
    uint64_t lastUse;
  };
  std::map<Shape, Recorded> lists;
  uint64_t uses = 0;
  size_t mostLists = 64;
  static constexpr size_t kShapesKept = 8;
};
} // namespace

//===----------------------------------------------------------------------===//
// Memory
//===----------------------------------------------------------------------===//

/// What this device's stages touch.
static std::vector<plan::Buffer> buffersOf(const ExecutorInput &input) {
  std::vector<plan::Buffer> buffers;
  for (const plan::Stage &stage : input.plan.stages())
    if (stage.callsOn(input.device)) {
      auto own = input.plan.buffers().subspan(stage.firstBuffer, stage.buffers);
      buffers.insert(buffers.end(), own.begin(), own.end());
    }
  return buffers;
}

/// So many panels are the least that begin at a place in memory that can be bound.
static uint64_t panelsTogether(uint64_t panelBytes, uint64_t alignment) {
  return alignment / std::gcd(alignment, std::max<uint64_t>(panelBytes, 1));
}

/// What overlaps is one piece. Packed weights are cut between panels.
static std::vector<Piece>
piecesOf(const ExecutorInput &input, plan::Space space, uint64_t alignment,
         std::span<const quern_vulkan_kernel *const> kernels) {
  std::map<uint64_t, uint64_t> panels; // weights by offset: bytes of a panel
  for (const plan::Stage &stage : input.plan.stages())
    if (stage.callsOn(input.device) && space == plan::Space::Weights)
      for (const quern_vulkan_panels &w :
           std::span(kernels[stage.kernel]->weights,
                     kernels[stage.kernel]->weightCount))
        if (w.binding - 2 < stage.buffers)
          panels[input.plan.buffers()[stage.firstBuffer + w.binding - 2]
                     .offset] = w.bytes;
  std::vector<Piece> all;
  for (const plan::Buffer &buffer : buffersOf(input))
    if (buffer.space == space && buffer.bytes) {
      auto found = panels.find(buffer.offset);
      uint64_t unit =
          found == panels.end()
              ? 0
              : found->second * panelsTogether(found->second, alignment);
      all.push_back({buffer.offset, buffer.offset + buffer.bytes, unit});
    }
  std::sort(all.begin(), all.end(),
            [](const Piece &a, const Piece &b) { return a.begin < b.begin; });
  std::vector<Piece> apart;
  for (const Piece &piece : all)
    if (apart.empty() || piece.begin >= apart.back().end)
      apart.push_back(piece);
    else if (piece.begin != apart.back().begin ||
             piece.end != apart.back().end || piece.unit != apart.back().unit)
      apart.back() = {apart.back().begin, std::max(apart.back().end, piece.end),
                      0};
  return apart;
}

DeviceSpace::DeviceSpace(Device &device, std::span<const ByteRange> touched,
                         std::span<const Piece> pieces, std::string_view what) {
  for (ByteRange range : touched)
    add(device, range, pieces, what);
}

void DeviceSpace::add(Device &device, ByteRange range,
                      std::span<const Piece> pieces, std::string_view what) {
  const uint64_t most = device.limits().bufferBytes;
  uint64_t begin = range.begin;
  auto end = [&](uint64_t at) {
    parts.push_back({begin, device.allocate((at - begin + 3) / 4 * 4, what,
                                            Memory::Device)});
    begin = at;
  };
  auto piece = std::lower_bound(
      pieces.begin(), pieces.end(), begin,
      [](const Piece &piece, uint64_t at) { return piece.begin < at; });
  for (; piece != pieces.end() && piece->begin < range.end; ++piece) {
    if (piece->end - begin > most && piece->begin > begin)
      end(piece->begin);
    // One that is too large for any buffer is for the driver to refuse.
    while (piece->unit && piece->unit <= most && piece->end - begin > most)
      end(begin + most / piece->unit * piece->unit);
  }
  end(range.end);
}

DeviceSpace VulkanExecutor::spaceOf(const ExecutorInput &input,
                                    plan::Space space, std::string_view what) {
  return {device, touchedBy(plan, input.device, space),
          piecesOf(input, space, limits.offsetAlignment, kernels), what};
}

/// Before anything is loaded.
static void checkRoom(const Device &device, const ExecutorInput &input) {
  auto shown = cli::formatBytes;
  DeviceMemory memory = memoryOf(input.plan, input.device);
  uint64_t needed = memory.total(), has = device.limits().memoryBytes;
  if (needed > has)
    throw Error(fmt::format(
        "{}: the model takes {} of its memory, {} more than the {} that it has: "
        "weights {}, keys and values {}, activations {}, overhead {}; compile "
        "with a smaller {}",
        device.name(), shown(needed), shown(needed - has), shown(has),
        shown(memory.weights), shown(memory.kv), shown(memory.activations),
        shown(memory.overhead),
        input.plan.devices().size() > 1 ? "--gpu-layers, --ctx or --max-batch"
                                        : "--ctx or --max-batch, or for a part "
                                          "of its layers (--target vulkan,cpu)"));
}

VulkanExecutor::VulkanExecutor(
    std::span<const quern_vulkan_kernel *const> kernels, std::string_view needs,
    const ExecutorInput &input)
    : plan(input.plan), kernels(kernels), team(input.team),
      device(needsOfKernels(kernels, needs)),
      limits((checkRoom(device, input), device.limits())),
      frontMemory(device.allocate(plan->frontBytes, "step inputs and logits")),
      steps(device.allocate(kConstantBytes, "counts of a step")),
      arena(spaceOf(input, plan::Space::Arena, "activations")),
      kv(spaceOf(input, plan::Space::Kv, "keys and values")),
      weights(spaceOf(input, plan::Space::Weights, "weights")) {
  checkLimits(input);
  std::memset(frontMemory.data(), 0, frontMemory.size());
  // The weights wait for the file and the device, the pipelines for a compiler.
  std::future<void> uploading = std::async(std::launch::async, [&] {
    weights.upload(device, input.weights.data());
  });
  makePipelines();
  uploading.get();
  layOutStages(input);
  // What `info` prints is what was taken, and not about that: on all devices that take
  // at once what every device can.
  if (uint64_t planned = memoryOf(plan, input.device).total();
      std::min(limits.bindingRange, limits.bufferBytes) >= kBoundBytes &&
      device.allocatedBytes() > planned)
    throw Error(fmt::format("{}: {} bytes of its memory were taken, {} were "
                            "planned",
                            device.name(), device.allocatedBytes(), planned));
}

Needs VulkanExecutor::needsOfKernels(
    std::span<const quern_vulkan_kernel *const> kernels,
    std::string_view features) {
  Needs needs = needsOf(features);
  for (const quern_vulkan_kernel *kernel : kernels) {
    needs.threads = std::max(needs.threads, kernel->threads);
    needs.sharedBytes = std::max(needs.sharedBytes, kernel->sharedBytes);
  }
  return needs;
}

/// What has to be bound whole, and launched at once.
void VulkanExecutor::checkLimits(const ExecutorInput &input) const {
  auto check = [&](uint64_t bytes, std::string_view what,
                   std::string_view flags) {
    if (bytes > limits.bindingRange)
      throw Error(fmt::format("{}: {} take {}, and it binds {} at once: "
                              "compile with a smaller {}",
                              device.name(), what, cli::formatBytes(bytes),
                              cli::formatBytes(limits.bindingRange), flags));
  };
  for (const plan::Buffer &buffer : buffersOf(input))
    if (buffer.space == plan::Space::Kv)
      check(buffer.bytes, "keys and values of a layer", "--ctx or --max-batch");
    else if (buffer.space == plan::Space::Arena)
      check(buffer.bytes, "activations", "--chunk or --max-batch");
  std::array<uint32_t, 3> most{0, std::max(plan.maxRows(), plan->maxLogitRows),
                               0};
  for (const quern_vulkan_kernel *kernel : kernels) {
    most[0] = std::max(most[0], kernel->tasks);
    most[2] = std::max(most[2], kernel->parts);
  }
  for (size_t i = 0; i < most.size(); ++i)
    if (most[i] > limits.groups[i])
      throw Error(fmt::format("{}: launches {} workgroups, and kernels of the "
                              "model may need {}",
                              device.name(), fmt::join(limits.groups, " x "),
                              fmt::join(most, " x ")));
}

//===----------------------------------------------------------------------===//
// Pipelines and bindings
//===----------------------------------------------------------------------===//

/// On several threads: a driver may take a second for one of them, and a compiler's
/// stack, which the team's threads have not. Kernels of both roles are often the
/// same.
void VulkanExecutor::makePipelines() {
  std::map<std::span<const uint32_t>, size_t, decltype([](auto a, auto b) {
             return std::lexicographical_compare(a.begin(), a.end(), b.begin(),
                                                 b.end());
           })>
      known;
  std::vector<const quern_vulkan_kernel *> different;
  std::vector<size_t> numbers;
  uint64_t sum = 0;
  for (const quern_vulkan_kernel *kernel : kernels) {
    auto [at, added] = known.try_emplace(
        std::span(kernel->words, kernel->wordCount), different.size());
    if (added) {
      different.push_back(kernel);
      sum = sum * 31 +
            plan::checksum(kernel->words, kernel->wordCount * sizeof(uint32_t));
    }
    numbers.push_back(at->second);
  }
  PipelineCache cache(device.cacheKey(), sum);
  std::vector<uint8_t> stored = cache.load();
  device.openCache(stored);
  pipelines.resize(different.size());
  std::atomic<size_t> next = 0;
  std::string failure;
  std::mutex guard;
  auto make = [&] {
    for (size_t i; (i = next++) < different.size();)
      try {
        const quern_vulkan_kernel &kernel = *different[i];
        pipelines[i] = device.pipeline({kernel.words, kernel.wordCount}, "main",
                                       kernel.bindings, kernel.name);
      } catch (const std::exception &error) {
        std::lock_guard lock(guard);
        failure = error.what();
      }
  };
  std::vector<std::jthread> threads;
  for (unsigned i = 1; i < std::min<size_t>(team.size(), different.size()); ++i)
    threads.emplace_back(make);
  make();
  threads.clear();
  if (!failure.empty())
    throw Error(failure);
  if (std::vector<uint8_t> made = device.cacheData(); made != stored)
    cache.store(made);
  for (size_t number : numbers)
    ofKernel.push_back(&pipelines[number]);
}

void VulkanExecutor::checkOffset(const plan::Buffer &buffer) const {
  if (buffer.offset % limits.offsetAlignment)
    throw Error(fmt::format("{}: offset {} of the plan is no multiple of {}",
                            device.name(), buffer.offset,
                            limits.offsetAlignment));
}

Binding VulkanExecutor::bindingOf(const plan::Buffer &buffer) const {
  uint64_t bytes = (buffer.bytes + 3) / 4 * 4;
  checkOffset(buffer);
  switch (buffer.space) {
  case plan::Space::Weights:
    return weights.at(buffer.offset, bytes);
  case plan::Space::Kv:
    return kv.at(buffer.offset, bytes);
  case plan::Space::Arena:
    break;
  }
  if (buffer.offset >= plan->frontBytes)
    return arena.at(buffer.offset, bytes);
  if (bytes == 0 || bytes > plan->frontBytes - buffer.offset)
    throw Error(fmt::format("plan: {} bytes at offset {} are not in the front",
                            bytes, buffer.offset));
  return {&frontMemory, buffer.offset, bytes};
}

/// Room for a stage's constants and `extra` more; where they are, in bytes.
uint64_t VulkanExecutor::addConstants(std::span<const int64_t> values,
                                      uint32_t extra) {
  constexpr size_t unit = kConstantBytes / sizeof(int32_t);
  if (values.size() + extra > unit)
    throw Error("plan: a stage has too many constants");
  size_t at = constantWords.size();
  constantWords.resize(at + unit);
  for (size_t i = 0; i < values.size(); ++i)
    constantWords[at + i] = int32_t(values[i]);
  return at * sizeof(int32_t);
}

void VulkanExecutor::addLaunches(const plan::Stage &stage) {
  const quern_vulkan_kernel &kernel = *kernels[stage.kernel];
  auto values = plan.constants().subspan(stage.firstConstant, stage.constants);
  if (stage.constants != kernel.constants ||
      stage.buffers + 2 != kernel.bindings)
    throw Error(fmt::format("plan: stage '{}' is not what its kernel takes",
                            plan.name(stage)));
  std::span panels(kernel.weights, kernel.weightCount);
  auto weightOf = [&](const quern_vulkan_panels &w) -> const plan::Buffer & {
    return plan.buffers()[stage.firstBuffer + w.binding - 2];
  };
  uint64_t unit = 1; // panels that a launch begins at multiples of
  for (const quern_vulkan_panels &w : panels) {
    if (w.binding - 2 >= stage.buffers ||
        weightOf(w).space != plan::Space::Weights ||
        weightOf(w).bytes / std::max<uint64_t>(w.bytes, 1) < kernel.panels)
      throw Error(fmt::format("plan: the weights of stage '{}' are too few",
                              plan.name(stage)));
    checkOffset(weightOf(w));
    unit = std::max(unit, panelsTogether(w.bytes, limits.offsetAlignment));
  }
  uint64_t first = 0;
  do {
    uint64_t count = kernel.panels - first;
    for (const quern_vulkan_panels &w : panels)
      count = std::min(
          count, std::min(limits.bindingRange,
                          weights.bytesFrom(weightOf(w).offset +
                                            first * w.bytes)) /
                     w.bytes);
    if (count < kernel.panels - first)
      count -= count % unit;
    if (kernel.panels && count == 0)
      throw Error(fmt::format("{}: cannot bind {} rows of '{}'", device.name(),
                              16 * unit, plan.name(stage)));
    uint64_t at = addConstants(values, kernel.panels ? 2 : 0);
    if (kernel.panels) {
      int32_t *pair = &constantWords[at / sizeof(int32_t)] + values.size();
      pair[0] = int32_t(first), pair[1] = int32_t(count);
    }
    Bound launch{ofKernel[stage.kernel],
                 {{&steps, 0, steps.size()}, {nullptr, at, kConstantBytes}}};
    auto isCut = [&](size_t binding) {
      return std::any_of(panels.begin(), panels.end(), [&](auto &w) {
        return w.binding == binding;
      });
    };
    for (const plan::Buffer &buffer :
         plan.buffers().subspan(stage.firstBuffer, stage.buffers))
      launch.bindings.push_back(isCut(launch.bindings.size())
                                    ? Binding()
                                    : bindingOf(buffer));
    for (const quern_vulkan_panels &w : panels)
      launch.bindings[w.binding] =
          weights.at(weightOf(w).offset + first * w.bytes, count * w.bytes);
    bound.push_back(std::move(launch));
    const uint32_t together = kernel.panelsOfTask;
    launches.push_back(
        {&kernel,
         together ? uint32_t((count + together - 1) / together) : kernel.tasks,
         first == 0 && stage.barrier});
    first += count;
  } while (first < kernel.panels);
}

void VulkanExecutor::layOutStages(const ExecutorInput &input) {
  size_t runs = 0;
  bool running = false;
  for (const plan::Stage &stage : plan.stages()) {
    firstLaunch.push_back(launches.size());
    const bool ours = stage.callsOn(input.device);
    if (ours)
      addLaunches(stage);
    runs += ours && !running;
    running = ours;
  }
  mostLists = std::max(mostLists, kShapesKept * runs);
  firstLaunch.push_back(launches.size());
  constants = device.allocate(constantWords.size() * sizeof(int32_t),
                              "constants", Memory::Device);
  Upload upload(device);
  upload.write(constants, 0, constantWords.data(), constants.size());
  upload.finish();
  for (Bound &launch : bound)
    launch.bindings[1].buffer = &constants;
  sets = device.bind(bound);
  bound.clear();
}

//===----------------------------------------------------------------------===//
// Running
//===----------------------------------------------------------------------===//

const CommandList &VulkanExecutor::listOf(size_t first, size_t last,
                                          const int64_t *counts) {
  Shape shape{first, last};
  std::copy_n(counts, plan::kStepCounts, shape.begin() + 2);
  auto found = lists.find(shape);
  if (found != lists.end()) {
    found->second.lastUse = ++uses;
    return found->second.list;
  }
  if (lists.size() == mostLists)
    lists.erase(std::min_element(lists.begin(), lists.end(),
                                 [](const auto &a, const auto &b) {
                                   return a.second.lastUse < b.second.lastUse;
                                 }));
  std::vector<Dispatch> dispatches;
  for (size_t i = firstLaunch[first]; i < firstLaunch[last]; ++i) {
    const Launch &launch = launches[i];
    const quern_vulkan_kernel &kernel = *launch.kernel;
    auto items = uint32_t((counts[kernel.of] + kernel.rows - 1) / kernel.rows);
    dispatches.push_back({&sets, i, {launch.tasks, items, kernel.parts},
                          launch.barrier});
  }
  return lists.emplace(shape, Recorded{device.record(dispatches), ++uses})
      .first->second.list;
}

void VulkanExecutor::run(size_t first, size_t last, const int64_t *counts) {
  auto *step = static_cast<int32_t *>(steps.data());
  std::copy_n(counts, plan::kStepCounts, step);
  device.run(listOf(first, last, counts));
  if (!device.validationMessages().empty()) // where it was asked for
    throw Error(fmt::format("{}: {}", device.name(),
                            device.validationMessages().front()));
}

/// Each stage on its own, the way to the device and back included.
void VulkanExecutor::measure(size_t first, size_t last, const int64_t *counts,
                             StageTime *times) {
  for (size_t stage = first; stage < last; ++stage) {
    listOf(stage, stage + 1, counts); // is not part of what the stage takes
    uint64_t begin = nanoseconds();
    run(stage, stage + 1, counts);
    times[stage].nanoseconds += nanoseconds() - begin;
    ++times[stage].runs;
  }
}

/// The device is looked for when a model is to run: what the file says of itself
/// it says anywhere.
static void require(const quern_kernel_set &set) { needsOf(set.needs); }

static std::unique_ptr<Executor> open(const quern_kernel_set &set,
                                      const ExecutorInput &input) {
  return std::make_unique<VulkanExecutor>(
      std::span(static_cast<const quern_vulkan_kernel *const *>(set.kernels),
                set.count),
      set.needs, input);
}

extern "C" const ExecutorKind quern_vulkan_executor = {
    "vulkan",
    /*usesTeam=*/false,
    "When the model is to run, the program looks for a device with Vulkan 1.3, "
    "and\n"
    "says in words what is missing. What the driver compiles is kept in\n"
    "$XDG_CACHE_HOME/quern/pipelines.",
    "QUERN_VULKAN_DEVICE: a part of a device's name; only such are looked at. "
    "QUERN_VULKAN_VALIDATE: if it is set, the Khronos validation layer looks "
    "on, and its first message ends the program.",
    require,
    open};
