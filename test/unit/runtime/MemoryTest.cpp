//===- MemoryTest.cpp - The memory plan is what gets touched --------------===//
#include "Memory.h"
#include "Toy.h"
#include <cstring>
#include <fstream>
#include <gtest/gtest.h>
#include <sys/mman.h>

using namespace quern;
using namespace quern::test;

static uint64_t item(const MemoryPlan &plan, std::string_view name,
                     bool touched = true) {
  for (const MemoryPlan::Item &item : plan.items)
    if (item.name == name)
      return touched ? item.touched : item.reserved;
  ADD_FAILURE() << name;
  return 0;
}

/// Megabytes of everything, so that differences of a page show.
static ToyOptions large() {
  ToyOptions options;
  options.context = 256;
  options.pageTokens = 16;
  options.promptRows = 64;
  options.window = 40;
  options.tokenBytes = 4096;
  options.hidden = 4096;
  return options;
}

TEST(Memory, GrowsWithTheSequence) {
  Toy toy(large());
  auto touched = [&](uint64_t tokens) {
    return planMemory(toy.view, tokens, {0, 1});
  };
  // A page of the KV cache is 64 KiB in each of two layers of a group.
  uint64_t page = 2 * 65536;
  EXPECT_EQ(item(touched(0), "keys and values"), 0u);
  EXPECT_EQ(item(touched(1), "keys and values"), 2 * page);
  EXPECT_EQ(item(touched(16), "keys and values"), 2 * page);
  EXPECT_EQ(item(touched(17), "keys and values"), 4 * page);
  // Rows at 64 .. 127 see from 25 on: pages 1 .. 7.
  EXPECT_EQ(item(touched(256), "keys and values"), (16 + 7) * page);
  uint64_t row = 4096 * 4;
  EXPECT_GE(item(touched(3), "activations"), 3 * row);
  EXPECT_LT(item(touched(3), "activations"), 4 * row + 16384);
  EXPECT_EQ(item(touched(64), "activations"), item(touched(65), "activations"));
  EXPECT_EQ(touched(1000).touched(), touched(256).touched());
  EXPECT_GE(touched(256).reserved(), touched(256).touched());
}

/// Counts the pages of this process's anonymous memory that came with a run.
TEST(Memory, IsWhatASequenceTouches) {
  Toy toy(large());
  std::unique_ptr<Engine> engine = toy.engine();
  uint32_t slot = engine->sequences().open();
  for (uint32_t tokens : {20u, 64u, 200u, 256u}) {
    uint64_t before = anonymousBytes();
    if (before == 0)
      GTEST_SKIP() << "the kernel does not count anonymous memory";
    engine = toy.engine();
    slot = engine->sequences().open();
    before = anonymousBytes();
    std::vector<Row> rows;
    for (uint32_t done = 0; done + 1 < tokens;) {
      rows.clear();
      while (done + 1 < tokens && rows.size() < 64)
        rows.push_back({slot, 1}), ++done;
      rows.back().logits = true;
      engine->step(plan::kPrompt, rows, {});
    }
    Row last = {slot, 1, true};
    engine->step(plan::kGenerated, {&last, 1}, {});
    uint64_t touched = anonymousBytes() - before;
    MemoryPlan plan = planMemory(toy.view, tokens, {0, 1});
    uint64_t planned =
        item(plan, "activations") + item(plan, "keys and values");
    // Of the last KV page of each layer the plan counts all of it.
    uint64_t page = 2 * 2 * 65536, slack = 32 << 10;
    EXPECT_LE(touched, planned + slack) << tokens;
    EXPECT_GE(touched + page + slack, planned) << tokens;
  }
}

TEST(Memory, CountsTheExecutablesData) {
  EXPECT_GT(executableDataBytes(), 0u);
  EXPECT_LT(executableDataBytes(), 64u << 20);
  Toy toy(large());
  MemoryPlan plan = planMemory(toy.view, 1, {100 << 10, 1});
  EXPECT_EQ(item(plan, "program data"), 100u << 10);
  EXPECT_EQ(item(plan, "program data", /*touched=*/false), kMostData);
}

/// A device with memory of its own has what its stages touch, and the process what is
/// left.
TEST(Memory, OfADevice) {
  Toy toy(large());
  std::vector<uint8_t> bytes = toy.bytes;
  plan::PlanHeader header;
  memcpy(&header, bytes.data(), sizeof(header));
  auto *device = reinterpret_cast<plan::Device *>(&bytes[header.devicesAt]);
  device->ownMemory = 1;
  PlanView view(bytes, kToyKernels, toy.weights.size());
  MemoryPlan plan = planMemory(view, 256, {0, 1});
  for (const MemoryPlan::Item &item : plan.items)
    EXPECT_TRUE(item.name != "activations" && item.name != "keys and values");
  ASSERT_EQ(plan.devices.size(), 1u);
  EXPECT_EQ(plan.devices[0].name, "toy");
  EXPECT_EQ(plan.devices[0].memory.weights, kToyVocabulary * 4u);
  EXPECT_EQ(plan.devices[0].memory.activations, view->frontBytes);
  EXPECT_EQ(plan.devices[0].memory.overhead, (1 + 3) * kConstantBytes);
  EXPECT_EQ(plan.hostWeights, 0u);
  EXPECT_TRUE(planMemory(toy.view, 256, {0, 1}).devices.empty());
}

/// Each has what its own stages touch.
TEST(Memory, OfTwoDevices) {
  ToyOptions options = large();
  options.split = ToyOptions::Split::HeadOnSecond;
  Toy toy(options);
  auto planOf = [&](uint32_t own) { // the device with memory of its own
    std::vector<uint8_t> bytes = toy.bytes;
    plan::PlanHeader header;
    memcpy(&header, bytes.data(), sizeof(header));
    reinterpret_cast<plan::Device *>(&bytes[header.devicesAt])[own].ownMemory =
        1;
    PlanView view(bytes, kToyKernelsOfTwo, toy.weights.size());
    return planMemory(view, 256, {0, 1});
  };
  uint64_t front = (toy.view->frontBytes + 4095) / 4096 * 4096;
  MemoryPlan head = planOf(1); // only the head is on a device
  ASSERT_EQ(head.devices.size(), 1u);
  EXPECT_EQ(head.devices[0].name, "other");
  EXPECT_EQ(head.devices[0].memory.weights, kToyVocabulary * 4u);
  EXPECT_EQ(head.hostWeights, 0u);
  EXPECT_EQ(head.devices[0].memory.kv, 0u);
  EXPECT_EQ(head.devices[0].memory.overhead, (1 + 1) * kConstantBytes);
  EXPECT_EQ(item(head, "activations", /*touched=*/false), front);
  EXPECT_GT(item(head, "keys and values"), 0u);

  MemoryPlan rest = planOf(0);
  EXPECT_EQ(rest.devices[0].memory.weights, 0u);
  EXPECT_EQ(rest.hostWeights, kToyVocabulary * 4u);
  EXPECT_GT(rest.devices[0].memory.kv, 0u);
  EXPECT_EQ(rest.devices[0].memory.overhead, (1 + 2) * kConstantBytes);
  EXPECT_EQ(item(rest, "keys and values"), 0u);
  EXPECT_EQ(item(rest, "keys and values", /*touched=*/false), 0u);
  // The logits are the process's, so it has more of the front than their absence.
  EXPECT_GT(item(rest, "activations"), 0u);
  EXPECT_EQ(item(rest, "activations", /*touched=*/false), front);
}

TEST(Memory, RangesAreMergedWhereTheyTouch) {
  Toy toy(large());
  std::vector<uint8_t> bytes = toy.bytes;
  plan::PlanHeader header;
  memcpy(&header, bytes.data(), sizeof(header));
  auto *buffers = reinterpret_cast<plan::Buffer *>(&bytes[header.buffersAt]);
  // Three buffers of the pool: two less than a page apart, one far away.
  uint64_t places[][2] = {{0, 100}, {4000, 100}, {100000, 7}};
  for (size_t i = 0; i < 3; ++i)
    buffers[i] = {plan::Space::Kv, 0, places[i][0], places[i][1]};
  for (size_t i = 3; i < header.buffers; ++i)
    buffers[i] = {plan::Space::Kv, 0, 50, 10};
  PlanView view(bytes, kToyKernels, toy.weights.size());
  auto ranges = touchedBy(view, 0, plan::Space::Kv);
  ASSERT_EQ(ranges.size(), 2u);
  EXPECT_EQ(ranges[0].begin, 0u);
  EXPECT_EQ(ranges[0].end, 4100u);
  EXPECT_EQ(ranges[1].begin, 100000u);
  EXPECT_EQ(ranges[1].size(), 7u);
  EXPECT_TRUE(touchedBy(view, 1, plan::Space::Kv).empty());
}
