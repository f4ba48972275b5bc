//===- LinearTest.cpp - Linears against sums in double ----------*- C++ -*-===//
//
// Every format that has kernels, in all numbers of activations, at odd shapes,
// for the native chip and lesser ones. The list is the formats': a new one is
// tested without a line here.
//
//===----------------------------------------------------------------------===//
#include "Fixture.h"
#include "codegen/kernel/RowIntegers.h"
#include "llvm/Support/FormatVariadic.h"
#include <cmath>
#include <gtest/gtest.h>

using namespace quern;
using namespace quern::test;

namespace {
TestResult runLinear(const JitKernel &kernel, const TestWeight &w,
                     ConvertedRows &x, int64_t rows, int64_t workers) {
  TestResult y(rows, w.rows);
  kernel.run(
      {x.bytes.data(), const_cast<uint8_t *>(w.panels.data()), y.pointer()}, {},
      {.rows = rows, .workers = workers});
  y.checkUntouched();
  return y;
}

/// bf16 rounds weights as well; where an offset is added, the last bit of what
/// is rounded is the kernel's own, which moves few weights by one place.
void checkSums(const TestResult &y, const TestWeight &w, const ConvertedRows &x,
               bool bf16) {
  for (int64_t r = 0; r < y.rows; ++r)
    for (int64_t n = 0; n < w.rows; ++n) {
      double sum = 0, size = 0, most = 0;
      for (int64_t k = 0; k < w.columns; ++k) {
        float v = w.values[n * w.columns + k];
        double p =
            x.values[r * w.columns + k] * (bf16 ? bf16Value(bf16Bits(v)) : v);
        sum += p;
        size += std::fabs(p);
        most = std::max(most, std::fabs(p));
      }
      double tolerance =
          2e-6 * size + (bf16 && w.format->offset ? most * 0x1p-6 : 0);
      ASSERT_NEAR(y.at(r, n), sum, tolerance)
          << "row " << r << ", column " << n;
    }
}

void checkLinear(const Format &f, int64_t n, int64_t k, llvm::StringRef numbers,
                 llvm::StringRef role, const cpu::Chip &chip,
                 int64_t rows = 17) {
  SCOPED_TRACE(llvm::formatv("{0}, {1} x {2}, {3} {4} rows of {5}, {6}", f.name, n,
                             k, rows, role, numbers, chip.name)
                   .str());
  TestWeight w(f, n, k, n + k);
  ConvertedRows x = convert(TestRows(rows, k, 7), numbers);
  JitKernel kernel = compileOrDie(linearText(w, numbers, role), chip);
  TestResult all = runLinear(kernel, w, x, rows, 1);
  checkSums(all, w, x, numbers == "bf16");
  for (int64_t fewer = 1; fewer < std::min<int64_t>(rows, 17); ++fewer)
    runLinear(kernel, w, x, fewer, 1).checkSameBits(all);
  for (int64_t workers : {2, 3})
    runLinear(kernel, w, x, rows, workers).checkSameBits(all);
}
} // namespace

TEST(Linear, IntegerRows) {
  for (const cpu::Chip &chip : testChips())
    for (const Format *f : kernelFormats(/*floats=*/false))
      for (auto [n, blocks] : {std::pair(1, 1), {17, 2}, {48, 3}, {100, 5}})
        if (n == 17 || chip.dotsBytes)
          checkLinear(*f, n, blocks * f->weights, "i16", "generated", chip);
}

TEST(Linear, WordRows) {
  for (const cpu::Chip &chip : testChips())
    for (const Format *f : kernelFormats(/*floats=*/false))
      for (auto [n, blocks] : {std::pair(17, 2), {100, 5}})
        for (const char *role : {"prompt", "generated"})
          if (role[0] == 'p' || n == 17)
            checkLinear(*f, n, blocks * f->weights, "i16_words", role, chip);
}

/// Of a group's products as many as words have room for are added there.
TEST(Linear, ByteRows) {
  for (const cpu::Chip &chip : testChips())
    for (const Format *f : kernelFormats(/*floats=*/false))
      for (auto [n, blocks] : {std::pair(17, 2), {100, 5}})
        for (const char *role : {"prompt", "generated"})
          if (role[0] == 'p' || n == 17)
            checkLinear(*f, n, blocks * f->weights, "i8", role, chip);
}

/// The greatest codes and activations, all of one sign: a sum that wraps is far off.
TEST(Linear, ByteRowsOfGreatestProducts) {
  constexpr int64_t rows = 5, n = 16;
  for (const cpu::Chip &chip : testChips())
    for (const Format *f : kernelFormats(/*floats=*/false)) {
      const int64_t k = 2 * f->weights;
      TestWeight w(*f, n, k, 3, PanelOrder::Vectors, /*greatest=*/true);
      for (float sign : {1.0f, -1.0f}) {
        TestRows x(rows, k, 1);
        for (int64_t r = 0; r < rows; ++r)
          std::fill_n(x.data.data() + r * rowStride(k), k, sign);
        ConvertedRows bytes = convert(x, "i8");
        for (const char *role : {"prompt", "generated"}) {
          SCOPED_TRACE(f->name + ", " + chip.name + ", " + role);
          JitKernel kernel = compileOrDie(linearText(w, "i8", role), chip);
          checkSums(runLinear(kernel, w, bytes, rows, 1), w, bytes,
                    /*bf16=*/false);
        }
      }
    }
}

TEST(Linear, ProductsThatFitIntoWords) {
  for (const Format *f : kernelFormats(/*floats=*/false)) {
    const int64_t slots = slotsInWords(shapeOf(*f)),
                  product = 2 * 127 * greatestCode(shapeOf(*f));
    EXPECT_LE(slots * product, INT16_MAX) << f->name;
    EXPECT_GT((slots + 1) * product, INT16_MAX) << f->name;
  }
}

/// Integers are the same however they lie, and however many rows are multiplied.
TEST(Linear, IntegersAgree) {
  constexpr int64_t rows = 11, n = 40;
  for (const cpu::Chip &chip : testChips())
    for (const Format *f : kernelFormats(/*floats=*/false)) {
      SCOPED_TRACE(f->name + ", " + chip.name);
      const int64_t k = 3 * f->weights;
      TestWeight w(*f, n, k, 5);
      TestRows x(rows, k, 6);
      auto run = [&](const char *numbers, const char *role) {
        ConvertedRows converted = convert(x, numbers);
        return runLinear(compileOrDie(linearText(w, numbers, role), chip), w,
                         converted, rows, 2);
      };
      TestResult halves = run("i16", "generated");
      run("i16", "prompt").checkSameBits(halves);
      run("i16_words", "generated").checkSameBits(halves);
      run("i16_words", "prompt").checkSameBits(halves);
      TestResult bytes = run("i8", "generated");
      run("i8", "prompt").checkSameBits(bytes);
    }
}

TEST(Linear, BF16Rows) {
  for (const cpu::Chip &chip : testChips())
    for (const Format *f : kernelFormats(/*floats=*/false))
      for (auto [n, blocks] : {std::pair(1, 1), {17, 2}, {48, 3}, {100, 5}})
        if (n == 17 || chip.dotsBF16)
          checkLinear(*f, n, blocks * f->weights, "bf16", "prompt", chip);
}

TEST(Linear, FloatWeights) {
  for (const cpu::Chip &chip : testChips())
    for (const Format *f : kernelFormats(/*floats=*/true))
      for (auto [numbers, role] : {std::pair("f32", "generated"),
                                   {"f32", "prompt"}, {"bf16", "prompt"}})
        for (auto [n, k] : {std::pair(1, 7), {17, 33}, {100, 96}})
          checkLinear(*f, n, k, numbers, role, chip);
}

TEST(Linear, F32RowsOfCodes) {
  for (const Format *f : kernelFormats(/*floats=*/false))
    for (const char *role : {"prompt", "generated"})
      checkLinear(*f, 33, 2 * f->weights, "f32", role, testChips().front());
}

/// More rows than a chunk, more columns than a block, of which the last has few.
TEST(Linear, ManyRowsAndColumns) {
  const Format &f = *findFormat("q8_0"), &floats = *findFormat("f16");
  for (const cpu::Chip &chip : testChips()) {
    for (const char *numbers : {"bf16", "i16", "i16_words", "i8", "f32"})
      checkLinear(f, 20, 18 * 32, numbers, "prompt", chip, 521);
    checkLinear(floats, 100, 300, "f32", "prompt", chip);
    checkLinear(f, 20, 5 * 256, "i16", "generated", chip, 64);
  }
}

TEST(Linear, Epilogues) {
  constexpr int64_t n = 72, k = 512, rows = 21;
  TestRows input(rows, k, 3), residual(rows, n, 4);
  // Epilogues know no format.
  for (const Format *f : {findFormat("q4_1"), findFormat("q6_k")}) {
    TestWeight gate(*f, n, k, 1), up(*f, n, k, 2);
    for (const char *numbers : {"bf16", "i16", "i16_words", "i8", "f32"}) {
      SCOPED_TRACE(f->name + " " + numbers);
      ConvertedRows x = convert(input, numbers);
      std::string rowsType = rowsText(k, numbers);
      std::string text = llvm::formatv(R"(
        quern.kernel @k role prompt rows step {{
        ^bb0(%x: {0}, %g: {1}, %u: {1}, %r: {2}):
          %0 = quern.linear %x, %g : ({0}, {1}) -> {2}
          %1 = quern.linear %x, %u : ({0}, {1}) -> {2}
          %2 = quern.glu silu %0, %1 : {2}
          %3 = quern.add %2, %r : {2}
          quern.yield %3 : {2}
        })",
                                       rowsType, gate.type(),
                                       llvm::formatv("tensor<?x{0}xf32>", n));
      const cpu::Chip chip = testChips().front();
      JitKernel fused = compileOrDie(text, chip);
      auto run = [&](int64_t count, int64_t workers) {
        TestResult y(count, n);
        fused.run({x.bytes.data(), gate.panels.data(), up.panels.data(),
                   residual.data.data(), y.pointer()},
                  {}, {.rows = count, .workers = workers});
        y.checkUntouched();
        return y;
      };
      TestResult all = run(rows, 1);
      JitKernel plain =
          compileOrDie(linearText(gate, numbers, "prompt"), chip);
      TestResult g = runLinear(plain, gate, x, rows, 1),
                 u = runLinear(plain, up, x, rows, 1);
      for (int64_t r = 0; r < rows; ++r)
        for (int64_t c = 0; c < n; ++c) {
          double a = g.at(r, c),
                 y = a / (1 + std::exp(-a)) * u.at(r, c) + residual.at(r, c);
          ASSERT_NEAR(all.at(r, c), y, 1e-5 * (1 + std::fabs(y)))
              << r << ", " << c;
        }
      for (int64_t count : {1, 2, 5, 8, 13})
        run(count, 1).checkSameBits(all);
      run(rows, 3).checkSameBits(all);
    }
  }
}
