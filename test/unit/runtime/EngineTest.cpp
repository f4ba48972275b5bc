//===- EngineTest.cpp - Steps compute what sequences say ------------------===//
#include "Error.h"
#include "Toy.h"
#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <gtest/gtest.h>
#include <numeric>
#include <random>

using namespace quern;
using namespace quern::test;

//===----------------------------------------------------------------------===//
// Allocations are counted, in all threads, while a step runs
//===----------------------------------------------------------------------===//

static std::atomic<bool> counting = false;
static std::atomic<unsigned> allocations = 0;

#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
#define COUNTS_ALLOCATIONS 1
extern "C" {
void *__libc_malloc(size_t);
void *__libc_calloc(size_t, size_t);
void *__libc_realloc(void *, size_t);
void *__libc_memalign(size_t, size_t);

void *malloc(size_t size) {
  allocations += counting;
  return __libc_malloc(size);
}
void *calloc(size_t count, size_t size) {
  allocations += counting;
  return __libc_calloc(count, size);
}
void *realloc(void *old, size_t size) {
  allocations += counting;
  return __libc_realloc(old, size);
}
void *aligned_alloc(size_t alignment, size_t size) {
  allocations += counting;
  return __libc_memalign(alignment, size);
}
}
#endif

namespace {

/// Runs random sequences side by side, in random pieces, and compares every
/// row's logits with the toy's.
void runRandomly(Toy &toy, plan::Role role, unsigned threads, unsigned seed) {
  std::mt19937 random(seed);
  std::unique_ptr<Engine> engine = toy.engine(threads);
  std::vector<std::vector<int32_t>> sequences(3);
  for (auto &sequence : sequences)
    EXPECT_EQ(&sequence - sequences.data(), engine->sequences().open());
  std::vector<Row> rows;
  std::vector<std::vector<float>> wanted, got;
  for (int step = 0; step < 60; ++step) {
    rows.clear(), wanted.clear(), got.clear();
    uint32_t budget = engine->maxRows(role);
    for (uint32_t slot = 0; slot < 3; ++slot) {
      auto &sequence = sequences[slot];
      uint32_t room = std::min(budget, 64 - uint32_t(sequence.size()));
      uint32_t count = room ? random() % (room + 1) : 0;
      budget -= count;
      while (count--) {
        int32_t token = int32_t(random() % kToyVocabulary);
        sequence.push_back(token);
        rows.push_back({slot, token, random() % 2 == 0});
        if (rows.back().logits)
          wanted.push_back(toy.logits(sequence));
      }
    }
    if (rows.empty())
      continue;
    size_t next = 0;
    engine->step(role, rows, [&](const LogitBlock &block) {
      EXPECT_LE(block.size(), toy.options.logitRows);
      for (size_t i = 0; i < block.size(); ++i) {
        while (!rows[next].logits)
          ++next;
        EXPECT_EQ(block.rows[i], int32_t(next++));
        got.emplace_back(block[i].begin(), block[i].end());
      }
    });
    ASSERT_EQ(got, wanted);
  }
}

TEST(Engine, ComputesEveryRow) {
  Toy toy;
  for (unsigned threads : {1u, 2u, 3u})
    for (plan::Role role : {plan::kPrompt, plan::kGenerated})
      runRandomly(toy, role, threads, threads + 10 * role);
}

/// Step inputs, page tables and rows get to where they are read.
TEST(Engine, ComputesOnTwoDevices) {
  for (auto split :
       {ToyOptions::Split::HeadOnSecond, ToyOptions::Split::HeadOnFirst}) {
    ToyOptions options;
    options.split = split;
    Toy toy(options);
    for (plan::Role role : {plan::kPrompt, plan::kGenerated})
      runRandomly(toy, role, 2, 30 + 10 * role);
  }
}

/// The best are those of all logits, whichever way the head ended before, and blocks
/// are as large.
TEST(Engine, RanksLogits) {
  for (auto split :
       {ToyOptions::Split::None, ToyOptions::Split::HeadOnSecond}) {
    ToyOptions options;
    options.split = split;
    options.best = 7;
    Toy toy(options);
    for (plan::Role role : {plan::kPrompt, plan::kGenerated})
      runRandomly(toy, role, 2, 50 + 10 * role); // all of them
    std::unique_ptr<Engine> engine = toy.engine(2);
    ASSERT_EQ(engine->ranked(plan::kPrompt), 7u);
    uint32_t slot = engine->sequences().open();
    std::vector<int32_t> tokens;
    for (int step = 0; step < 6; ++step) {
      std::vector<Row> rows;
      for (int i = 0; i < 8; ++i)
        rows.push_back({slot, (step * 8 + i) * 37 % kToyVocabulary, i != 4});
      size_t next = 0;
      engine->rankedStep(plan::kPrompt, rows, [&](const RankedBlock &block) {
        EXPECT_EQ(block.size(), next < 6 ? 3u : 1u);
        for (size_t i = 0; i < block.size(); ++i) {
          for (; int32_t(next) <= block.rows[i]; ++next)
            tokens.push_back(rows[next].token);
          std::vector<float> logits = toy.logits(tokens);
          std::vector<float> ids(kToyVocabulary);
          std::iota(ids.begin(), ids.end(), 0.0f);
          std::stable_sort(ids.begin(), ids.end(), [&](float a, float b) {
            return logits[size_t(a)] > logits[size_t(b)];
          });
          RankedLogits best = block[i];
          ASSERT_EQ(best.logits.size(), 7u);
          for (size_t n = 0; n < 7; ++n) {
            EXPECT_EQ(best.tokens[n], ids[n]);
            EXPECT_EQ(best.logits[n], logits[size_t(ids[n])]);
          }
        }
      });
      EXPECT_EQ(next, 8u);
    }
  }
}

TEST(Engine, RanksNothingWithoutStagesForIt) {
  Toy toy;
  std::unique_ptr<Engine> engine = toy.engine();
  EXPECT_EQ(engine->ranked(plan::kPrompt), 0u);
  Row row = {engine->sequences().open(), 5, true};
  EXPECT_THROW(engine->rankedStep(plan::kPrompt, {&row, 1}, {}), Error);
  EXPECT_EQ(engine->sequences().length(row.slot), 0u);
}

TEST(Engine, ReusesSlots) {
  Toy toy;
  std::unique_ptr<Engine> engine = toy.engine();
  for (int round = 0; round < 20; ++round) {
    uint32_t slot = engine->sequences().open();
    std::vector<int32_t> tokens;
    for (int32_t i = 0; i < 30; ++i) {
      tokens.push_back((round * 50 + i) % kToyVocabulary);
      Row row = {slot, tokens.back(), true};
      engine->step(plan::kGenerated, {&row, 1}, [&](const LogitBlock &block) {
        EXPECT_EQ(std::vector<float>(block[0].begin(), block[0].end()),
                  toy.logits(tokens));
      });
    }
    engine->sequences().close(slot);
  }
}

TEST(Engine, AllocatesNothingInAStep) {
#ifndef COUNTS_ALLOCATIONS
  GTEST_SKIP() << "sanitizers bring their own malloc";
#else
  ToyOptions options;
  options.split = ToyOptions::Split::HeadOnFirst;
  Toy toy(options);
  std::unique_ptr<Engine> engine = toy.engine(2);
  uint32_t slot = engine->sequences().open();
  std::vector<Row> rows;
  float sum = 0;
  for (int step = 0; step < 10; ++step) {
    rows.assign(step < 5 ? 12 : 1, Row{slot, 5, true});
    if (step == 4)
      engine->sequences().clear(slot);
    counting = true;
    engine->step(step < 5 ? plan::kPrompt : plan::kGenerated, rows,
                 [&](const LogitBlock &block) { sum += block[0][0]; });
    counting = false;
    EXPECT_EQ(allocations, 0u) << step;
  }
  // The hooks work.
  counting = true;
  free(malloc(1));
  delete new std::string(100, 'x');
  counting = false;
  EXPECT_GE(allocations, 3u);
#endif
}

TEST(Engine, RefusesRowsThatCannotBe) {
  Toy toy;
  std::unique_ptr<Engine> engine = toy.engine(1, 20);
  uint32_t a = engine->sequences().open(), b = engine->sequences().open();
  auto message = [&](std::vector<Row> rows) -> std::string {
    uint32_t before = engine->sequences().length(a);
    try {
      engine->step(plan::kPrompt, rows, {});
    } catch (const Error &error) {
      EXPECT_EQ(engine->sequences().length(a), before);
      return error.what();
    }
    return "";
  };
  EXPECT_EQ(message({{a, 0}, {b, 1}}), "");
  EXPECT_EQ(message({}), "a step of 0 rows: it takes 1 to 12");
  EXPECT_NE(message(std::vector<Row>(13, Row{a, 0})), "");
  EXPECT_EQ(message({{a, kToyVocabulary}}),
            "token 290 is not in the vocabulary of 290");
  EXPECT_NE(message({{a, -1}}), "");
  EXPECT_EQ(message({{3, 0}}), "sequence 3 is not open");
  EXPECT_NE(message({{4, 0}}), "");
  EXPECT_EQ(message({{a, 0}, {b, 0}, {a, 0}}), "rows of sequence 0 are apart");
  EXPECT_EQ(message(std::vector<Row>(10, Row{a, 0})), "");
  EXPECT_EQ(message(std::vector<Row>(10, Row{a, 0})),
            "the context of 20 tokens is full");
  EXPECT_EQ(message(std::vector<Row>(9, Row{a, 0})), "");
}

TEST(Engine, ProfilesStages) {
  Toy toy;
  std::unique_ptr<Engine> engine = toy.engine(2);
  uint32_t slot = engine->sequences().open();
  engine->startProfile();
  std::vector<Row> rows(7, Row{slot, 1, true});
  engine->step(plan::kPrompt, rows, {});
  ASSERT_EQ(engine->profile().size(), 3u);
  EXPECT_EQ(engine->profile()[0].runs, 1u);
  EXPECT_EQ(engine->profile()[1].runs, 1u);
  EXPECT_EQ(engine->profile()[2].runs, 3u); // 7 rows in blocks of 3
}

} // namespace
