//===- ConvertedTest.cpp - Bodies that end in a conversion ----------------===//
//
// A fused conversion gives the bytes of the kernel that only converts.
//
//===----------------------------------------------------------------------===//
#include "Memory.h"
#include "fmt/format.h"
#include "gtest/gtest.h"

using namespace quern;
using namespace quern::test;

namespace {
struct Case {
  int64_t columns;
  std::string numbers;
  std::string rows() const { return fmt::format("tensor<?x{}xf32>", columns); }
  std::string converted() const { return fmt::format("!quern.rows<{}, {}>", columns, numbers); }
  size_t bytes(int64_t count) const {
    return numbers == "bf16" ? count * rowStride(columns) * 2
                             : (count + 7) / 8 * (rowStride(columns) / 32) * 768;
  }
  std::string convert(const std::string &result, const std::string &operand) const {
    return fmt::format("  {} = quern.convert {} : {} -> {}\n", result, operand, rows(), converted());
  }
  std::string kernel(const std::string &arguments, const std::string &body) const {
    return fmt::format("quern.kernel @k role prompt rows step {{\n^bb0({}):\n{}}}\n", arguments, body);
  }
};

std::vector<Case> cases() {
  std::vector<Case> result;
  for (int64_t columns : {576, 640, 33, 1000, 256})
    for (const char *numbers : {"bf16", "i16"})
      result.push_back({columns, numbers});
  return result;
}

/// `body` makes %v; compares what is yielded of it with two kernels in a row.
void expectSameBytes(const Case &c, const std::string &chip, const std::string &arguments,
                     std::vector<Bytes> &memory, const std::string &body) {
  std::string t = c.rows(), u = c.converted();
  Jit plain(c.kernel(arguments, body + "  quern.yield %v : " + t + "\n"), chip);
  Jit convert(c.kernel("%v: " + t, c.convert("%c", "%v") + "  quern.yield %c : " + u + "\n"), chip);
  Jit both(c.kernel(arguments, body + c.convert("%c", "%v") +
                                   fmt::format("  quern.yield %c, %v : {}, {}\n", u, t)), chip);
  Jit alone(c.kernel(arguments, body + c.convert("%c", "%v") + "  quern.yield %c : " + u + "\n"), chip);
  for (int64_t rows : {1, 9})
    for (int64_t workers : {1, 3}) {
      SCOPED_TRACE(fmt::format("{} {} {} rows {} workers {}", chip, c.columns, c.numbers, rows, workers));
      std::vector<void *> buffers;
      for (Bytes &b : memory)
        buffers.push_back(b.as());
      auto with = [&](std::vector<void *> results) {
        std::vector<void *> all = buffers;
        all.insert(all.end(), results.begin(), results.end());
        return all;
      };
      JitKernel::Step step{.rows = rows, .workers = workers};
      size_t floats = rows * rowStride(c.columns) * 4;
      Bytes v(floats), w(floats), want(c.bytes(rows)), have(c.bytes(rows)), other(c.bytes(rows));
      plain.compiled().run(with({v.as()}), {}, step);
      convert.compiled().run({v.as(), want.as()}, {}, step);
      both.compiled().run(with({have.as(), w.as()}), {}, step);
      alone.compiled().run(with({other.as()}), {}, step);
      EXPECT_TRUE(v == w);
      EXPECT_TRUE(have == want && have.guardIntact());
      EXPECT_TRUE(other == want && other.guardIntact());
    }
}
} // namespace

TEST(Converted, Norms) {
  Random random(1);
  for (const std::string &chip : chips())
    for (const Case &c : cases()) {
      std::vector<Bytes> memory;
      memory.push_back(packRows(random.rows(9, c.columns, 4)));
      memory.push_back(packRows(random.rows(1, c.columns)));
      memory.push_back(packRows(random.rows(9, c.columns)));
      std::string w = fmt::format("tensor<{}xf32>", c.columns);
      expectSameBytes(c, chip, fmt::format("%x: {0}, %w: {1}, %r: {0}", c.rows(), w), memory,
                      fmt::format("  %n = quern.rms_norm %x, %w {{epsilon = 1.0e-5 : f32}} : "
                                  "({0}, {1}) -> {0}\n  %v = quern.add %n, %r : {0}\n", c.rows(), w));
    }
}

TEST(Converted, ElementwiseBodies) {
  Random random(2);
  for (const std::string &chip : chips())
    for (const Case &c : cases()) {
      std::vector<Bytes> memory;
      memory.push_back(packRows(random.rows(9, c.columns, 4)));
      memory.push_back(packRows(random.rows(9, c.columns)));
      expectSameBytes(c, chip, fmt::format("%a: {0}, %b: {0}", c.rows()), memory,
                      fmt::format("  %v = quern.glu silu %a, %b : {}\n", c.rows()));
    }
}
