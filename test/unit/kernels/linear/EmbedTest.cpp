//===- EmbedTest.cpp - Rows of the embedding --------------------*- C++ -*-===//
#include "Fixture.h"
#include "llvm/Support/FormatVariadic.h"
#include <cmath>
#include <gtest/gtest.h>

using namespace quern;
using namespace quern::test;

static void checkEmbed(const Format &f, int64_t vocabulary, int64_t columns,
                       float scale, const cpu::Chip &chip) {
  SCOPED_TRACE(f.name + ", " + chip.name);
  TestWeight w(f, vocabulary, columns, 5);
  std::string text = llvm::formatv(R"(
    quern.kernel @k role prompt rows step {{
    ^bb0(%t: tensor<?xi32>, %w: {0}):
      %y = quern.embed %t, %w {{scale = {1:f} : f32} : (tensor<?xi32>, {0}) -> tensor<?x{2}xf32>
      quern.yield %y : tensor<?x{2}xf32>
    })",
                                   w.type(), scale, columns);
  JitKernel kernel = compileOrDie(text, chip);
  AlignedVector<int32_t> tokens = {0, int32_t(vocabulary - 1), 16, 15, 3, 3,
                                   17};
  const int64_t rows = tokens.size();
  for (int64_t workers : {1, 3}) {
    TestResult y(rows, columns);
    kernel.run({tokens.data(), w.panels.data(), y.pointer()}, {},
               {.rows = rows, .workers = workers});
    y.checkUntouched();
    for (int64_t r = 0; r < rows; ++r)
      for (int64_t c = 0; c < columns; ++c) {
        float expected = scale * w.values[tokens[r] * columns + c];
        // With an offset, the kernel rounds once and the reference twice.
        if (f.offset)
          ASSERT_NEAR(y.at(r, c), expected, 1e-6 * (1 + std::fabs(expected)))
              << r << ", " << c;
        else
          ASSERT_EQ(y.at(r, c), expected) << r << ", " << c;
      }
  }
}

TEST(Embed, Codes) {
  for (const cpu::Chip &chip : testChips())
    for (const Format *f : kernelFormats(/*floats=*/false))
      checkEmbed(*f, 37, 3 * f->weights, 1.5f, chip);
}

TEST(Embed, Floats) {
  for (const cpu::Chip &chip : testChips())
    for (const Format *f : kernelFormats(/*floats=*/true))
      checkEmbed(*f, 37, 45, 2.0f, chip);
}
