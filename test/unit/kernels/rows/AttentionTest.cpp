//===- AttentionTest.cpp - Attention over pages ---------------------------===//
#include "Memory.h"
#include "fmt/format.h"
#include "gtest/gtest.h"
#include <cmath>

using namespace quern;
using namespace quern::test;

namespace {
struct Shape {
  int64_t heads, group, size, page = 64;
  unsigned bytes = 2;
  std::string role = "prompt";
  float softcap = 0;
  int64_t columns() const { return heads * group * size; }
  std::string text(int64_t window = 0) const {
    std::string kv = fmt::format("!quern.kv<{} x {}, window = {}, stored = {}, page = {}>",
                                 heads, size, window, bytes == 2 ? "f16" : "f32", page);
    std::string rows = fmt::format("tensor<?x{}xf32>", columns());
    return fmt::format("quern.kernel @k role {0} rows step {{\n"
                       "^bb0(%q: {1}, %kv: {2}, %s: !quern.step):\n"
                       "  %y = quern.attention %q, %kv, %s {{scale = {3} : f32{4}}}"
                       " : ({1}, {2}, !quern.step) -> {1}\n"
                       "  quern.yield %y : {1}\n}}\n",
                       role, rows, kv, scale(),
                       softcap ? fmt::format(", softcap = {:e} : f32", softcap) : "");
  }
  std::string scale() const { return fmt::format("{:e}", 1 / std::sqrt(double(size))); }
};

/// Caches that hold every key of the step, queries, and what comes out.
struct Scene {
  Shape shape;
  int64_t context, window;
  Random random;
  Pages pages;
  HostKv host;

  Scene(const Shape &shape, int64_t slots, int64_t context, int64_t window, unsigned seed)
      : shape(shape), context(context), window(window), random(seed),
        pages(shape.heads, shape.size, shape.page, slots, context, shape.bytes, random) {}

  /// Keys and values of positions [0, end) of each slot.
  void fill(const std::vector<int64_t> &ends) {
    for (size_t s = 0; s < ends.size(); ++s)
      for (int64_t p = 0; p < ends[s]; ++p) {
        HostRows x = random.rows(2, shape.heads * shape.size, 1.5f);
        pages.set(s, p, {x.row(0), x.row(0) + x.columns}, {x.row(1), x.row(1) + x.columns});
        host.rows[{int32_t(s), int32_t(p)}] = {pages.get(false, s, p), pages.get(true, s, p)};
      }
  }
  HostRows run(Jit &jit, const HostRows &q, const Step &step, int64_t workers) {
    Bytes in = packRows(q), out = packRows(HostRows(q.rows, q.columns), NAN);
    auto pointer = [](auto &v) { return const_cast<int32_t *>(v.data()); };
    jit.compiled().run({in.as(), pages.memory.as(), pages.table.data(), pointer(step.positions),
             pointer(step.slots), pointer(step.tiles), out.as()},
            pages.constants(window), {step.rows(), step.tileCount(), 0, workers});
    EXPECT_TRUE(out.guardIntact());
    for (int64_t r = 0; r < q.rows; ++r)
      for (int64_t c = q.columns; c < rowStride(q.columns); ++c)
        EXPECT_TRUE(std::isfinite(out.as<float>()[r * rowStride(q.columns) + c]));
    return unpackRows(out, q.rows, q.columns);
  }
  HostRows reference(const HostRows &q, const Step &step) {
    // The window is a constant of the launch; the reference has it in the type.
    mlir::MLIRContext context;
    auto module = parse(shape.text(window), context);
    KernelOp kernel = *module->getOps<KernelOp>().begin();
    auto op = mlir::cast<AttentionOp>(kernel.getBody().front().front());
    ReferenceFrame frame;
    frame.rows(op.getQuery()) = q;
    frame.kv(op.getCache()) = &host;
    frame.step(op.getStep()) = {step.positions, step.slots};
    op.reference(frame);
    return frame.rows(op.getResult());
  }
};

std::vector<Shape> shapes() {
  return {{3, 3, 64},
          {1, 4, 256},
          {2, 1, 80, 64, 4},
          {1, 2, 32, 16, 2, "generated"},
          {2, 4, 96, 128, 2, "prompt", 30},
          {3, 1, 7, 32, 2},
          {1, 11, 33, 64, 2, "generated", 5},
          {1, 20, 16, 64, 4},
          {2, 7, 24, 192, 2}};
}
} // namespace

TEST(Attention, AgreesWithTheReference) {
  for (const std::string &chip : chips())
    for (const Shape &shape : shapes()) {
      Jit jit(shape.text(), chip);
      for (int64_t window : {0, 5, 64, 100}) {
        SCOPED_TRACE(fmt::format("{} {}x{}x{} page {} {} window {}", chip, shape.heads,
                                 shape.group, shape.size, shape.page, shape.role, window));
        Scene run(shape, 3, 400, window, 1);
        // A short one, one across pages, one deep in.
        std::vector<int64_t> starts = {0, 60, 301}, lengths = {5, 33, 1};
        run.fill({5, 93, 302});
        Step step(starts, lengths);
        HostRows q = run.random.rows(step.rows(), shape.columns(), 2);
        HostRows want = run.reference(q, step);
        EXPECT_LT(difference(run.run(jit, q, step, 1), want), 4e-6);
      }
    }
}

/// A row has the same bits whatever it is computed beside.
TEST(Attention, RowsDoNotDependOnTheirCompany) {
  for (const std::string &chip : chips())
    for (const Shape &shape : shapes()) {
      Jit jit(shape.text(), chip);
      for (int64_t window : {0, 3, 70}) {
        SCOPED_TRACE(fmt::format("{} {}x{}x{} window {}", chip, shape.heads, shape.group,
                                 shape.size, window));
        Scene run(shape, 2, 256, window, 2);
        run.fill({20, 161});
        Step together({0, 120}, {20, 41});
        HostRows q = run.random.rows(together.rows(), shape.columns(), 2);
        HostRows all = run.run(jit, q, together, 1);
        for (int64_t workers : {2, 3, 7})
          EXPECT_TRUE(sameBits(all, run.run(jit, q, together, workers))) << workers;
        for (int64_t tile : {1, 2, 3, 5, 7})
          EXPECT_TRUE(sameBits(all, run.run(jit, q, Step({0, 120}, {20, 41}, tile), 2))) << tile;
        // Each row on its own.
        for (int64_t r = 20; r < together.rows(); ++r) {
          Step one({0, together.positions[r]}, {0, 1});
          HostRows mine(1, q.columns);
          std::copy_n(q.row(r), q.columns, mine.row(0));
          HostRows alone = run.run(jit, mine, one, 1);
          HostRows had(1, q.columns);
          std::copy_n(all.row(r), q.columns, had.row(0));
          EXPECT_TRUE(sameBits(alone, had)) << "row " << r;
        }
      }
    }
}

/// Both roles' kernels, and every order of pages, are the same arithmetic.
TEST(Attention, DoesNotDependOnWherePagesLie) {
  Shape shape{3, 3, 64};
  Jit jit(shape.text(), "native");
  Shape other = shape;
  other.role = "generated";
  Jit generated(other.text(), "native");
  Step step({90}, {12});
  HostRows first;
  for (unsigned order : {1, 2}) {
    Scene run(shape, 1, 128, 0, 5);
    Random shuffler(order);
    run.pages = Pages(3, 64, 64, 1, 128, 2, shuffler);
    run.random = Random(9);
    run.fill({102});
    HostRows q = run.random.rows(12, shape.columns());
    HostRows y = run.run(jit, q, step, 1);
    EXPECT_TRUE(order == 1 || sameBits(first, y));
    EXPECT_TRUE(sameBits(y, run.run(generated, q, step, 2)));
    first = y;
  }
}

/// Scores far apart: the greatest one takes all, whatever came before it.
TEST(Attention, SurvivesLargeScores) {
  Shape shape{1, 1, 16, 64, 4};
  for (const std::string &chip : chips()) {
    Jit jit(shape.text(), chip);
    Scene run(shape, 1, 256, 0, 3);
    run.fill({200});
    Step step({0}, {200});
    HostRows q = run.random.rows(200, 16, 500);
    HostRows y = run.run(jit, q, step, 1);
    EXPECT_LT(difference(y, run.reference(q, step)), 2e-3);
  }
}
