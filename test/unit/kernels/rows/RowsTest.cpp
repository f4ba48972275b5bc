//===- RowsTest.cpp - Norms, element-wise bodies, row selection -----------===//
#include "Call.h"
#include "fmt/format.h"
#include "gtest/gtest.h"

using namespace quern;
using namespace quern::test;

static std::string rowsType(int64_t columns) { return fmt::format("tensor<?x{}xf32>", columns); }

static std::string kernel(const std::string &rows, const std::string &arguments,
                          const std::string &body) {
  return fmt::format("quern.kernel @k role prompt rows {} {{\n^bb0({}):\n{}\n}}\n", rows,
                     arguments, body);
}

static std::vector<float> numbers(Random &random, int64_t n) {
  return random.rows(1, n).data;
}

/// Against the references, and the same bits for every number of workers and
/// for each row alone.
static void expectRight(Jit &jit, Call &call, int64_t rows, double tolerance) {
  std::vector<HostRows> want = call.reference(jit), have = call.run(jit, rows, 1);
  ASSERT_EQ(want.size(), have.size());
  for (size_t i = 0; i < want.size(); ++i)
    EXPECT_LT(difference(have[i], want[i]), tolerance) << "result " << i;
  for (int64_t workers : {2, 3}) {
    std::vector<HostRows> other = call.run(jit, rows, workers);
    for (size_t i = 0; i < have.size(); ++i)
      EXPECT_TRUE(sameBits(have[i], other[i])) << workers << " workers";
  }
}

TEST(RmsNorm, RowsAndRuns) {
  struct { int64_t columns, size; } cases[] = {{576, 576}, {640, 640}, {2048, 2048}, {1, 1},
      {7, 7}, {33, 33}, {1000, 1000}, {1024, 256}, {576, 64}, {240, 80}, {96, 32},
      {21, 7}, {99, 33}, {48, 24}, {192, 96}, {40, 4}};
  Random random(1);
  for (const std::string &chip : chips())
    for (auto [columns, size] : cases) {
      SCOPED_TRACE(fmt::format("{} {} of {}", chip, columns, size));
      std::string t = rowsType(columns), w = fmt::format("tensor<{}xf32>", size);
      Jit jit(kernel("step", fmt::format("%x: {}, %w: {}", t, w),
                     fmt::format("%y = quern.rms_norm %x, %w {{epsilon = 1.0e-5 : f32}} : "
                                 "({0}, {1}) -> {0}\nquern.yield %y : {0}", t, w)),
              chip);
      for (int64_t rows : {1, 3, 33}) {
        Call call;
        call.rows(random.rows(rows, columns, 3)).vector(numbers(random, size));
        expectRight(jit, call, rows, 1e-6);
      }
    }
}

TEST(RmsNorm, CarriesAnEpilogueWithTwoResults) {
  Random random(2);
  for (const std::string &chip : chips())
    for (auto [columns, size] : {std::pair(576, 576), {45, 45}, {63, 7}, {512, 64}}) {
      SCOPED_TRACE(fmt::format("{} {} of {}", chip, columns, size));
      std::string t = rowsType(columns), w = fmt::format("tensor<{}xf32>", size);
      Jit jit(kernel("step", fmt::format("%x: {0}, %w: {1}, %r: {0}", t, w),
                     fmt::format("%n = quern.rms_norm %x, %w {{epsilon = 1.0e-6 : f32}} : "
                                 "({0}, {1}) -> {0}\n%s = quern.add %n, %r : {0}\n"
                                 "%t = quern.scale %s by 0.5 : {0}\n"
                                 "quern.yield %s, %t : {0}, {0}", t, w)),
              chip);
      Call call;
      call.rows(random.rows(9, columns)).vector(numbers(random, size)).rows(random.rows(9, columns));
      expectRight(jit, call, 9, 1e-6);
    }
}

/// A row's bits are its own: they do not change with the rows beside it.
TEST(RmsNorm, RowsDoNotDependOnEachOther) {
  Random random(3);
  std::string t = rowsType(200), w = "tensor<200xf32>";
  Jit jit(kernel("step", fmt::format("%x: {}, %w: {}", t, w),
                 fmt::format("%y = quern.rms_norm %x, %w {{epsilon = 1.0e-5 : f32}} : "
                             "({0}, {1}) -> {0}\nquern.yield %y : {0}", t, w)),
          "native");
  HostRows x = random.rows(5, 200);
  std::vector<float> weight = numbers(random, 200);
  HostRows all = Call().rows(x).vector(weight).run(jit, 5, 2)[0];
  for (int64_t r = 0; r < 5; ++r) {
    HostRows one(1, 200), had(1, 200);
    std::copy_n(x.row(r), 200, one.row(0));
    std::copy_n(all.row(r), 200, had.row(0));
    EXPECT_TRUE(sameBits(had, Call().rows(one).vector(weight).run(jit, 1, 1)[0]));
  }
}

TEST(SelectRows, AloneAndBeforeANorm) {
  Random random(4);
  std::vector<int32_t> which = {6, 0, 3, 6};
  for (const std::string &chip : chips())
    for (int64_t columns : {576, 70}) {
      std::string t = rowsType(columns), w = fmt::format("tensor<{}xf32>", columns);
      std::string select = fmt::format("%y = quern.select_rows %x, %i : {}, tensor<?xi32>\n", t);
      HostRows x = random.rows(7, columns);
      Jit alone(kernel("logits", fmt::format("%x: {}, %i: tensor<?xi32>", t),
                       select + "quern.yield %y : " + t), chip);
      Call call;
      call.rows(x).indices(which);
      expectRight(alone, call, 4, 1e-30);
      Jit norm(kernel("logits", fmt::format("%x: {}, %i: tensor<?xi32>, %w: {}", t, w),
                      select + fmt::format("%n = quern.rms_norm %y, %w {{epsilon = 1.0e-5 : f32}} "
                                           ": ({0}, {1}) -> {0}\nquern.yield %n : {0}", t, w)),
               chip);
      Call both;
      both.rows(x).indices(which).vector(numbers(random, columns));
      expectRight(norm, both, 4, 1e-6);
    }
}

TEST(Elementwise, Bodies) {
  Random random(5);
  for (const std::string &chip : chips())
    for (int64_t columns : {1536, 576, 33, 1})
      for (std::string gate : {"silu", "gelu"}) {
        SCOPED_TRACE(fmt::format("{} {} {}", chip, columns, gate));
        std::string t = rowsType(columns);
        Jit jit(kernel("step", fmt::format("%a: {0}, %b: {0}, %c: {0}", t),
                       fmt::format("%g = quern.glu {1} %a, %b : {0}\n%s = quern.add %g, %c : {0}\n"
                                   "%t = quern.softcap %s at 3.0 : {0}\n"
                                   "quern.yield %g, %t : {0}, {0}", t, gate)),
                chip);
        for (int64_t rows : {1, 17}) {
          Call call;
          for (int i = 0; i < 3; ++i)
            call.rows(random.rows(rows, columns, 4));
          expectRight(jit, call, rows, 1e-6);
        }
      }
}
