//===- Fixture.cpp - Weights, rows and kernels to test linears --*- C++ -*-===//
#include "Fixture.h"
#include "llvm/Support/FormatVariadic.h"
#include "llvm/Support/raw_ostream.h"
#include <bit>
#include <cmath>
#include <cstring>
#include <gtest/gtest.h>

using namespace quern;
using namespace quern::test;

constexpr int64_t kSpareRows = 8;

static uint32_t randomElement(Codec codec, std::mt19937 &random) {
  switch (codec) {
  case Codec::F32:
    return std::bit_cast<uint32_t>(float(int32_t(random())) * 0x1p-31f);
  case Codec::BF16:
    return bf16Bits(float(int32_t(random())) * 0x1p-31f);
  case Codec::F16: // 2^-5 .. 2^-1, either sign
    return (random() & 0x8000) | (0x2800 + random() % 0x1000);
  case Codec::E8M0Half:
    return 120 + random() % 10;
  case Codec::UE4M3Half:
    return 1 + random() % 0x60;
  }
  return 0;
}

/// The bits that make the greatest value.
static uint32_t greatestInFile(const Format &f) {
  if (!f.table.empty())
    return uint32_t(std::max_element(f.table.begin(), f.table.end()) -
                    f.table.begin());
  const uint32_t all = (1u << f.codes.width) - 1;
  return f.codesSigned ? all / 2 : all;
}

TestWeight::TestWeight(const Format &f, int64_t rows, int64_t columns,
                       unsigned seed, PanelOrder order, bool greatest)
    : format(&f), rows(rows), columns(columns), values(rows * columns) {
  std::mt19937 random(seed);
  std::vector<uint8_t> file(rows * columns / f.weights * f.bytes);
  for (uint8_t &b : file)
    b = random();
  for (uint8_t *block = file.data(); block != file.data() + file.size();
       block += f.bytes) {
    if (f.element && f.groups() == 0) {
      uint32_t bits = randomElement(*f.element, random);
      std::memcpy(block, &bits, codecBytes(*f.element));
    }
    for (unsigned i = 0; greatest && i < f.codes.count; ++i)
      writeBits(block, f.codes, i, greatestInFile(f));
    for (unsigned i = 0; i < f.scale.super.count; ++i)
      writeBits(block, f.scale.super, i, randomElement(f.scale.codec, random));
    for (unsigned i = 0; f.offset && i < f.offset->super.count; ++i)
      writeBits(block, f.offset->super, i,
                randomElement(f.offset->codec, random));
  }
  std::span<const uint8_t> parts[] = {file};
  for (int64_t r = 0; r < rows; ++r)
    dequantizeRow(f, parts, rows, columns, r, values.data() + r * columns);
  GroupShape shape = shapeOf(f, order);
  panels.resize(packedBytes(shape, rows, columns));
  packPanels(f, shape, file, rows, columns, 0, paddedRows(rows) / kLanes,
             panels.data());
}

std::string TestWeight::type() const {
  return llvm::formatv("!quern.weight<{0} x {1}, \"{2}\">", rows, columns,
                       format->name);
}

TestRows::TestRows(int64_t rows, int64_t columns, unsigned seed)
    : rows(rows), columns(columns),
      data((rows + kSpareRows) * rowStride(columns), std::nanf("")) {
  std::mt19937 random(seed);
  std::normal_distribution<float> normal;
  for (int64_t r = 0; r < rows; ++r)
    for (int64_t c = 0; c < columns; ++c)
      data[r * rowStride(columns) + c] = normal(random);
}

uint16_t quern::test::bf16Bits(float f) {
  uint32_t u = std::bit_cast<uint32_t>(f);
  return (u + 0x7FFF + (u >> 16 & 1)) >> 16;
}
float quern::test::bf16Value(uint16_t bits) {
  return std::bit_cast<float>(uint32_t(bits) << 16);
}

ConvertedRows quern::test::toBF16(const TestRows &x) {
  const int64_t stride = rowStride(x.columns);
  ConvertedRows y;
  y.bytes.assign(x.data.size() * 2, 0xFF); // NaNs
  y.values.resize(x.rows * x.columns);
  auto *out = reinterpret_cast<uint16_t *>(y.bytes.data());
  for (int64_t r = 0; r < x.rows; ++r)
    for (int64_t c = 0; c < stride; ++c) {
      out[r * stride + c] = c < x.columns ? bf16Bits(x.at(r, c)) : 0;
      if (c < x.columns)
        y.values[r * x.columns + c] = bf16Value(out[r * stride + c]);
    }
  return y;
}

ConvertedRows quern::test::toF32(const TestRows &x) {
  ConvertedRows y;
  y.bytes.resize(x.data.size() * 4);
  std::memcpy(y.bytes.data(), x.data.data(), y.bytes.size());
  for (int64_t r = 0; r < x.rows; ++r)
    for (int64_t c = 0; c < x.columns; ++c)
      y.values.push_back(x.at(r, c));
  return y;
}

/// One row and step of RowsType's records.
static void convertStep(const TestRows &x, int64_t r, int64_t step, Number number,
                        uint8_t *record, ConvertedRows &y) {
  float most = 0;
  auto value = [&](int64_t c) {
    int64_t column = step * 32 + c;
    return column < x.columns ? x.at(r, column) : 0.0f;
  };
  for (int c = 0; c < 32; ++c)
    most = std::max(most, std::fabs(value(c)));
  float scale = most / (number == Number::I8 ? 127 : 32512);
  int32_t sums[3] = {};
  for (int c = 0; c < 32; ++c) {
    int32_t q = scale ? int32_t(std::nearbyint(value(c) / scale)) : 0;
    uint8_t *codes = record + r % 8 * 64;
    if (number == Number::I16Words) { // even columns of each four first
      int16_t word = int16_t(q);
      std::memcpy(codes + 8 * (c / 4) + 4 * (c % 2) + c % 4 / 2 * 2, &word, 2);
    } else if (number == Number::I8) {
      codes[c] = uint8_t(q);
    } else {
      int8_t low = int8_t(q), high = int8_t((q - low) / 256);
      std::memcpy(codes + c, &high, 1);
      std::memcpy(codes + 32 + c, &low, 1);
    }
    sums[c / 16] += q;
    if (step * 32 + c < x.columns)
      y.values[r * x.columns + step * 32 + c] = double(scale) * q;
  }
  sums[2] = sums[0] + sums[1];
  float floats[4] = {scale, scale * sums[0], scale * sums[1], scale * sums[2]};
  int32_t ints[4] = {sums[0], sums[1], sums[2], 0};
  std::memcpy(record + 512 + r % 8 * 32, floats, 16);
  std::memcpy(record + 512 + r % 8 * 32 + 16, ints, 16);
}

ConvertedRows quern::test::toIntegers(const TestRows &x, Number number) {
  const int64_t steps = (x.columns + 31) / 32;
  ConvertedRows y;
  y.bytes.assign((x.rows + 7) / 8 * steps * 768, 0xFF);
  y.values.resize(x.rows * x.columns);
  for (int64_t r = 0; r < x.rows; ++r)
    for (int64_t s = 0; s < steps; ++s)
      convertStep(x, r, s, number, y.bytes.data() + (r / 8 * steps + s) * 768,
                  y);
  return y;
}

ConvertedRows quern::test::convert(const TestRows &x, llvm::StringRef numbers) {
  if (numbers == "f32")
    return toF32(x);
  Number number = symbolizeNumber(numbers).value();
  return number == Number::BF16 ? toBF16(x) : toIntegers(x, number);
}

std::string quern::test::rowsText(int64_t columns, llvm::StringRef numbers) {
  return numbers == "f32"
             ? llvm::formatv("tensor<?x{0}xf32>", columns).str()
             : llvm::formatv("!quern.rows<{0}, {1}>", columns, numbers).str();
}

std::string quern::test::linearText(const TestWeight &w,
                                    llvm::StringRef numbers,
                                    llvm::StringRef role) {
  return llvm::formatv(R"(
    quern.kernel @k role {0} rows step {{
    ^bb0(%x: {1}, %w: {2}):
      %y = quern.linear %x, %w : ({1}, {2}) -> tensor<?x{3}xf32>
      quern.yield %y : tensor<?x{3}xf32>
    })",
                       role, rowsText(w.columns, numbers), w.type(), w.rows);
}

std::vector<const Format *> quern::test::kernelFormats(bool floats) {
  std::vector<const Format *> formats;
  for (const Format &f : allFormats())
    if (hasKernel(f) && (shapeOf(f).kind == GroupShape::Kind::Floats) == floats)
      formats.push_back(&f);
  return formats;
}

std::vector<cpu::Chip> quern::test::testChips() {
  std::vector<cpu::Chip> chips;
  for (const std::string &name : cpu::chipNames()) {
    auto made = cpu::chipOf(name);
    if (!made) {
      llvm::consumeError(made.takeError()); // a native chip that is none
      continue;
    }
    const cpu::Chip &chip = *made;
    auto same = [&](const cpu::Chip &c) { return c.name == chip.name; };
    if (cpu::runsHere(chip) && llvm::none_of(chips, same))
      chips.push_back(chip);
  }
  return chips;
}

JitKernel quern::test::compileOrDie(llvm::StringRef text,
                                    const cpu::Chip &chip) {
  auto kernel = JitKernel::compile(text, chip);
  if (!kernel) {
    llvm::errs() << llvm::toString(kernel.takeError()) << text << "\n";
    std::abort();
  }
  return std::move(*kernel);
}

static constexpr uint32_t kUntouched = 0x7FC0BEEF;

TestResult::TestResult(int64_t rows, int64_t columns)
    : rows(rows), columns(columns),
      data((rows + kSpareRows) * rowStride(columns),
           std::bit_cast<float>(kUntouched)) {}

void TestResult::checkUntouched() const {
  for (size_t i = rows * rowStride(columns); i < data.size(); ++i)
    ASSERT_EQ(std::bit_cast<uint32_t>(data[i]), kUntouched)
        << "row " << i / rowStride(columns);
}

void TestResult::checkSameBits(const TestResult &other) const {
  for (int64_t r = 0; r < std::min(rows, other.rows); ++r)
    for (int64_t c = 0; c < columns; ++c)
      ASSERT_EQ(std::bit_cast<uint32_t>(at(r, c)),
                std::bit_cast<uint32_t>(other.at(r, c)))
          << "row " << r << " of " << rows << " and " << other.rows
          << ", column " << c;
}
