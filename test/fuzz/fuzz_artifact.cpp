//===- fuzz_artifact.cpp - Fuzzing artifacts -------------------*- C++ -*-===//
//
// The input is what an artifact holds: metadata, plan, tokenizer, template and
// weights, each after its length as four bytes, little endian; then changes to
// the section table and the trailer, three bytes each: where, counted from the
// end of the file as two bytes, and what to add to the byte there. All is put
// together with the checksums that belong to it, as a hostile writer would,
// and what opens runs some steps, with kernels that do nothing.
//
// The file is one in memory, so nothing is written.
//
//===----------------------------------------------------------------------===//
#include "Message.h"
#include "codegen/cpu/runtime/Executor.h"
#include "runtime/Model.h"
#include "test/unit/runtime/ToyModel.h"

#include <cstdlib>
#include <cstring>
#include <sys/mman.h>
#include <unistd.h>

using namespace quern;

static void check(bool good) {
  if (!good)
    std::abort();
}

static uint32_t size32(std::span<const uint8_t> &rest) {
  uint32_t size = 0;
  for (size_t i = 0; i < 4 && !rest.empty(); ++i, rest = rest.subspan(1))
    size |= uint32_t(rest[0]) << 8 * i;
  return uint32_t(std::min<size_t>(size, rest.size()));
}

/// The file that the input describes.
static std::vector<uint8_t> fileOf(std::span<const uint8_t> rest) {
  std::vector<test::ToySection> sections;
  for (const char *name :
       {"meta", "plan", "tokenizer", "template", "weights"}) {
    uint32_t size = size32(rest);
    sections.push_back({name, {rest.begin(), rest.begin() + size}});
    rest = rest.subspan(size);
  }
  std::vector<uint8_t> file = test::appendPayload({}, sections);
  if (rest.size() < 3)
    return file;
  uint8_t *end = file.data() + file.size();
  for (; rest.size() >= 3; rest = rest.subspan(3)) {
    size_t back = (rest[0] | rest[1] << 8) % (64 + 5 * sizeof(plan::Section));
    end[-1 - ptrdiff_t(back)] += rest[2];
  }
  plan::Trailer trailer;
  uint8_t *at = end - sizeof(trailer);
  memcpy(&trailer, at, sizeof(trailer));
  uint64_t table = trailer.sectionTable, most = file.size() - sizeof(trailer);
  uint64_t bytes = uint64_t(trailer.sections) * sizeof(plan::Section);
  if (table <= most && bytes <= most - table)
    trailer.checksum = plan::checksum(file.data() + table, bytes);
  memcpy(at, &trailer, sizeof(trailer));
  return file;
}

static void noKernel(void *const *, const int64_t *, const int64_t *counts,
                     int64_t, int64_t) {
  for (int i = 0; i < plan::kStepCounts; ++i)
    check(counts[i] >= 0);
}
static const quern_kernel table[] = {noKernel, noKernel, noKernel, noKernel,
                                     noKernel};
static const quern_kernel_set kernels[] = {
    {&quern_cpu_executor, table, std::size(table), 0, "any", ""},
    {&quern_cpu_executor, table, std::size(table), 0, "any", ""}};

/// Looks at everything that a plan points to.
static void readPlan(const PlanView &plan) {
  for (const plan::Stage &stage : plan.stages()) {
    check(stage.kernel == plan::kCopy ||
          stage.kernel < kernels[stage.device].count);
    volatile size_t total = plan.name(stage).size();
    for (const plan::Buffer &b :
         plan.buffers().subspan(stage.firstBuffer, stage.buffers)) {
      total = total + b.offset;
      check(b.space != plan::Space::Arena || b.offset >= plan->frontBytes ||
            b.bytes <= plan->frontBytes - b.offset);
    }
    for (int64_t c :
         plan.constants().subspan(stage.firstConstant, stage.constants))
      total = total + size_t(c);
  }
}

/// Some steps of up to three sequences, to the end of a short context.
static void runSteps(Engine &engine, const PlanView &plan) {
  uint32_t slots = std::min(3u, plan->maxSequences);
  for (uint32_t i = 0; i < slots; ++i)
    check(engine.sequences().open() == i);
  for (int step = 0; step < 6; ++step) {
    plan::Role role = step % 2 ? plan::kGenerated : plan::kPrompt;
    std::vector<Row> rows;
    uint32_t most = std::min(engine.maxRows(role), 64u);
    for (uint32_t slot = 0; slot < slots; ++slot)
      for (uint32_t i = 0; i < most / slots + (slot < most % slots); ++i)
        rows.push_back({slot, int32_t(i % plan->vocabulary), i % 3 == 0});
    engine.step(role, rows, [&](const LogitBlock &block) {
      for (size_t i = 0; i < block.size(); ++i) {
        check(size_t(block.rows[i]) < rows.size());
        volatile float sum = block[i].front() + block[i].back();
        (void)sum;
      }
    });
    if (engine.ranked(role))
      engine.rankedStep(role, std::span(rows).first(1),
                        [&](const RankedBlock &block) {
                          check(block.size() == 1 && block.rows[0] == 0);
                          volatile float sum =
                              block[0].logits.front() + block[0].tokens.back();
                          (void)sum;
                        });
    if (step == 3)
      engine.sequences().clear(0);
  }
  engine.sequences().close(0);
}

static void open(const std::string &path) {
  Artifact artifact(path);
  artifact.verify();
  // For one device, or for two.
  std::span<const uint8_t> section = artifact.section("plan");
  plan::PlanHeader header = {};
  memcpy(&header, section.data(), std::min(section.size(), sizeof(header)));
  Model model(std::move(artifact),
              std::span(kernels).first(header.devices == 2 ? 2 : 1));
  readPlan(model.plan());
  check(model.metadata().is_object());
  check(model.memory(100, 1).touched() > 0);
  model.encodePrompt("some text", true);
  // An engine reserves what its plan claims, and touches little of it; but the
  // sanitizer's books do.
  for (const plan::KvGroup &group : model.plan().groups())
    if (group.pages > 1 << 22)
      return;
  runSteps(*model.engine({.threads = 1}), model.plan());
}

extern "C" int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  static const int file = memfd_create("artifact", 0);
  static const std::string path = "/proc/self/fd/" + std::to_string(file);
  std::vector<uint8_t> bytes = fileOf({data, size});
  check(ftruncate(file, 0) == 0);
  check(pwrite(file, bytes.data(), bytes.size(), 0) == ssize_t(bytes.size()));
  try {
    open(path);
  } catch (const Error &error) {
    test::checkMessage(error);
  }
  return 0;
}
