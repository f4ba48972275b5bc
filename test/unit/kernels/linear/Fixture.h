//===- Fixture.h - Weights, rows and kernels to test linears ---*- C++ -*-===//
#pragma once
#include "../KernelHarness.h"
#include "ir/Panel.h"
#include "ir/Quern.h"
#include <random>
#include <string>
#include <vector>

namespace quern::test {

/// A random matrix of a format: as in a file, packed, and as the reference
/// decodes it.
struct TestWeight {
  /// `greatest`: all codes are what is the greatest one in a kernel.
  TestWeight(const Format &, int64_t rows, int64_t columns, unsigned seed,
             PanelOrder = PanelOrder::Vectors, bool greatest = false);
  const Format *format;
  int64_t rows, columns;
  std::vector<float> values; // rows x columns
  AlignedVector<uint8_t> panels;
  /// `!quern.weight<...>`; JitKernel packs it.
  std::string type() const;
};

/// Random rows of activations, `rowStride` apart; NaN where a kernel must not
/// depend on what is there (padding, and rows beyond the last).
struct TestRows {
  TestRows(int64_t rows, int64_t columns, unsigned seed);
  int64_t rows, columns;
  AlignedVector<float> data;
  float at(int64_t r, int64_t c) const {
    return data[r * rowStride(columns) + c];
  }
};

/// Rows in the numbers of a linear, and the values that they stand for.
struct ConvertedRows {
  AlignedVector<uint8_t> bytes;
  std::vector<double> values; // rows x columns
};
ConvertedRows toBF16(const TestRows &);
/// I16, I16Words or I8.
ConvertedRows toIntegers(const TestRows &, Number);
ConvertedRows toF32(const TestRows &);
/// By the name of the numbers: "f32", "bf16", "i16", "i16_words" or "i8".
ConvertedRows convert(const TestRows &, llvm::StringRef numbers);

/// The type of such rows.
std::string rowsText(int64_t columns, llvm::StringRef numbers);
/// A kernel `@k` of one linear.
std::string linearText(const TestWeight &, llvm::StringRef numbers,
                       llvm::StringRef role);

uint16_t bf16Bits(float);
float bf16Value(uint16_t);

/// Formats that have kernels; those of floats or those of codes.
std::vector<const Format *> kernelFormats(bool floats);
/// Native, and those with less that run here, too: all ways that numbers are chosen.
std::vector<cpu::Chip> testChips();

/// Compiles, or fails the test.
JitKernel compileOrDie(llvm::StringRef text, const cpu::Chip &);

/// Activations of a kernel's result: rows beyond `rows` are set to a pattern
/// that checkUntouched() finds again.
struct TestResult {
  TestResult(int64_t rows, int64_t columns);
  int64_t rows, columns;
  AlignedVector<float> data;
  float at(int64_t r, int64_t c) const {
    return data[r * rowStride(columns) + c];
  }
  void *pointer() { return data.data(); }
  void checkUntouched() const;
  /// Bits of the rows that both have.
  void checkSameBits(const TestResult &) const;
};

} // namespace quern::test
