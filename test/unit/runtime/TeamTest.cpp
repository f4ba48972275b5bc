//===- TeamTest.cpp - Everybody runs, everybody waits ---------------------===//
#include "Team.h"
#include <gtest/gtest.h>
#include <thread>

using namespace quern;

namespace {

class TeamTest : public testing::TestWithParam<unsigned> {};

TEST_P(TeamTest, EveryWorkerRunsOnce) {
  Team team(GetParam());
  ASSERT_EQ(team.size(), GetParam());
  std::vector<std::atomic<int>> runs(team.size());
  for (int round = 1; round <= 100; ++round) {
    team.run([&](unsigned worker) { ++runs[worker]; });
    for (auto &count : runs)
      ASSERT_EQ(count, round);
  }
}

TEST_P(TeamTest, BarriersShowWhatWasWrittenBefore) {
  Team team(GetParam());
  unsigned workers = team.size();
  std::vector<int> values(workers), sums(workers);
  for (int round = 0; round < 20; ++round)
    team.run([&](unsigned worker) {
      for (int stage = 0; stage < 20; ++stage) {
        values[worker] = stage * 1000 + int(worker);
        team.barrier(worker);
        int sum = 0;
        for (int value : values)
          sum += value;
        int all = int(workers);
        sums[worker] += sum == stage * 1000 * all + all * (all - 1) / 2;
        team.barrier(worker);
      }
    });
  for (int sum : sums)
    EXPECT_EQ(sum, 400);
}

TEST_P(TeamTest, WakesUpAfterSleeping) {
  Team team(GetParam());
  std::atomic<unsigned> runs = 0;
  for (unsigned round = 1; round <= 3; ++round) {
    std::this_thread::sleep_for(std::chrono::milliseconds(30));
    team.run([&](unsigned worker) {
      if (worker == 0) // the others sleep at the end
        std::this_thread::sleep_for(std::chrono::milliseconds(30));
      ++runs;
    });
    ASSERT_EQ(runs, round * team.size());
  }
}

INSTANTIATE_TEST_SUITE_P(Workers, TeamTest, testing::Values(1, 2, 3, 5, 16));

TEST(Team, TheCallerGetsItsAffinityBack) {
  unsigned before = allowedCpus();
  { Team team(before); }
  EXPECT_EQ(allowedCpus(), before);
}

} // namespace
