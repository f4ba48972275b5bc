//===- ConformanceTest.cpp - Every op on every target ---------------------===//
//
// Shapes are multiples of nothing. Results are compared with the ops' references,
// which are scalar and know nothing of targets, and a row alone with the same row
// in company: not a bit may differ.
//
//===----------------------------------------------------------------------===//
#include "Operation.h"
#include "fmt/format.h"
#include "gtest/gtest.h"

using namespace quern;
using namespace quern::test;

namespace {
class Conformance : public testing::Test {
protected:
  void SetUp() override {
    if (std::string missing = runner().missing(); !missing.empty())
      GTEST_SKIP() << missing;
  }
  void TearDown() override {
    for (const std::string &line : runner().complaints())
      ADD_FAILURE() << line;
  }
  static Runner &runner() {
    static std::unique_ptr<Runner> made = makeRunner();
    return *made;
  }
  Random random{1};
};

std::string rowsOf(int64_t columns) {
  return fmt::format("tensor<?x{}xf32>", columns);
}

std::vector<const Format *> allFormats() {
  std::vector<const Format *> all = kernelFormats(/*floats=*/true);
  for (const Format *format : kernelFormats(/*floats=*/false))
    all.push_back(format);
  return all;
}

/// Columns of whole blocks, and no multiple of much else.
int64_t columnsOfFormat(const Format &format, int64_t about) {
  return (about + format.weights - 1) / format.weights * format.weights;
}

TEST_F(Conformance, RmsNorm) {
  struct {
    int64_t columns, size;
  } cases[] = {{576, 576}, {1, 1}, {33, 33}, {1000, 1000}, {576, 64}, {21, 7}};
  for (auto [columns, size] : cases) {
    SCOPED_TRACE(fmt::format("{} of {}", size, columns));
    Operation op(fmt::format("%y = quern.rms_norm %0, %1 {{epsilon = 1.0e-5 : f32}}"
                             " : ({0}, tensor<{1}xf32>) -> {0}\n"
                             "quern.yield %y : {0}",
                             rowsOf(columns), size));
    op.rows(random.rows(5, columns, 3)).vector(random.rows(1, size).data);
    expectConforms(runner(), op, 5, 1e-6);
  }
}

TEST_F(Conformance, RmsNormOfSelectedRowsWithTwoResults) {
  const int64_t columns = 45;
  std::string t = rowsOf(columns);
  Operation op(fmt::format(
                   "%s = quern.select_rows %0, %1 : {0}, tensor<?xi32>\n"
                   "%y = quern.rms_norm %s, %2 {{epsilon = 1.0e-5 : f32}} : "
                   "({0}, tensor<45xf32>) -> {0}\n"
                   "%z = quern.scale %y by 3.0 : {0}\n"
                   "quern.yield %y, %z : {0}, {0}",
                   t),
               "logits");
  op.rows(random.rows(9, columns)).indices({7, 0, 8, 3});
  op.vector(random.rows(1, columns).data);
  expectConforms(runner(), op, 4, 1e-6);
}

TEST_F(Conformance, Elementwise) {
  for (int64_t columns : {1, 45, 128, 1000}) {
    std::string t = rowsOf(columns);
    for (std::string ops :
         {"%y = quern.add %0, %1 : {0}", "%y = quern.glu silu %0, %1 : {0}",
          "%y = quern.glu gelu %0, %1 : {0}",
          "%z = quern.scale %0 by 2.5 : {0}\n%y = quern.add %z, %1 : {0}",
          "%z = quern.add %0, %1 : {0}\n%y = quern.softcap %z at 2.0 : {0}"}) {
      SCOPED_TRACE(fmt::format("{} columns: {}", columns, ops));
      Operation op(fmt::format(fmt::runtime(ops + "\nquern.yield %y : {0}"), t));
      op.rows(random.rows(7, columns, 4)).rows(random.rows(7, columns, 4));
      expectConforms(runner(), op, 7, 1e-6);
    }
  }
}

TEST_F(Conformance, Embed) {
  for (const Format *format : allFormats()) {
    SCOPED_TRACE(format->name);
    TestWeight w(*format, 37, columnsOfFormat(*format, 45), 5);
    std::string t = rowsOf(w.columns);
    Operation op(fmt::format("%y = quern.embed %0, %1 {{scale = 1.5 : f32}} : "
                             "(tensor<?xi32>, {}) -> {}\nquern.yield %y : {}",
                             w.type(), t, t));
    op.indices({0, 36, 16, 15, 3, 3, 17}).weight(w);
    expectConforms(runner(), op, 7, 1e-6);
  }
}

TEST_F(Conformance, Linear) {
  for (std::string role : {"prompt", "generated"})
    for (const Format *format : allFormats()) {
      if (role == "prompt" && format->name != "q4_0" && format->name != "f16")
        continue; // the role chooses nothing that the format does
      SCOPED_TRACE(role + ", " + format->name);
      TestWeight w(*format, 37, columnsOfFormat(*format, 333), 7);
      std::string x = rowsOf(w.columns), y = rowsOf(w.rows);
      Operation op(fmt::format("%y = quern.linear %0, %1 : ({}, {}) -> {}\n"
                               "quern.yield %y : {}",
                               x, w.type(), y, y),
                   "step", role);
      op.rows(random.rows(11, w.columns)).weight(w);
      expectConforms(runner(), op, 11, 2e-6);
    }
}

TEST_F(Conformance, TwoLinearsWithAGlu) {
  const Format *format = findFormat("q4_0");
  TestWeight gate(*format, 50, 96, 1), up(*format, 50, 96, 2);
  std::string x = rowsOf(96), y = rowsOf(50);
  Operation op(fmt::format("%g = quern.linear %0, %1 : ({0}, {1}) -> {2}\n"
                           "%u = quern.linear %0, %2 : ({0}, {1}) -> {2}\n"
                           "%y = quern.glu silu %g, %u : {2}\n"
                           "%z = quern.add %y, %3 : {2}\n"
                           "quern.yield %z : {2}",
                           x, gate.type(), y),
               "step", "generated");
  op.rows(random.rows(3, 96)).weight(gate).weight(up).rows(random.rows(3, 50));
  expectConforms(runner(), op, 3, 2e-6);
}
} // namespace
