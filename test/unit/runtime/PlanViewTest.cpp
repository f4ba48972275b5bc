//===- PlanViewTest.cpp - Wrong plans are refused -------------------------===//
#include "PlanView.h"
#include "Error.h"
#include "ToyModel.h"
#include <array>
#include <cstring>
#include <gtest/gtest.h>

using namespace quern;
using namespace quern::test;

namespace {

class PlanViewTest : public testing::Test {
protected:
  std::string open(std::span<const uint8_t> section,
                   std::span<const uint64_t> kernels = kToyKernels) {
    try {
      PlanView view(section, kernels, 290 * 4);
    } catch (const Error &error) {
      EXPECT_TRUE(std::string(error.what()).starts_with("plan: "));
      return error.what();
    }
    return "";
  }
  /// The message for a plan with a changed header.
  template <typename Change> std::string withHeader(Change change) {
    std::vector<uint8_t> bytes = good;
    change(*reinterpret_cast<plan::PlanHeader *>(bytes.data()));
    return open(bytes);
  }
  /// The message for a plan with the entry `index` of a table changed.
  template <typename T, typename Change>
  std::string with(uint64_t plan::PlanHeader::*at, size_t index,
                   Change change) {
    std::vector<uint8_t> bytes = good;
    auto &header = *reinterpret_cast<plan::PlanHeader *>(bytes.data());
    change(reinterpret_cast<T *>(bytes.data() + header.*at)[index]);
    return open(bytes);
  }
  std::vector<uint8_t> good = toyPlan({});
};

TEST_F(PlanViewTest, OpensTheToy) {
  EXPECT_EQ(open(good), "");
  PlanView view(good, kToyKernels, 290 * 4);
  EXPECT_EQ(view.stages().size(), 3u);
  EXPECT_EQ(view.name(view.stages()[2]), "output");
  EXPECT_EQ(view.maxRows(), 12u);
  EXPECT_EQ(view.maxTiles(12, 1), 4u);
  EXPECT_EQ(view.maxTiles(12, 4), 6u); // 4 + 4 + 3 + 1 rows
  EXPECT_EQ(view.maxTiles(1, 4), 1u);
}

TEST_F(PlanViewTest, RefusesCutTables) {
  for (size_t size = 0; size < good.size(); size += 8)
    EXPECT_NE(open(std::span(good).first(size)), "") << size;
}

TEST_F(PlanViewTest, RefusesWrongHeaders) {
  using H = plan::PlanHeader;
  EXPECT_NE(withHeader([](H &h) { h.version = plan::kVersion + 1; }), "");
  EXPECT_NE(withHeader([](H &h) { h.context = 0; }), "");
  EXPECT_NE(withHeader([](H &h) { h.context = 1 << 20; }), "");
  EXPECT_NE(withHeader([](H &h) { h.tileRows = 0; }), "");
  EXPECT_NE(withHeader([](H &h) {
              h.tileRows = 1;
              h.maxTiles = 11;
            }),
            "");
  EXPECT_NE(withHeader([](H &h) { h.logitStride = 289; }), "");
  EXPECT_NE(withHeader([](H &h) { h.logitStride = UINT64_MAX / 2; }), "");
  EXPECT_NE(withHeader([](H &h) { h.stages = UINT64_MAX / 2; }), "");
  EXPECT_NE(withHeader([](H &h) { h.buffersAt += 4; }), "");
  EXPECT_NE(withHeader([](H &h) { h.tokens = h.arenaBytes; }), "");
  EXPECT_NE(withHeader([](H &h) { h.arenaBytes /= 2; }), "");
  EXPECT_NE(withHeader([](H &h) { h.frontBytes /= 2; }), "");
  EXPECT_NE(withHeader([](H &h) { h.frontBytes = h.arenaBytes + 1; }), "");
  EXPECT_NE(withHeader([](H &h) { h.devices = 0; }), "");
  EXPECT_NE(withHeader([](H &h) { h.devicesAt += 1; }), "");
  EXPECT_NE(withHeader([](H &h) { h.kvBytes -= 1; }), "");
  EXPECT_NE(withHeader([](H &h) { h.kvBytes = uint64_t(1) << 48; }), "");
  EXPECT_NE(withHeader([](H &h) { h.arenaBytes = uint64_t(1) << 48; }), "");
  EXPECT_NE(withHeader([](H &h) { h.programs[0].stages = 4; }), "");
  EXPECT_EQ(withHeader([](H &h) {
              plan::Program &p = h.programs[1];
              p.stages = p.headStage = p.rankStage = p.logitsStage = 0;
            }),
            "plan: program 1 has no stages");
  EXPECT_NE(withHeader([](H &h) { h.programs[1].headStage = 4; }), "");
  EXPECT_NE(withHeader([](H &h) { h.programs[0].maxRows = 1 << 30; }), "");
  EXPECT_NE(withHeader([](H &h) { h.strings = 0; }), "");
}

TEST_F(PlanViewTest, RefusesWrongEntries) {
  using namespace plan;
  using H = PlanHeader;
  EXPECT_NE(open(good, std::array<uint64_t, 1>{2}), "");
  EXPECT_NE(with<Stage>(&H::stagesAt, 1, [](Stage &s) { s.kernel = 5; }), "");
  EXPECT_NE(with<Stage>(&H::stagesAt, 1, [](Stage &s) { s.buffers = 100; }),
            "");
  EXPECT_NE(
      with<Stage>(&H::stagesAt, 1, [](Stage &s) { s.firstConstant = ~0u; }),
      "");
  EXPECT_NE(with<Stage>(&H::stagesAt, 0, [](Stage &s) { s.name = ~0u; }), "");
  EXPECT_NE(with<Stage>(&H::stagesAt, 0, [](Stage &s) { s.device = 1; }), "");
  EXPECT_NE(
      with<Buffer>(&H::buffersAt, 0, [](Buffer &b) { b.bytes = UINT64_MAX; }),
      "");
  EXPECT_NE(
      with<Buffer>(&H::buffersAt, 0, [](Buffer &b) { b.offset = UINT64_MAX; }),
      "");
  EXPECT_NE(
      with<Buffer>(&H::buffersAt, 0, [](Buffer &b) { b.space = Space(7); }),
      "");
  // In the arena, and across the end of its front.
  auto across = [&](uint64_t before, uint64_t bytes) {
    std::vector<uint8_t> section = good;
    auto &h = *reinterpret_cast<H *>(section.data());
    h.arenaBytes += 64;
    auto &b = *reinterpret_cast<Buffer *>(&section[h.buffersAt]);
    EXPECT_EQ(b.space, Space::Arena);
    b.offset = h.frontBytes - before, b.bytes = bytes;
    return open(section);
  };
  EXPECT_EQ(across(16, 16), "");
  EXPECT_EQ(across(0, 64), "");
  EXPECT_EQ(across(16, 17), "plan: buffer 0 begins in the front of the arena "
                            "and ends behind it");
  EXPECT_NE(with<KvGroup>(&H::groupsAt, 1, [](KvGroup &g) { g.pages = ~0u; }),
            "");
  EXPECT_NE(with<KvGroup>(&H::groupsAt, 1,
                          [](KvGroup &g) { g.tableOffset = 1 << 30; }),
            "");
  EXPECT_NE(with<KvGroup>(&H::groupsAt, 0,
                          [](KvGroup &g) { g.pagesPerSequence = 1; }),
            "");
  EXPECT_NE(with<ArenaUse>(&H::usesAt, 0, [](ArenaUse &u) { u.rows = ~0u; }),
            "");
  EXPECT_NE(with<ArenaUse>(&H::usesAt, 0, [](ArenaUse &u) { u.per = 9; }), "");
  for (uint32_t together : {0u, 65u, ~0u})
    EXPECT_NE(with<ArenaUse>(&H::usesAt, 0,
                             [&](ArenaUse &u) { u.together = together; }),
              "");
}

TEST_F(PlanViewTest, RefusesWrongCopies) {
  using namespace plan;
  ToyOptions options;
  options.split = ToyOptions::Split::HeadOnSecond;
  good = toyPlan(options);
  EXPECT_EQ(open(good), "plan: is for 2 devices, and there are kernels for 1");
  EXPECT_EQ(open(good, kToyKernelsOfTwo), "");
  auto wrong = [&](auto change) {
    std::vector<uint8_t> bytes = good;
    auto &h = *reinterpret_cast<PlanHeader *>(bytes.data());
    auto &stage = reinterpret_cast<Stage *>(&bytes[h.stagesAt])[2];
    EXPECT_EQ(stage.kernel, kCopy);
    change(stage,
           reinterpret_cast<Buffer *>(&bytes[h.buffersAt])[stage.firstBuffer],
           reinterpret_cast<int64_t *>(
               &bytes[h.constantsAt])[stage.firstConstant],
           h);
    return open(bytes, kToyKernelsOfTwo);
  };
  using S = Stage;
  using B = Buffer;
  using H = PlanHeader;
  EXPECT_NE(wrong([](S &s, B &, int64_t &, H &) { s.buffers = 2; }), "");
  EXPECT_NE(wrong([](S &s, B &, int64_t &, H &) { s.constants = 2; }), "");
  EXPECT_NE(wrong([](S &, B &b, int64_t &, H &) { b.space = Space::Kv; }), "");
  EXPECT_NE(wrong([](S &, B &b, int64_t &, H &h) { b.offset = h.frontBytes; }),
            "");
  EXPECT_NE(wrong([](S &, B &, int64_t &c, H &) { c = 1; }), "") << "itself";
  EXPECT_NE(wrong([](S &, B &, int64_t &c, H &) { c = 2; }), "");
  EXPECT_NE(wrong([](S &, B &, int64_t &c, H &) { (&c)[1] = kTiles; }), "");
  EXPECT_NE(wrong([](S &, B &, int64_t &c, H &) { (&c)[1] = -1; }), "");
  EXPECT_NE(wrong([](S &, B &, int64_t &c, H &) { (&c)[2] *= 1000; }), "");
  EXPECT_NE(wrong([](S &, B &, int64_t &c, H &) { (&c)[2] = -4; }), "");
  // A few bytes more are not there, of the most rows of a program.
  EXPECT_NE(wrong([](S &, B &b, int64_t &c, H &h) {
              (&c)[2] = int64_t((h.frontBytes - b.offset) / 12 + 1);
            }),
            "");
  EXPECT_EQ(wrong([](S &, B &b, int64_t &, H &h) { b.offset = h.tokens; }),
            "plan: stage 2 copies over step inputs at offset " +
                std::to_string(
                    reinterpret_cast<H *>(good.data())->tokens) +
                " of the arena: they overlap");
  EXPECT_NE(wrong([](S &, B &b, int64_t &c, H &h) {
              b.offset = h.logits - (&c)[2]; // only a second row is in the way
              b.bytes = 0;
            }),
            "");
  // A device without a stage has no front.
  EXPECT_EQ(wrong([](S &s, B &, int64_t &, H &h) {
              for (Stage *first = &s - 2; first != &s - 2 + h.stages; ++first)
                first->device = 1;
            }),
            "plan: stage 2 copies from device 0");
}

TEST_F(PlanViewTest, RefusesWhatSharesBytes) {
  using namespace plan;
  using H = PlanHeader;
  auto overlap = [](const std::string &what) {
    return what.find("overlap") != what.npos;
  };
  EXPECT_TRUE(overlap(withHeader([](H &h) { h.positions = h.tokens; })));
  EXPECT_TRUE(overlap(withHeader([](H &h) { h.select = h.tiles + 8; })));
  EXPECT_TRUE(overlap(withHeader([](H &h) { h.logits = h.tokens; })));
  EXPECT_TRUE(overlap(
      with<KvGroup>(&H::groupsAt, 1, [](KvGroup &g) { g.tableOffset -= 64; })));
}

TEST_F(PlanViewTest, RefusesWrongTails) {
  using H = plan::PlanHeader;
  auto says = [](const std::string &what, const char *part) {
    return what.find(part) != what.npos;
  };
  // The toy has none.
  EXPECT_TRUE(says(withHeader([](H &h) { h.programs[0].rankStage = 1; }),
                   "stages that there are not"));
  EXPECT_TRUE(says(withHeader([](H &h) { --h.programs[0].logitsStage; }),
                   "stages that there are not"));
  EXPECT_TRUE(says(withHeader([](H &h) { h.programs[0].logitsStage = 9; }),
                   "stages that there are not"));
  EXPECT_TRUE(says(withHeader([](H &h) {
                     --h.programs[1].logitsStage, --h.programs[1].rankStage;
                   }),
                   "one tail where there must be two"));
  ToyOptions options;
  options.best = 7;
  good = toyPlan(options);
  EXPECT_EQ(open(good), "");
  EXPECT_TRUE(says(withHeader([](H &h) { ++h.programs[0].logitsStage; }),
                   "one tail where there must be two"));
  EXPECT_TRUE(says(withHeader([](H &h) { ++h.programs[0].rankStage; }),
                   "one tail where there must be two"));
  EXPECT_TRUE(says(withHeader([](H &h) { h.best = 0; }),
                   "one tail where there must be two"));
  EXPECT_TRUE(says(withHeader([](H &h) { h.best = 9; }), "the best 9"));
  EXPECT_TRUE(says(withHeader([](H &h) { h.best = 291; }), "the best 291"));
  EXPECT_TRUE(says(withHeader([](H &h) { h.bestStride = UINT64_MAX / 2; }),
                   "at a stride of"));
  EXPECT_TRUE(says(withHeader([](H &h) { h.ranked = h.frontBytes - 8; }),
                   "ranked logits at offset"));
  EXPECT_TRUE(says(withHeader([](H &h) { h.ranked = h.logits; }), "overlap"));
}

TEST_F(PlanViewTest, RefusesWhatOnlyClaimsToBeLarge) {
  using namespace plan;
  using H = PlanHeader;
  auto says = [](const std::string &what, const char *part) {
    return what.find(part) != what.npos;
  };
  EXPECT_TRUE(says(withHeader([](H &h) { h.maxSequences = 1 << 17; }),
                   "sequences are more than"));
  EXPECT_TRUE(says(with<KvGroup>(&H::groupsAt, 0,
                                 [](KvGroup &g) {
                                   g.layers = ~0u;
                                   g.pageBytes = 0;
                                 }),
                   "layers, more than"));
  EXPECT_TRUE(says(with<KvGroup>(&H::groupsAt, 0,
                                 [](KvGroup &g) {
                                   g.pages = 1 << 30;
                                   g.pageBytes = 0;
                                 }),
                   "more than its table has entries"));
}

} // namespace
