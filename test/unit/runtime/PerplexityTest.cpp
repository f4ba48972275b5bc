//===- PerplexityTest.cpp - Scores and hashes -----------------------------===//
#include "Perplexity.h"
#include "Error.h"
#include "Toy.h"
#include <cmath>
#include <gtest/gtest.h>
#include <random>

using namespace quern;
using namespace quern::test;

namespace {

class PerplexityTest : public testing::Test {
protected:
  PerplexityTest() {
    std::mt19937 random(3);
    for (int i = 0; i < 16 * 7 + 5; ++i)
      ids.push_back(int32_t(random() % kToyVocabulary));
  }
  PerplexityResult run(PerplexityOptions options, unsigned threads = 1) {
    std::unique_ptr<Engine> engine = toy.engine(threads);
    return Perplexity(*engine, ids, options).run({}, {});
  }
  Toy toy;
  std::vector<int32_t> ids;
};

TEST_F(PerplexityTest, FollowsTheConvention) {
  double loss = 0;
  std::vector<std::vector<float>> rows, written;
  for (size_t chunk = 0; chunk < 7; ++chunk) {
    std::vector<int32_t> tokens(ids.begin() + long(16 * chunk),
                                ids.begin() + long(16 * chunk + 16));
    tokens[0] = kToyBos;
    for (size_t i = 8; i <= 14; ++i) {
      rows.push_back(toy.logits(std::span(tokens).first(i + 1)));
      double sum = 0;
      for (float logit : rows.back())
        sum += std::exp(double(logit));
      loss += std::log(sum) - double(rows.back()[size_t(tokens[i + 1])]);
    }
  }
  std::unique_ptr<Engine> engine = toy.engine();
  Perplexity perplexity(*engine, ids,
                        {.context = 16, .rows = 5, .bos = kToyBos});
  size_t groups = 0;
  PerplexityResult result = perplexity.run(
      [&](std::span<const float> row) {
        written.emplace_back(row.begin(), row.end());
      },
      [&](size_t done, size_t all, double) {
        EXPECT_EQ(done, ++groups);
        EXPECT_EQ(all, 7u);
      });
  EXPECT_EQ(result.tokens, 49u);
  EXPECT_NEAR(result.perplexity, std::exp(loss / 49), 1e-9);
  EXPECT_GT(result.error, 0);
  EXPECT_EQ(written, rows);
}

TEST_F(PerplexityTest, HashDependsOnNothingButTheText) {
  PerplexityResult first = run({.context = 16, .bos = kToyBos});
  for (unsigned threads : {1u, 3u})
    for (uint32_t parallel : {1u, 2u, 3u, 4u})
      for (uint32_t rows : {1u, 2u, 3u}) {
        PerplexityResult result = run(
            {.context = 16, .parallel = parallel, .rows = rows, .bos = kToyBos},
            threads);
        EXPECT_EQ(result.hash, first.hash);
        EXPECT_EQ(result.perplexity, first.perplexity);
      }
  PerplexityOptions generated = {.context = 16, .bos = kToyBos};
  generated.role = plan::kGenerated;
  generated.rows = 4; // the toy's two roles have one arithmetic
  EXPECT_EQ(run(generated).hash, first.hash);
  EXPECT_NE(run({.context = 16}).hash, first.hash);
  ids[12] ^= 1;
  EXPECT_NE(run({.context = 16, .bos = kToyBos}).hash, first.hash);
}

TEST_F(PerplexityTest, RefusesWhatDoesNotFit) {
  EXPECT_THROW(run({.context = 65}), Error);
  EXPECT_THROW(run({.context = 3}), Error);
  EXPECT_THROW(run({.context = 16, .parallel = 4, .rows = 4}), Error);
  EXPECT_THROW(run({.context = 16, .parallel = 5}), Error);
  ids.resize(15);
  EXPECT_THROW(run({.context = 16}), Error);
  ids.resize(17, kToyVocabulary);
  EXPECT_THROW(run({.context = 16}), Error);
}

} // namespace
