//===- PiecesTest.cpp - All is done once, by whoever has time -------------===//
#include "codegen/cpu/runtime/Pieces.h"
#include <atomic>
#include <chrono>
#include <condition_variable>
#include <gtest/gtest.h>
#include <mutex>
#include <thread>
#include <vector>

using namespace quern;

namespace {
constexpr unsigned kWorkers = 3;
constexpr size_t kStages = 40;

void run(unsigned workers, auto body) {
  std::vector<std::thread> threads;
  for (unsigned w = 0; w < workers; ++w)
    threads.emplace_back(body, w);
  for (std::thread &t : threads)
    t.join();
}
} // namespace

TEST(Pieces, EachOnce) {
  for (unsigned workers : {1u, 2u, 3u, 8u}) {
    Pieces pieces(workers, kStages);
    std::vector<std::atomic<int>> done(kStages * pieces.count());
    for (int round = 1; round <= 20; ++round) {
      pieces.reset(0, kStages);
      run(workers, [&](unsigned w) {
        for (size_t stage = 0; stage < kStages; ++stage)
          pieces.take(stage, w, [&](unsigned piece) {
            ++done.at(stage * pieces.count() + piece);
          });
      });
      for (const auto &count : done)
        ASSERT_EQ(count, round);
    }
  }
}

TEST(Pieces, OfSomeStagesOnly) {
  Pieces pieces(1, 3);
  int first = 0, second = 0;
  auto take = [&] {
    pieces.take(0, 0, [&](unsigned) { ++first; });
    pieces.take(1, 0, [&](unsigned) { ++second; });
  };
  pieces.reset(0, 3);
  take();
  pieces.reset(1, 2);
  take();
  EXPECT_EQ(first, int(Pieces::kPieces));
  EXPECT_EQ(second, 2 * int(Pieces::kPieces));
}

TEST(Pieces, AloneInTheirOrder) {
  Pieces pieces(1, 1);
  std::vector<unsigned> order;
  pieces.take(0, 0, [&](unsigned piece) { order.push_back(piece); });
  EXPECT_EQ(order, (std::vector<unsigned>{0, 1, 2, 3}));
}

/// A worker that does not get on with its first piece keeps nobody waiting for its others.
TEST(Pieces, OthersTakeWhatIsLeft) {
  Pieces pieces(kWorkers, 1);
  std::mutex mutex;
  std::condition_variable changed;
  unsigned done = 0, slow = 0;
  bool others = false;
  auto wait = [&](std::unique_lock<std::mutex> &lock, auto until) {
    return changed.wait_for(lock, std::chrono::seconds(60), until);
  };
  run(kWorkers, [&](unsigned w) {
    if (w != 0) { // not before the slow one has its first
      std::unique_lock lock(mutex);
      EXPECT_TRUE(wait(lock, [&] { return slow == 1; }));
    }
    pieces.take(0, w, [&](unsigned) {
      std::unique_lock lock(mutex);
      if (w == 0) {
        ++slow;
        changed.notify_all();
        others = wait(lock, [&] { return done == pieces.count() - 1; });
      }
      ++done;
      changed.notify_all();
    });
  });
  EXPECT_EQ(done, pieces.count());
  EXPECT_EQ(slow, 1u);
  EXPECT_TRUE(others);
}
