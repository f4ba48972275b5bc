//===- ConvertTest.cpp - Activations in other numbers -----------*- C++ -*-===//
#include "Fixture.h"
#include "llvm/Support/FormatVariadic.h"
#include <cmath>
#include <cstring>
#include <gtest/gtest.h>

using namespace quern;
using namespace quern::test;

static std::string convertText(int64_t columns, llvm::StringRef numbers) {
  return llvm::formatv(R"(
    quern.kernel @k role prompt rows step {{
    ^bb0(%x: tensor<?x{0}xf32>):
      %y = quern.convert %x : tensor<?x{0}xf32> -> !quern.rows<{0}, {1}>
      quern.yield %y : !quern.rows<{0}, {1}>
    })",
                       columns, numbers);
}

/// A row of zeros, one with a single large number, one of tiny ones.
static TestRows specialRows(int64_t rows, int64_t columns) {
  TestRows x(rows, columns, columns);
  float *data = x.data.data();
  for (int64_t c = 0; c < columns; ++c) {
    data[c] = 0;
    if (rows > 1)
      data[rowStride(columns) + c] = c ? 1e-3f * c : -3e38f;
  }
  return x;
}

TEST(Convert, BF16) {
  for (const cpu::Chip &chip : testChips())
    for (int64_t columns : {1, 7, 32, 33, 96, 100}) {
      JitKernel kernel = compileOrDie(convertText(columns, "bf16"), chip);
      for (int64_t rows : {1, 2, 9})
        for (int64_t workers : {1, 3}) {
          TestRows x = specialRows(rows, columns);
          ConvertedRows expected = toBF16(x);
          AlignedVector<uint8_t> y(expected.bytes.size(), 0xFF);
          kernel.run({x.data.data(), y.data()}, {},
                     {.rows = rows, .workers = workers});
          EXPECT_TRUE(y == expected.bytes)
              << chip.name << " " << rows << " x " << columns;
        }
    }
}

static void checkIntegers(const cpu::Chip &chip, Number number) {
  for (int64_t columns : {1, 17, 32, 33, 96, 100}) {
    JitKernel kernel =
        compileOrDie(convertText(columns, stringifyNumber(number)), chip);
    for (int64_t rows : {1, 2, 9})
      for (int64_t workers : {1, 3}) {
        TestRows x = specialRows(rows, columns);
        ConvertedRows expected = toIntegers(x, number);
        AlignedVector<uint8_t> y(expected.bytes.size(), 0xFF);
        kernel.run({x.data.data(), y.data()}, {},
                   {.rows = rows, .workers = workers});
        EXPECT_TRUE(y == expected.bytes)
            << chip.name << " " << rows << " x " << columns;
      }
  }
}

TEST(Convert, Integers) {
  for (const cpu::Chip &chip : testChips())
    for (Number number : {Number::I16, Number::I16Words, Number::I8})
      checkIntegers(chip, number);
}

/// Where the scale would not be a normal number, all is zero.
TEST(Convert, I16OfTinyNumbers) {
  JitKernel kernel = compileOrDie(convertText(32, "i16"), testChips().front());
  TestRows x(1, 32, 1);
  for (int64_t c = 0; c < 32; ++c)
    x.data[c] = 1e-36f;
  AlignedVector<uint8_t> y(768, 0xFF);
  kernel.run({x.data.data(), y.data()}, {}, {.rows = 1});
  for (int64_t i = 0; i < 64; ++i)
    EXPECT_EQ(y[i], 0);
  for (int64_t i = 512; i < 544; ++i)
    EXPECT_EQ(y[i], 0);
}

/// What is not a number stays visible: the scale is none either.
TEST(Convert, I16OfNaN) {
  JitKernel kernel = compileOrDie(convertText(32, "i16"), testChips().front());
  TestRows x(1, 32, 1);
  x.data[5] = std::nanf("");
  AlignedVector<uint8_t> y(768);
  kernel.run({x.data.data(), y.data()}, {}, {.rows = 1});
  float scale;
  std::memcpy(&scale, y.data() + 512, 4);
  EXPECT_TRUE(std::isnan(scale));
}
