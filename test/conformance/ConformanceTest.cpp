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
#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>

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
    Operation op(
        fmt::format("%y = quern.rms_norm %0, %1 {{epsilon = 1.0e-5 : f32}}"
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
  Operation op(
      fmt::format("%s = quern.select_rows %0, %1 : {0}, tensor<?xi32>\n"
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

TEST_F(Conformance, SelectRows) {
  Operation op(
      "%y = quern.select_rows %0, %1 : tensor<?x300xf32>, tensor<?xi32>\n"
      "quern.yield %y : tensor<?x300xf32>",
      "logits");
  op.rows(random.rows(9, 300)).indices({7, 0, 8, 3});
  expectConforms(runner(), op, 4, 1e-30);
}

/// Numbers of which many are equal, and some are none.
HostRows rowsWithTies(Random &random, int64_t rows, int64_t columns) {
  constexpr float inf = std::numeric_limits<float>::infinity();
  const float odd[] = {inf, -inf, 0.0f, -0.0f, std::nanf(""), 1e-42f, -1e-42f};
  HostRows x = random.rows(rows, columns, 2);
  for (size_t i = 0; i < x.data.size(); ++i)
    x.data[i] = i % 13 == 0 ? odd[i / 13 % std::size(odd)]
                            : std::round(x.data[i] * 8) / 8;
  std::fill_n(x.data.begin(), columns, std::nanf(""));
  if (columns > 3)
    x.data[3] = -inf;
  return x;
}

/// Of parts and of lists of them, against the references and to the bit.
TEST_F(Conformance, TopK) {
  if (!runner().ranks())
    GTEST_SKIP() << "the target asks for no ranked logits";
  struct {
    int64_t columns, k, part, lists;
  } cases[] = {{1, 1, 1, 2},         {300, 64, 128, 2},  {1000, 5, 100, 3},
               {2049, 64, 1024, 16}, {333, 100, 200, 4}, {5000, 40, 256, 16},
               {70, 64, 1024, 16},   {200, 1, 2, 50}};
  const int64_t rows = 4;
  for (auto [columns, k, part, lists] : cases) {
    SCOPED_TRACE(fmt::format("{} of {}, parts of {}", k, columns, part));
    auto conforms = [&](const Operation &op) {
      HostRows have = op.run(runner(), rows)[0], want = op.reference()[0];
      EXPECT_TRUE(sameBits(have, want));
      HostRows alone = op.run(runner(), 1)[0];
      EXPECT_EQ(0, std::memcmp(alone.data.data(), have.data.data(),
                               alone.data.size() * sizeof(float)));
      return have;
    };
    auto topK = [&](int64_t part) {
      return fmt::format(
          "%y = quern.top_k %0 {{k = {0} : i64, part = {1} : i64}} : ({2}) -> "
          "{3}\n"
          "quern.yield %y : {3}",
          k, part, rowsOf(columns),
          rowsOf((columns + part - 1) / part * 2 * k));
    };
    HostRows x = rowsWithTies(random, rows, columns);
    Operation parts(topK(part), "logits");
    parts.rows(x);
    HostRows ranked = conforms(parts);
    while (ranked.columns > 2 * k) {
      int64_t made = (ranked.columns / (2 * k) + lists - 1) / lists * 2 * k;
      Operation merge(fmt::format("%y = quern.merge_top_k %0 {{k = {0} : i64, "
                                  "lists = {1} : i64}} : ({2}) -> {3}\n"
                                  "quern.yield %y : {3}",
                                  k, lists, rowsOf(ranked.columns),
                                  rowsOf(made)),
                      "logits");
      merge.rows(ranked);
      ranked = conforms(merge);
    }
    Operation whole(topK(std::max(columns, k)), "logits");
    whole.rows(x);
    EXPECT_TRUE(sameBits(ranked, whole.reference()[0]));
  }
}

TEST_F(Conformance, Elementwise) {
  for (int64_t columns : {1, 45, 128, 1000}) {
    std::string t = rowsOf(columns);
    for (std::string ops :
         {"%y = quern.add %0, %1 : {0}", "%y = quern.glu silu %0, %1 : {0}",
          "%y = quern.glu gelu %0, %1 : {0}", "%y = quern.read_back %0 : {0}",
          "%z = quern.scale %0 by 2.5 : {0}\n%y = quern.add %z, %1 : {0}",
          "%z = quern.add %0, %1 : {0}\n%y = quern.softcap %z at 2.0 : {0}"}) {
      SCOPED_TRACE(fmt::format("{} columns: {}", columns, ops));
      Operation op(
          fmt::format(fmt::runtime(ops + "\nquern.yield %y : {0}"), t));
      op.rows(random.rows(7, columns, 4)).rows(random.rows(7, columns, 4));
      expectConforms(runner(), op, 7, 1e-6);
    }
  }
}

TEST_F(Conformance, Embed) {
  for (const Format *format : allFormats()) {
    SCOPED_TRACE(format->name);
    TestWeight w(*format, 37, columnsOfFormat(*format, 45), 5,
                 runner().order());
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
      TestWeight w(*format, 37, columnsOfFormat(*format, 333), 7,
                   runner().order());
      std::string x = rowsOf(w.columns), y = rowsOf(w.rows);
      Operation op(fmt::format("%y = quern.linear %0, %1 : ({}, {}) -> {}\n"
                               "quern.yield %y : {}",
                               x, w.type(), y, y),
                   "step", role);
      op.rows(random.rows(11, w.columns)).weight(w);
      expectConforms(runner(), op, 11, 2e-6);
    }
}

std::string integersOf(int64_t columns, const std::string &numbers = "i16") {
  return fmt::format("!quern.rows<{}, {}>", columns, numbers);
}

/// Half of what an integer counts is an error of 1 / 65024 of the greatest column, or
/// of 1 / 254 where there are 8 bits.
TEST_F(Conformance, Convert) {
  for (const std::string &numbers : runner().integers())
    for (int64_t columns : {1, 4, 17, 32, 33, 96, 100, 512, 1000}) {
      SCOPED_TRACE(numbers + ", " + std::to_string(columns));
      Operation op(fmt::format("%y = quern.convert %0 : {0} -> {1}\n"
                               "quern.yield %y : {1}",
                               rowsOf(columns), integersOf(columns, numbers)));
      HostRows x = random.rows(11, columns);
      // A row of zeros, one whose numbers are too small for a scale, one of one number.
      std::fill_n(x.row(1), columns, 0.0f);
      std::fill_n(x.row(2), columns, -1e-36f);
      std::fill_n(x.row(3), columns, 0.0f);
      x.row(3)[columns / 2] = -2.5f;
      op.rows(x);
      expectConforms(runner(), op, 11, numbers == "i8" ? 4e-3 : 1.6e-5);
    }
}

/// Weights and rows of a norm that its conversion reads.
TEST_F(Conformance, RmsNormAndConvert) {
  for (int64_t columns : {1, 33, 576, 1000}) {
    SCOPED_TRACE(columns);
    Operation op(
        fmt::format("%y = quern.rms_norm %0, %1 {{epsilon = 1.0e-5 : f32}} : "
                    "({0}, tensor<{2}xf32>) -> {0}\n"
                    "%z = quern.convert %y : {0} -> {1}\n"
                    "quern.yield %z : {1}",
                    rowsOf(columns), integersOf(columns), columns));
    op.rows(random.rows(9, columns)).vector(random.rows(1, columns).data);
    expectConforms(runner(), op, 9, 1.7e-5);
  }
}

TEST_F(Conformance, LinearOfIntegers) {
  for (const Format *format : kernelFormats(/*floats=*/false)) {
    TestWeight w(*format, 37, columnsOfFormat(*format, 333), 7,
                 runner().order());
    std::string y = rowsOf(w.rows);
    for (const std::string &numbers : runner().integers()) {
      SCOPED_TRACE(format->name + ", " + numbers);
      Operation op(fmt::format("%y = quern.linear %0, %1 : ({}, {}) -> {}\n"
                               "quern.yield %y : {}",
                               integersOf(w.columns, numbers), w.type(), y, y),
                   "step", "generated");
      op.integerRows(random.rows(19, w.columns), numbers).weight(w);
      expectConforms(runner(), op, 19, 2e-6);
    }
  }
}

/// Linears of one operand, which a kernel makes together, with what follows them; of
/// so many that an item has rows of several blocks of the operand.
TEST_F(Conformance, SeveralLinearsOfIntegers) {
  const Format *format = findFormat("q4_1");
  for (int64_t count : {2, 5}) {
    SCOPED_TRACE(count);
    std::string t = rowsOf(96), text, sum = "%0";
    std::vector<TestWeight> weights;
    for (int64_t i = 0; i < count; ++i)
      weights.emplace_back(*format, 96, 96, unsigned(i + 1), runner().order());
    for (int64_t i = 0; i < count; ++i)
      text +=
          fmt::format("%y{0} = quern.linear %1, %{1} : ({2}, {3}) -> {4}\n", i,
                      i + 2, integersOf(96), weights[size_t(i)].type(), t);
    for (int64_t i = 0; i < count; ++i) {
      text += fmt::format("%s{0} = quern.add {1}, %y{0} : {2}\n", i, sum, t);
      sum = fmt::format("%s{}", i);
    }
    Operation op(text + fmt::format("quern.yield {} : {}", sum, t), "step",
                 "generated");
    op.rows(random.rows(37, 96)).integerRows(random.rows(37, 96));
    for (const TestWeight &w : weights)
      op.weight(w);
    expectConforms(runner(), op, 37, 2e-6);
  }
}

/// In parts: of floats with a rest of columns, and of codes whose super-scales end
/// where parts do. Two products of one operand, each with its own result.
TEST_F(Conformance, LinearParts) {
  if (!runner().splitsLinears())
    GTEST_SKIP() << "linears have one phase here";
  struct {
    const char *format;
    int64_t n, k, columns;
  } cases[] = {{"f16", 50, 331, 96},
               {"q4_0", 33, 352, 160},
               {"q4_k", 40, 768, 256},
               {"q6_k", 16, 512, 256}};
  for (auto [name, n, k, columns] : cases) {
    SCOPED_TRACE(fmt::format("{} {} x {} by {}", name, n, k, columns));
    const Format *format = findFormat(name);
    const bool codes = shapeOf(*format).kind == GroupShape::Kind::Codes;
    const int64_t parts = (k + columns - 1) / columns;
    TestWeight w0(*format, n, k, 1, runner().order()),
        w1(*format, n, k, 2, runner().order());
    std::string x = codes ? integersOf(k) : rowsOf(k), y = rowsOf(parts * n),
                text;
    for (int i : {0, 1})
      text += fmt::format("%y{} = quern.linear_parts %0, %{} {{columns = {}, "
                          "parts = {}}} : ({}, {}) -> {}\n",
                          i, i + 1, columns, parts, x, w0.type(), y);
    Operation op(text + fmt::format("quern.yield %y0, %y1 : {0}, {0}", y),
                 "step", "generated");
    HostRows rows = random.rows(19, k);
    codes ? op.integerRows(std::move(rows)) : op.rows(std::move(rows));
    op.weight(w0).weight(w1);
    expectConforms(runner(), op, 19, codes ? 3e-6 : 2e-6);
  }
}

TEST_F(Conformance, SumParts) {
  if (!runner().splitsLinears())
    GTEST_SKIP() << "linears have one phase here";
  std::string y = rowsOf(149);
  Operation op(fmt::format("%a = quern.sum_parts %0 {{parts = 3}} : {0} -> {1}\n"
                           "%b = quern.sum_parts %1 {{parts = 2}} : {2} -> {1}\n"
                           "%g = quern.glu silu %a, %b : {1}\n"
                           "%y = quern.add %g, %2 : {1}\n"
                           "quern.yield %y : {1}",
                           rowsOf(3 * 149), y, rowsOf(2 * 149)),
               "step", "generated");
  op.rows(random.rows(5, 3 * 149))
      .rows(random.rows(5, 2 * 149))
      .rows(random.rows(5, 149));
  expectConforms(runner(), op, 5, 2e-6);
}

/// More rows and columns than a tile has, one less and one more; columns of the
/// operand that end within a step, within four of them, and before the first step.
TEST_F(Conformance, LinearOfAPrompt) {
  struct {
    int64_t rows, weightRows, columns;
  } cases[] = {{1, 64, 32},   {63, 65, 64},   {64, 16, 96}, {65, 63, 46},
               {130, 150, 5}, {128, 129, 33}, {3, 1, 61}};
  const Format *format = findFormat("f16");
  for (auto [rows, weightRows, columns] : cases) {
    SCOPED_TRACE(fmt::format("{} rows, {} x {}", rows, weightRows, columns));
    TestWeight w(*format, weightRows, columns, 7, runner().order());
    std::string x = rowsOf(columns), y = rowsOf(weightRows);
    Operation op(fmt::format("%y = quern.linear %0, %1 : ({0}, {1}) -> {2}\n"
                             "%z = quern.add %y, %2 : {2}\n"
                             "quern.yield %z : {2}",
                             x, w.type(), y),
                 "step", "prompt");
    op.rows(random.rows(rows, columns)).weight(w);
    op.rows(random.rows(rows, weightRows));
    expectConforms(runner(), op, rows, 2e-6);
  }
}

/// Linears of one operand, which a kernel makes together; with the operand in what
/// follows them.
TEST_F(Conformance, SeveralLinears) {
  const Format *format = findFormat("q4_0");
  for (std::string role : {"prompt", "generated"})
    for (int64_t count : {3, 5}) {
      SCOPED_TRACE(fmt::format("{}, {}", role, count));
      std::string t = rowsOf(96), text, sum = "%0";
      std::vector<TestWeight> weights;
      for (int64_t i = 0; i < count; ++i)
        weights.emplace_back(*format, 96, 96, unsigned(i + 1),
                             runner().order());
      for (int64_t i = 0; i < count; ++i)
        text += fmt::format("%y{0} = quern.linear %0, %{1} : ({2}, {3}) -> "
                            "{2}\n",
                            i, i + 1, t, weights[size_t(i)].type());
      for (int64_t i = 0; i < count; ++i) {
        text += fmt::format("%s{0} = quern.add {1}, %y{0} : {2}\n", i, sum, t);
        sum = fmt::format("%s{}", i);
      }
      Operation op(text + fmt::format("quern.yield {} : {}", sum, t), "step",
                   role);
      op.rows(random.rows(70, 96));
      for (const TestWeight &w : weights)
        op.weight(w);
      expectConforms(runner(), op, 70, 2e-6);
    }
}

TEST_F(Conformance, TwoLinearsWithAGlu) {
  const Format *format = findFormat("q4_0");
  TestWeight gate(*format, 50, 96, 1, runner().order()),
      up(*format, 50, 96, 2, runner().order());
  std::string x = rowsOf(96), y = rowsOf(50);
  for (std::string role : {"prompt", "generated"}) {
    SCOPED_TRACE(role);
    Operation op(fmt::format("%g = quern.linear %0, %1 : ({0}, {1}) -> {2}\n"
                             "%u = quern.linear %0, %2 : ({0}, {1}) -> {2}\n"
                             "%y = quern.glu silu %g, %u : {2}\n"
                             "%z = quern.add %y, %3 : {2}\n"
                             "quern.yield %z : {2}",
                             x, gate.type(), y),
                 "step", role);
    op.rows(random.rows(3, 96))
        .weight(gate)
        .weight(up)
        .rows(random.rows(3, 50));
    expectConforms(runner(), op, 3, 2e-6);
  }
}

/// A rotation of queries, and that of keys with what writes them to the cache.
TEST_F(Conformance, RopeAndKvWrite) {
  struct {
    int64_t queries, heads, size, dims;
    bool half;
    unsigned bytes;
  } cases[] = {{9, 3, 64, 64, true, 2},
               {4, 1, 256, 256, true, 4},
               {3, 3, 80, 32, true, 2},
               {2, 2, 33, 20, false, 4}};
  for (auto [queries, heads, size, dims, half, bytes] : cases) {
    SCOPED_TRACE(fmt::format("{} of {}", dims, size));
    const int64_t context = 5000;
    std::string q = rowsOf(queries * size), k = rowsOf(heads * size);
    std::string kv =
        fmt::format("!quern.kv<{} x {}, window = 0, stored = {}, page = 32>",
                    heads, size, bytes == 2 ? "f16" : "f32");
    auto rope = [&](std::string y, std::string x, std::string type) {
      return fmt::format(
          "{} = quern.rope {}, %3 table %4 {{base = 1.0e4, dims = {}, {}"
          "size = {}}} : ({}, !quern.step, tensor<{}x{}xf32>) -> {}\n",
          y, x, dims, half ? "half, " : "", size, type, 64 + context / 64 + 1,
          dims, type);
    };
    Operation op(
        fmt::format("%n = quern.rms_norm %1, %6 {{epsilon = 1.0e-6 : f32}} : "
                    "({0}, tensor<{1}xf32>) -> {0}\n",
                    k, size) +
        rope("%y", "%0", q) + rope("%k", "%n", k) +
        fmt::format("quern.kv_write %k, %2, %5, %3 : {0}, {0}, {1}\n"
                    "quern.yield %y : {2}",
                    k, kv, q));
    Step step({0, 62, 4990}, {3, 5, 2});
    Pages pages(heads, size, 32, 3, context, bytes, random);
    HostKv cache;
    op.rows(random.rows(10, queries * size))
        .rows(random.rows(10, heads * size));
    op.rows(random.rows(10, heads * size)).step(step);
    op.table(ropeTable(dims, 1.0e4, context), dims).kv(pages, cache);
    op.vector(random.rows(1, size).data);
    expectConforms(runner(), op, 10, 1e-6);
    for (const auto &[where, both] : cache.rows) {
      auto [slot, position] = where;
      for (bool value : {false, true}) {
        std::vector<float> have = pages.get(value, slot, position);
        const std::vector<float> &want = value ? both.second : both.first;
        for (size_t i = 0; i < want.size(); ++i) // half a step of f16 at most
          ASSERT_NEAR(have[i], want[i],
                      bytes == 2 ? 6e-4 * (1 + std::fabs(want[i])) : 4e-6)
              << "slot " << slot << ", position " << position << ", column "
              << i;
      }
    }
  }
}

/// Three sequences with keys and values: a short one, one across pages, one deep in;
/// and a step of some of their rows.
struct Sequences3 {
  Sequences3(int64_t heads, int64_t size, int64_t page, unsigned bytes,
             Random &random)
      : pages(heads, size, page, 3, 400, bytes, random),
        step({0, 60, 301}, {5, 33, 1}) {
    const int32_t ends[] = {5, 93, 302};
    for (int32_t slot = 0; slot < 3; ++slot)
      for (int32_t p = 0; p < ends[slot]; ++p) {
        HostRows x = random.rows(2, heads * size, 1.5f);
        pages.set(slot, p, {x.row(0), x.row(0) + x.columns},
                  {x.row(1), x.row(1) + x.columns});
        cache.rows[{slot, p}] = {pages.get(false, slot, p),
                                 pages.get(true, slot, p)};
      }
  }
  static constexpr int64_t kRows = 39;
  Pages pages;
  Step step;
  HostKv cache;
};

struct AttentionCase {
  int64_t heads, group, size, page;
  unsigned bytes;
  float softcap;
};
/// Heads smaller and larger than a workgroup, of many queries and of one.
constexpr AttentionCase kAttentions[] = {{3, 3, 64, 64, 2, 0},
                                         {1, 4, 256, 32, 4, 0},
                                         {2, 1, 80, 64, 2, 30},
                                         {1, 5, 33, 16, 4, 5},
                                         {1, 14, 24, 16, 2, 0},
                                         {2, 7, 16, 16, 2, 0}};

/// Scores are sums in one chain, whose error grows with its length.
double attentionTolerance(const AttentionCase &c) {
  return 3e-6 + 1.6e-8 * double(c.size);
}

/// An op on the case's queries, cache and step. `more`: its other attributes.
Operation attentionOp(const AttentionCase &c, Sequences3 &sequences,
                      int64_t window, std::string name, std::string more,
                      int64_t columns, std::string role, Random &random) {
  std::string kv = fmt::format(
      "!quern.kv<{} x {}, window = {}, stored = {}, page = {}>", c.heads,
      c.size, window, c.bytes == 2 ? "f16" : "f32", c.page);
  const int64_t query = c.heads * c.group * c.size;
  Operation op(
      fmt::format("%y = quern.{} %0, %1, %2 {{{}scale = 0.125 : f32{}}} : "
                  "({}, {}, !quern.step) -> {}\nquern.yield %y : {}",
                  name, more,
                  c.softcap ? fmt::format(", softcap = {:e} : f32", c.softcap)
                            : "",
                  rowsOf(query), kv, rowsOf(columns), rowsOf(columns)),
      "step", std::move(role));
  op.rows(random.rows(Sequences3::kRows, query, 2))
      .kv(sequences.pages, sequences.cache, window)
      .step(sequences.step);
  return op;
}

TEST_F(Conformance, Attention) {
  for (const AttentionCase &c : kAttentions) {
    Sequences3 sequences(c.heads, c.size, c.page, c.bytes, random);
    for (const char *role : {"prompt", "generated"})
      for (int64_t window : {0, 5, 100}) {
        SCOPED_TRACE(fmt::format("{}x{}x{} page {} window {} {}", c.heads,
                                 c.group, c.size, c.page, window, role));
        Operation op =
            attentionOp(c, sequences, window, "attention", "",
                        c.heads * c.group * c.size, role, random);
        expectConforms(runner(), op, Sequences3::kRows, attentionTolerance(c));
      }
  }
}

/// Parts that are multiples of nothing, some of them without keys.
TEST_F(Conformance, AttentionParts) {
  if (!runner().splitsAttention())
    GTEST_SKIP() << "attention has one phase here";
  for (const AttentionCase &c : kAttentions)
    for (auto [keys, parts] : {std::pair(128, 4), {37, 11}}) {
      Sequences3 sequences(c.heads, c.size, c.page, c.bytes, random);
      for (int64_t window : {0, 100}) {
        SCOPED_TRACE(fmt::format("{}x{}x{} page {} window {}, {} parts",
                                 c.heads, c.group, c.size, c.page, window,
                                 parts));
        Operation op = attentionOp(
            c, sequences, window, "attention_parts",
            fmt::format("keys = {}, parts = {}, ", keys, parts),
            c.heads * c.group * parts * (c.size + 2), "generated", random);
        expectConforms(runner(), op, Sequences3::kRows, attentionTolerance(c));
      }
    }
}

TEST_F(Conformance, MergeParts) {
  if (!runner().splitsAttention())
    GTEST_SKIP() << "attention has one phase here";
  struct {
    int64_t heads, parts, size;
  } cases[] = {{3, 2, 64}, {1, 16, 256}, {5, 7, 33}};
  for (auto [heads, parts, size] : cases) {
    SCOPED_TRACE(fmt::format("{} x {} parts of {}", heads, parts, size));
    HostRows x = random.rows(4, heads * parts * (size + 2), 2);
    for (int64_t r = 0; r < x.rows; ++r)
      for (int64_t i = 0; i < heads * parts; ++i) {
        float *part = x.row(r) + i * (size + 2);
        // Of a part without keys nothing counts; the first has some.
        const bool none = i % parts && (i + r) % 3 == 0;
        part[size + 1] = none ? 0 : 1 + std::abs(part[size + 1]);
        if (none)
          part[size] = 1e4f;
      }
    Operation op(fmt::format("%y = quern.merge_parts %0 {{parts = {}, size = "
                             "{}}} : {} -> {}\nquern.yield %y : {}",
                             parts, size, rowsOf(x.columns),
                             rowsOf(heads * size), rowsOf(heads * size)),
                 "step", "generated");
    op.rows(std::move(x));
    expectConforms(runner(), op, 4, 2e-6);
  }
}
} // namespace
