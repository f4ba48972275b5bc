//===- PlanView.cpp - The plan, checked -------------------------*- C++ -*-===//
#include "PlanView.h"
#include "Error.h"
#include <algorithm>
#include <cstring>
#include <fmt/format.h>
#include <vector>

using namespace quern;
using plan::Buffer;
using plan::KvGroup;
using plan::PlanHeader;
using plan::Program;
using plan::Stage;

static constexpr uint32_t kMostRowsTogether = 64;

template <typename... Args>
[[noreturn]] static void fail(fmt::format_string<Args...> format,
                              Args &&...args) {
  throw Error("plan: " + fmt::format(format, std::forward<Args>(args)...));
}

/// Whether `count` things of `size` bytes from `offset` on end by `end`.
static bool fits(uint64_t offset, uint64_t count, uint64_t size, uint64_t end) {
  uint64_t bytes;
  return !__builtin_mul_overflow(count, size, &bytes) && offset <= end &&
         bytes <= end - offset;
}

template <typename T>
std::span<const T> PlanView::table(std::span<const uint8_t> section,
                                   uint64_t at, uint64_t count,
                                   const char *what) const {
  if (at % alignof(T) || !fits(at, count, sizeof(T), section.size()))
    fail("table of {} {} at offset {} does not fit into {} bytes", count, what,
         at, section.size());
  return {reinterpret_cast<const T *>(section.data() + at), size_t(count)};
}

PlanView::PlanView(std::span<const uint8_t> section,
                   std::span<const uint64_t> kernels, uint64_t weightBytes) {
  if (section.size() < sizeof(PlanHeader))
    fail("has {} bytes, but its header takes {}", section.size(),
         sizeof(PlanHeader));
  head = reinterpret_cast<const PlanHeader *>(section.data());
  if (head->magic != plan::kMagic || head->version != plan::kVersion)
    fail("version {} is not {}", head->version, plan::kVersion);
  const PlanHeader &h = *head;
  deviceTable = table<plan::Device>(section, h.devicesAt, h.devices, "devices");
  stageTable = table<Stage>(section, h.stagesAt, h.stages, "stages");
  bufferTable = table<Buffer>(section, h.buffersAt, h.buffers, "buffers");
  constantTable =
      table<int64_t>(section, h.constantsAt, h.constants, "constants");
  groupTable = table<KvGroup>(section, h.groupsAt, h.groups, "KV groups");
  useTable = table<plan::ArenaUse>(section, h.usesAt, h.uses, "arena uses");
  stringTable = table<char>(section, h.stringsAt, h.strings, "string bytes");
  checkHeader();
  checkPrograms();
  checkStages(kernels, weightBytes);
  checkGroups();
  checkInputs();
}

bool PlanView::runs(uint32_t device) const {
  return std::any_of(stageTable.begin(), stageTable.end(),
                     [&](const Stage &s) { return s.device == device; });
}

uint32_t PlanView::headDevice(plan::Role role) const {
  return stages(role).empty() ? 0 : stages(role).back().device;
}

uint32_t PlanView::maxRows() const {
  return std::max(head->programs[plan::kPrompt].maxRows,
                  head->programs[plan::kGenerated].maxRows);
}

uint32_t PlanView::maxTiles(uint32_t rows, uint32_t sequences) const {
  // Every sequence has one tile that need not be full.
  uint32_t runs = std::min(rows, sequences);
  return runs + (rows - runs) / head->tileRows;
}

std::string_view PlanView::name(const Stage &stage) const {
  std::span<const char> text = stringTable.subspan(stage.name);
  return {text.data(), strnlen(text.data(), text.size())};
}

void PlanView::checkFront(uint64_t offset, uint64_t count, uint64_t size,
                          const char *what) const {
  if (offset % 4 || !fits(offset, count, size, head->frontBytes))
    fail("{} at offset {} do not fit into the front of the arena", what,
         offset);
}

void PlanView::checkHeader() const {
  const PlanHeader &h = *head;
  if (!h.context || !h.maxSequences || !h.vocabulary || !h.pageTokens ||
      !h.maxLogitRows || !h.tileRows)
    fail("a limit is zero");
  if (h.context > INT32_MAX || h.vocabulary > INT32_MAX)
    fail("a limit does not fit into an int32");
  if (h.maxSequences > plan::kMostSequences)
    fail("{} sequences are more than {}", h.maxSequences, plan::kMostSequences);
  constexpr uint64_t kMost = uint64_t(1) << 47; // of a process's address space
  if (h.arenaBytes > kMost || h.kvBytes > kMost)
    fail("arena and KV pool of {} and {} bytes are too large", h.arenaBytes,
         h.kvBytes);
  if (h.frontBytes > h.arenaBytes)
    fail("the front of the arena is larger than the arena");
  if (h.logitStride < h.vocabulary)
    fail("logit rows of {} overlap at a stride of {}", h.vocabulary,
         h.logitStride);
  checkFront(h.tokens, maxRows(), 4, "tokens");
  checkFront(h.positions, maxRows(), 4, "positions");
  checkFront(h.slots, maxRows(), 4, "slots");
  checkFront(h.tiles, h.maxTiles, 8, "tiles");
  checkFront(h.select, h.maxLogitRows, 4, "selected rows");
  uint64_t rowBytes;
  if (__builtin_mul_overflow(h.logitStride, 4, &rowBytes))
    fail("a logit stride of {} is too long", h.logitStride);
  checkFront(h.logits, h.maxLogitRows, rowBytes, "logits");
  if (h.best == 0)
    return;
  if (h.best > h.vocabulary || h.bestStride < 2 * h.best ||
      __builtin_mul_overflow(h.bestStride, 4, &rowBytes))
    fail("the best {} of {} logits, in rows at a stride of {}", h.best,
         h.vocabulary, h.bestStride);
  checkFront(h.ranked, h.maxLogitRows, rowBytes, "ranked logits");
}

void PlanView::checkPrograms() const {
  for (const Program &program : head->programs) {
    size_t role = &program - head->programs;
    if (!fits(program.firstStage, program.stages, 1, stageTable.size()) ||
        program.headStage > program.rankStage ||
        program.rankStage > program.logitsStage ||
        program.logitsStage > program.stages)
      fail("program {} has stages that there are not", role);
    bool ranks = program.rankStage < program.logitsStage;
    if (ranks != (program.logitsStage < program.stages) ||
        (ranks && !head->best))
      fail("program {} has one tail where there must be two", role);
    if (program.stages == 0)
      fail("program {} has no stages", role);
    if (program.maxRows == 0)
      fail("program {} takes no rows", role);
    uint32_t tiles = maxTiles(program.maxRows, head->maxSequences);
    if (tiles > head->maxTiles)
      fail("program {} may need {} tiles, but there are {}", role, tiles,
           head->maxTiles);
  }
}

/// The most rows that a copy may find in a step.
uint64_t PlanView::mostCopied(const Stage &stage) const {
  if (constantTable[stage.firstConstant + 1] == plan::kLogitRows)
    return head->maxLogitRows;
  uint64_t most = 0, index = stageIndex(stage);
  for (const Program &program : head->programs)
    if (index - program.firstStage < program.stages)
      most = std::max<uint64_t>(most, program.maxRows);
  return most;
}

/// Rows that are copied must be in the fronts, the most of them that there can be, and
/// come from a device that has one.
void PlanView::checkCopy(const Stage &stage) const {
  uint64_t index = stageIndex(stage);
  if (stage.buffers != 1 || stage.constants != 3)
    fail("stage {} copies what is no row", index);
  const Buffer &buffer = bufferTable[stage.firstBuffer];
  const int64_t *constants = &constantTable[stage.firstConstant];
  if (buffer.space != plan::Space::Arena ||
      !fits(buffer.offset, buffer.bytes, 1, head->frontBytes))
    fail("stage {} copies what is not in the front of the arena", index);
  if (uint64_t(constants[0]) >= deviceTable.size() ||
      constants[0] == stage.device || !runs(uint32_t(constants[0])))
    fail("stage {} copies from device {}", index, constants[0]);
  if ((constants[1] != plan::kRows && constants[1] != plan::kLogitRows) ||
      !fits(0, mostCopied(stage), uint64_t(constants[2]),
            head->frontBytes - buffer.offset))
    fail("stage {} copies more rows than there is room for", index);
}

void PlanView::checkStages(std::span<const uint64_t> kernels,
                           uint64_t weightBytes) const {
  if (deviceTable.size() != kernels.size())
    fail("is for {} devices, and there are kernels for {}", deviceTable.size(),
         kernels.size());
  for (const Stage &stage : stageTable) {
    uint64_t index = stageIndex(stage);
    if (stage.device >= deviceTable.size())
      fail("stage {} is for device {} of {}", index, stage.device,
           deviceTable.size());
    if (stage.per >= plan::kStepCounts)
      fail("stage {} counts its rows by {}", index, stage.per);
    if (stage.kernel >= kernels[stage.device] && stage.kernel != plan::kCopy)
      fail("stage {} calls kernel {} of {}", index, stage.kernel,
           kernels[stage.device]);
    if (!fits(stage.firstBuffer, stage.buffers, 1, bufferTable.size()) ||
        !fits(stage.firstConstant, stage.constants, 1, constantTable.size()) ||
        stage.name >= stringTable.size())
      fail("stage {} refers to entries that there are not", index);
    if (stage.kernel == plan::kCopy)
      checkCopy(stage);
  }
  for (const Buffer &buffer : bufferTable) {
    const uint64_t ends[] = {head->arenaBytes, weightBytes, head->kvBytes};
    auto space = uint32_t(buffer.space);
    if (space >= std::size(ends) ||
        !fits(buffer.offset, buffer.bytes, 1, ends[space]))
      fail("buffer {} at offset {} is outside its space",
           &buffer - bufferTable.data(), buffer.offset);
    // The front is memory of its own where a device has not all of the arena.
    if (buffer.space == plan::Space::Arena &&
        buffer.offset < head->frontBytes &&
        !fits(buffer.offset, buffer.bytes, 1, head->frontBytes))
      fail("buffer {} begins in the front of the arena and ends behind it",
           &buffer - bufferTable.data());
  }
  for (const plan::ArenaUse &use : useTable)
    if (use.together == 0 || use.together > kMostRowsTogether ||
        !fits(use.offset, use.allocated(use.rows), use.rowBytes,
              head->arenaBytes) ||
        use.per >= plan::kStepCounts || use.device >= deviceTable.size())
      fail("arena use {} is wrong", &use - useTable.data());
}

/// The engine writes step inputs and page tables and reads them back, so they
/// must not share bytes, among themselves, with the logits, or with what is copied.
void PlanView::checkInputs() const {
  const PlanHeader &h = *head;
  uint64_t rows = uint64_t(maxRows()) * 4;
  struct Range {
    uint64_t begin, size;
  };
  std::vector<Range> ranges = {
      {h.tokens, rows},
      {h.positions, rows},
      {h.slots, rows},
      {h.tiles, uint64_t(h.maxTiles) * 8},
      {h.select, uint64_t(h.maxLogitRows) * 4},
      {h.logits, h.maxLogitRows * h.logitStride * 4},
  };
  if (h.best)
    ranges.push_back({h.ranked, h.maxLogitRows * h.bestStride * 4});
  for (const KvGroup &group : groupTable)
    ranges.push_back({group.tableOffset,
                      uint64_t(group.pagesPerSequence) * h.maxSequences * 4});
  std::sort(ranges.begin(), ranges.end(),
            [](const Range &a, const Range &b) { return a.begin < b.begin; });
  for (size_t i = 0; i + 1 < ranges.size(); ++i)
    if (ranges[i].begin + ranges[i].size > ranges[i + 1].begin)
      fail("step inputs at offsets {} and {} of the arena overlap",
           ranges[i].begin, ranges[i + 1].begin);
  for (const Stage &stage : stageTable) {
    if (stage.kernel != plan::kCopy)
      continue;
    uint64_t begin = bufferTable[stage.firstBuffer].offset;
    uint64_t end = begin + mostCopied(stage) *
                               uint64_t(constantTable[stage.firstConstant + 2]);
    for (const Range &range : ranges)
      if (begin < range.begin + range.size && range.begin < end)
        fail("stage {} copies over step inputs at offset {} of the arena: they "
             "overlap",
             stageIndex(stage), range.begin);
  }
}

void PlanView::checkGroups() const {
  const PlanHeader &h = *head;
  for (const KvGroup &group : groupTable) {
    size_t index = &group - groupTable.data();
    uint64_t pages, pool;
    if (group.layers > plan::kMostLayers)
      fail("KV group {} has {} layers, more than {}", index, group.layers,
           plan::kMostLayers);
    if (__builtin_mul_overflow(uint64_t(group.layers), group.pages, &pages) ||
        __builtin_mul_overflow(pages, group.pageBytes, &pool) ||
        !fits(group.poolOffset, pool, 1, h.kvBytes))
      fail("the pages of KV group {} do not fit into the pool", index);
    if (uint64_t(group.pagesPerSequence) * h.pageTokens < h.context ||
        group.pages > INT32_MAX)
      fail("a sequence of {} tokens does not fit into the table of KV group {}",
           h.context, index);
    if (group.pages > uint64_t(group.pagesPerSequence) * h.maxSequences)
      fail("KV group {} has {} pages, more than its table has entries", index,
           group.pages);
    checkFront(group.tableOffset, uint64_t(h.maxSequences),
               uint64_t(group.pagesPerSequence) * 4, "page tables");
  }
}
