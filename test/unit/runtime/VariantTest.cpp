//===- VariantTest.cpp - Which of a program's kernels a machine runs ------===//
#include "Variant.h"
#include "Error.h"
#include "Executor.h"
#include <gtest/gtest.h>

using namespace quern;

namespace {
/// A machine that has `has`.
std::string has;
void require(const quern_kernel_set &set) {
  if (has.find(set.needs) == has.npos)
    throw Error(std::string("lacks ") + set.needs);
}
const ExecutorKind kind = {"machine", false, "", "", require, nullptr};

quern_kernel_set set(uint64_t variant, const char *needs, uint64_t count = 1) {
  return {&kind, nullptr, count, variant, needs, needs};
}
const quern_kernel_set *chosen(std::span<const quern_kernel_set> all) {
  return chooseVariant(all).data();
}
} // namespace

TEST(Variant, TheFirstThatTheMachineHas) {
  const quern_kernel_set all[] = {set(0, "c"), set(1, "b"), set(2, "a")};
  has = "abc";
  EXPECT_EQ(chosen(all), &all[0]);
  has = "ab";
  EXPECT_EQ(chosen(all), &all[1]);
  has = "a";
  EXPECT_EQ(chosen(all), &all[2]);
  EXPECT_EQ(chooseVariant(all).size(), 1u);
}

TEST(Variant, NoneIsAnErrorOfTheLast) {
  const quern_kernel_set all[] = {set(0, "c"), set(1, "b")};
  has = "a";
  try {
    chooseVariant(all);
    FAIL();
  } catch (const Error &error) {
    EXPECT_STREQ(error.what(), "lacks b");
  }
}

TEST(Variant, HasASetForEachDevice) {
  // The second device of variant 0 is missing; that of variant 1 has nothing to run.
  const quern_kernel_set all[] = {set(0, "a"), set(0, "x"), set(1, "a"),
                                  set(1, "y", 0)};
  has = "a";
  std::span<const quern_kernel_set> variant = chooseVariant(all);
  EXPECT_EQ(variant.data(), &all[2]);
  EXPECT_EQ(variant.size(), 2u);
}

TEST(Variant, HasAPlanOfItsOwn) {
  const quern_kernel_set all[] = {set(0, "b"), set(1, "a"), set(2, "")};
  has = "b";
  EXPECT_EQ(planSection(chooseVariant(all)), "plan");
  has = "a";
  EXPECT_EQ(planSection(chooseVariant(all)), "plan.1");
  has = "none";
  EXPECT_EQ(planSection(chooseVariant(all)), "plan.2");
}
