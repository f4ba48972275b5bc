//===- Memory.cpp - What a sequence of N tokens costs -----------*- C++ -*-===//
#include "Memory.h"
#include "Mapping.h"
#include "Sequences.h"
#include "Team.h"
#include <algorithm>
#include <cstdio>
#include <cstring>
#include <elf.h>
#include <link.h>
#include <sys/auxv.h>

using namespace quern;
using plan::KvGroup;

/// What is touched is counted in these.
static const uint64_t kPage = systemPageSize();

uint64_t MemoryPlan::reserved() const {
  uint64_t sum = 0;
  for (const Item &item : items)
    sum += item.reserved;
  return sum;
}

uint64_t MemoryPlan::touched() const {
  uint64_t sum = 0;
  for (const Item &item : items)
    sum += item.touched;
  return sum;
}

static uint64_t roundUp(uint64_t bytes) {
  return (bytes + kPage - 1) / kPage * kPage;
}

namespace {
/// A set of bytes, of which the pages are counted.
class Pages {
public:
  void add(uint64_t offset, uint64_t bytes) {
    if (bytes)
      spans.push_back({offset / kPage, (offset + bytes - 1) / kPage + 1});
  }
  uint64_t bytes() {
    std::sort(spans.begin(), spans.end());
    uint64_t pages = 0, end = 0;
    for (auto [first, last] : spans) {
      first = std::max(first, end);
      if (last > first)
        pages += last - first;
      end = std::max(end, last);
    }
    return pages * kPage;
  }

private:
  std::vector<std::pair<uint64_t, uint64_t>> spans;
};
} // namespace

/// What a device's stages touch of a space, in whole pages.
static uint64_t pagesOf(const PlanView &plan, uint32_t device,
                        plan::Space space) {
  Pages pages;
  for (ByteRange range : touchedBy(plan, device, space))
    pages.add(range.begin, range.size());
  return pages.bytes();
}

/// Adds what a step of `rows` rows of one sequence uses of a device's arena.
static void addStep(const PlanView &plan, uint32_t device, plan::Role role,
                    uint64_t rows, Pages &pages) {
  const plan::PlanHeader &h = plan.header();
  uint64_t counts[plan::kStepCounts];
  counts[plan::kRows] = rows;
  counts[plan::kTiles] = plan.maxTiles(uint32_t(rows), 1);
  counts[plan::kLogitRows] = 1;
  for (const plan::ArenaUse &use : plan.uses())
    if (use.role >> role & 1 && use.device == device)
      pages.add(use.offset,
                use.bytes(std::min<uint64_t>(use.rows, counts[use.per])));
  for (uint64_t input : {h.tokens, h.positions, h.slots})
    pages.add(input, rows * 4);
  pages.add(h.tiles, counts[plan::kTiles] * 8);
  pages.add(h.select, 4);
  if (plan.headDevice(role) != device)
    return;
  pages.add(h.logits, h.logitStride * 4);
  if (h.best)
    pages.add(h.ranked, h.bestStride * 4);
}

/// Most pages of a group that one sequence holds while it grows to `tokens`.
static uint64_t pagesTouched(const PlanView &plan, const KvGroup &group,
                             uint64_t tokens) {
  uint64_t most = 0, rows = plan.program(plan::kPrompt).maxRows;
  for (uint64_t begin = 0; begin < tokens; begin += rows)
    most = std::max(most, kvPagesHeld(group.window, plan->pageTokens, begin,
                                      std::min(begin + rows, tokens)));
  return std::min<uint64_t>(most, group.pages);
}

static uint64_t arenaTouched(const PlanView &plan, uint32_t device,
                             uint64_t tokens) {
  Pages pages;
  uint64_t most = plan.program(plan::kPrompt).maxRows;
  if (tokens)
    addStep(plan, device, plan::kPrompt, std::min(tokens, most), pages);
  addStep(plan, device, plan::kGenerated, 1, pages);
  for (const KvGroup &group : plan.groups())
    pages.add(group.tableOffset,
              (tokens + plan->pageTokens - 1) / plan->pageTokens * 4);
  return pages.bytes();
}

static uint64_t kvTouched(const PlanView &plan, uint32_t device,
                          uint64_t tokens) {
  Pages pages;
  for (KvLayer layer : layersOf(plan, device))
    pages.add(layer.offset, pagesTouched(plan, *layer.group, tokens) *
                                layer.group->pageBytes);
  return pages.bytes();
}

HostMemory quern::hostMemoryOf(const PlanView &plan, uint32_t device,
                               uint64_t tokens) {
  if (plan.devices()[device].ownMemory || !plan.runs(device))
    return {};
  HostMemory memory{plan->arenaBytes, plan->kvBytes,
                    arenaTouched(plan, device, tokens),
                    kvTouched(plan, device, tokens)};
  if (plan.devices().size() > 1) {
    memory.activations =
        roundUp(plan->frontBytes) + pagesOf(plan, device, plan::Space::Arena);
    memory.kv = pagesOf(plan, device, plan::Space::Kv);
  }
  memory.activations = roundUp(memory.activations);
  memory.kv = roundUp(memory.kv);
  return memory;
}

MemoryPlan quern::planMemory(const PlanView &plan, uint64_t tokens,
                             const ProcessMemory &has) {
  // Measured: the command line's and the tokenizer's own objects, and what a
  // stack's thread control block, kernels and printing reach down to.
  constexpr uint64_t kHeap = 320 << 10, kMainStack = 64 << 10,
                     kTouchedStack = 16 << 10;
  // A token in a prompt: its text and its template's, ids, and merge queue.
  constexpr uint64_t kPerToken = 96;
  // The sampler's candidates. Without --top-k there may be one of every token,
  // and with all that samples on, Sampler::bytes is so much for each.
  uint64_t sampler = uint64_t(plan->vocabulary) * 8;
  uint64_t mostSampler = uint64_t(plan->vocabulary) * 28;
  // Of each device: addresses, calls, and how much of each stage each thread has begun.
  const uint64_t stages = plan.stages().size();
  uint64_t tables = plan.buffers().size() * sizeof(void *) + stages * 40 +
                    has.threads * (stages + 32) * 4;
  uint64_t workers = has.threads ? has.threads - 1 : 0;
  tokens = std::min<uint64_t>(tokens, plan->context);

  MemoryPlan memory;
  HostMemory host;
  uint64_t running = 0;
  bool inProcess = false;
  for (uint32_t device = 0; device < plan.devices().size(); ++device) {
    if (!plan.runs(device))
      continue;
    ++running;
    if (plan.devices()[device].ownMemory) {
      memory.devices.push_back({std::string(plan.name(plan.devices()[device])),
                                memoryOf(plan, device)});
    } else {
      inProcess = true;
      HostMemory own = hostMemoryOf(plan, device, tokens);
      host.activations += own.activations, host.kv += own.kv;
      host.touchedActivations += own.touchedActivations;
      host.touchedKv += own.touchedKv;
      memory.hostWeights += memoryOf(plan, device).weights;
    }
  }
  if (inProcess)
    memory.items = {{"activations", host.activations, host.touchedActivations},
                    {"keys and values", host.kv, host.touchedKv}};
  std::vector<MemoryPlan::Item> process = {
      {"tables of stages", tables * running, tables * running},
      {"sampler", mostSampler, sampler},
      {"text", kHeap + plan->context * kPerToken, kHeap + tokens * kPerToken},
      {"stacks", kMainStack + workers * kWorkerStack,
       kMainStack + workers * kTouchedStack},
      {"program data", kMostData, has.data},
  };
  memory.items.insert(memory.items.end(), process.begin(), process.end());
  return memory;
}

uint64_t quern::executableDataBytes() {
  auto *header = reinterpret_cast<const ElfW(Phdr) *>(getauxval(AT_PHDR));
  uint64_t count = header ? getauxval(AT_PHNUM) : 0, bytes = 0;
  for (uint64_t i = 0; i < count; ++i) {
    const ElfW(Phdr) &segment = header[i];
    if (segment.p_type == PT_LOAD && segment.p_flags & PF_W)
      bytes += roundUp(segment.p_vaddr % kPage + segment.p_memsz);
  }
  return bytes;
}

uint64_t quern::anonymousBytes() {
  FILE *status = fopen("/proc/self/status", "re");
  if (!status)
    return 0;
  char line[256];
  unsigned long long kilobytes = 0;
  while (fgets(line, sizeof(line), status))
    if (sscanf(line, "RssAnon: %llu kB", &kilobytes) == 1)
      break;
  fclose(status);
  return kilobytes << 10;
}
