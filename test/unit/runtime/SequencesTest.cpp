//===- SequencesTest.cpp - Pages are handed out and come back -------------===//
#include "Sequences.h"
#include "Error.h"
#include "ToyModel.h"
#include <gtest/gtest.h>
#include <random>
#include <set>

using namespace quern;
using namespace quern::test;

namespace {

class SequencesTest : public testing::Test {
protected:
  const int32_t *table(size_t group, uint32_t slot) const {
    const plan::KvGroup &shape = view.groups()[group];
    return reinterpret_cast<const int32_t *>(arena.data() + shape.tableOffset) +
           slot * shape.pagesPerSequence;
  }
  /// Adds the pages that the next row of `slot` sees, or -1 for one twice.
  void collect(size_t group, uint32_t slot, uint32_t window,
               std::multiset<int32_t> &pages) const {
    uint32_t length = seqs.length(slot);
    if (length == 0)
      return;
    uint32_t first = window && length >= window ? length - window + 1 : 0;
    for (uint32_t page = first / 4; page <= (length - 1) / 4; ++page)
      pages.insert(table(group, slot)[page]);
  }

  std::vector<uint8_t> bytes = toyPlan({});
  PlanView view{bytes, kToyKernels, toyWeights().size()};
  std::vector<std::byte> arena{view->arenaBytes};
  Sequences seqs{view, arena.data(), 64};
};

TEST_F(SequencesTest, HandsOutAndTakesBackSlots) {
  for (uint32_t i = 0; i < 4; ++i)
    EXPECT_EQ(seqs.open(), i);
  EXPECT_THROW(seqs.open(), Error);
  seqs.close(2);
  EXPECT_FALSE(seqs.isOpen(2));
  EXPECT_EQ(seqs.open(), 2u);
  EXPECT_FALSE(seqs.isOpen(1000));
}

TEST_F(SequencesTest, RefusesBeyondTheContext) {
  uint32_t slot = seqs.open();
  seqs.extend(slot, 64);
  EXPECT_THROW(seqs.extend(slot, 1), Error);
  EXPECT_EQ(seqs.length(slot), 64u);
  Sequences lower(view, arena.data(), 10);
  slot = lower.open();
  EXPECT_THROW(lower.extend(slot, 11), Error);
  EXPECT_NO_THROW(lower.extend(slot, 10));
}

TEST_F(SequencesTest, AWindowLivesInItsPages) {
  uint32_t slot = seqs.open();
  std::set<int32_t> pages;
  for (uint32_t i = 0; i < 64; ++i) {
    seqs.extend(slot, 1);
    pages.insert(table(1, slot)[i / 4]);
    seqs.trim(slot);
  }
  // 10 keys touch at most 4 pages of 4.
  EXPECT_LE(pages.size(), 4u);
}

/// Whatever happens, no two sequences share a page, none runs out, and all are
/// there at the end.
TEST_F(SequencesTest, SurvivesEveryOrder) {
  std::mt19937 random(1);
  std::vector<bool> open(4);
  for (int round = 0; round < 20000; ++round) {
    uint32_t slot = random() % 4;
    if (!open[slot]) {
      ASSERT_NO_THROW(slot = seqs.open());
      open[slot] = true;
    } else if (random() % 40 == 0) {
      seqs.close(slot);
      open[slot] = false;
    } else if (uint32_t room = 64 - seqs.length(slot)) {
      ASSERT_NO_THROW(seqs.extend(slot, 1 + random() % std::min(12u, room)));
      seqs.trim(slot);
    }
    for (size_t group = 0; group < 2; ++group) {
      std::multiset<int32_t> pages;
      for (uint32_t i = 0; i < 4; ++i)
        collect(group, i, view.groups()[group].window, pages);
      for (int32_t page : pages) {
        ASSERT_EQ(pages.count(page), 1u);
        ASSERT_LT(uint32_t(page), view.groups()[group].pages);
      }
    }
  }
}

TEST(KvPages, HeldByAStep) {
  EXPECT_EQ(kvPagesHeld(0, 16, 0, 0), 0u);
  EXPECT_EQ(kvPagesHeld(0, 16, 0, 1), 1u);
  EXPECT_EQ(kvPagesHeld(0, 16, 100, 129), 9u);
  EXPECT_EQ(kvPagesHeld(17, 16, 31, 32), 2u); // sees 15 .. 31
  EXPECT_EQ(kvPagesHeld(16, 16, 31, 32), 1u); // sees 16 .. 31
  EXPECT_EQ(plan::kvPagesNeeded(0, 100, 16, 3, 50), 21u);
}

} // namespace
