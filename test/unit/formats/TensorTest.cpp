//===- TensorTest.cpp - Weights of one tensor and of several ---*- C++ -*-===//
#include "Random.h"
#include "ir/Panel.h"
#include <gtest/gtest.h>

using namespace quern;

namespace {

using Bytes = std::span<const uint8_t>;

/// Bytes of the parts of a matrix, and spans of them.
struct Tensors {
  std::vector<std::vector<uint8_t>> bytes;
  std::vector<Bytes> parts() const { return {bytes.begin(), bytes.end()}; }
};

/// Random tensors with a map, if there is one, that is all over the place.
Tensors randomTensors(const Format &f, uint64_t rows, uint64_t columns,
                      uint64_t groups) {
  Tensors t;
  for (unsigned i = 0; i < partCount(f); ++i)
    t.bytes.push_back(
        randomBytes(partBytes(f, i, rows, columns, groups).value(), i + 1));
  if (!f.groupMap.empty())
    for (uint64_t c = 0; c < columns; ++c) {
      int32_t group = int32_t((c * 7 + c / 3) % groups);
      std::memcpy(&t.bytes.back()[4 * c], &group, 4);
    }
  return t;
}

/// codes [columns / 4][rows][4 x 2 bits], scale [groups][rows] of f16, group
/// [columns] of int32.
Format columnMajor() {
  return {.name = "columns", .weights = 4, .bytes = 9,
          .parts = {{.name = "codes", .bits = 8,
                     .row = {8}, .index = {8, Stride::Rows}},
                    {.name = "scale", .bits = 16,
                     .row = {16}, .index = {16, Stride::Rows},
                     .grouped = true}},
          .groupMap = "group",
          .codes = word(0, 2, 4),
          .scale = {.super = word(1, 16, 4)}};
}

Tensors byHand() {
  Tensors t;
  // 2 rows, 8 columns: codes 0 1 2 3 0 1 2 3 | 3 2 1 0 3 2 1 0
  t.bytes.push_back({0b11100100, 0b00011011, 0b11100100, 0b00011011});
  // Group 0: 1 in row 0, 2 in row 1; group 1: -1 and 0.5.
  t.bytes.push_back({0x00, 0x3C, 0x00, 0x40, 0x00, 0xBC, 0x00, 0x38});
  for (uint8_t group : {0, 1, 0, 1, 1, 1, 0, 0})
    t.bytes.resize(3), t.bytes[2].insert(t.bytes[2].end(), {group, 0, 0, 0});
  return t;
}

TEST(Tensors, OfOneAreWholeBlocks) {
  for (const Format &f : allFormats()) {
    if (!f.parts.empty())
      continue;
    uint64_t columns = 3 * f.weights;
    EXPECT_EQ(partCount(f), 1u);
    EXPECT_EQ(partName(f, 0), "");
    EXPECT_EQ(partBytes(f, 0, 5, columns), 15 * f.bytes) << f.name;
    std::vector<uint8_t> bytes = randomBytes(15 * f.bytes, 2);
    std::vector<float> row(columns), block(f.weights);
    Bytes part = bytes;
    EXPECT_EQ(checkTensor(f, {&part, 1}, 5, columns), "");
    dequantizeRow(f, {&part, 1}, 5, columns, 4, row.data());
    for (unsigned b = 0; b < 3; ++b) {
      dequantize(f, &bytes[(12 + b) * f.bytes], block.data());
      for (unsigned i = 0; i < f.weights; ++i)
        ASSERT_TRUE(same(row[b * f.weights + i], block[i])) << f.name;
    }
  }
}

TEST(Tensors, OfSeveralAreGathered) {
  Format f = columnMajor();
  ASSERT_EQ(verify(f), "");
  EXPECT_FALSE(hasKernel(f));
  ASSERT_EQ(partCount(f), 3u);
  EXPECT_EQ(partName(f, 1), "scale");
  EXPECT_EQ(partName(f, 2), "group");
  Tensors t = byHand();
  EXPECT_EQ(checkTensor(f, t.parts(), 2, 8), "");
  EXPECT_EQ(groupsOf(f, t.parts(), 2, 8), 2u);
  std::vector<float> out(8);
  dequantizeRow(f, t.parts(), 2, 8, 0, out.data());
  EXPECT_EQ(out, (std::vector<float>{0, -1, 2, -3, 0, -1, 2, 3}));
  dequantizeRow(f, t.parts(), 2, 8, 1, out.data());
  EXPECT_EQ(out, (std::vector<float>{6, 1, 2, 0, 1.5, 1, 2, 0}));
}

TEST(Tensors, WithoutAMapHaveConsecutiveGroups) {
  Format f = columnMajor();
  Tensors t = byHand();
  t.bytes[2].clear();
  EXPECT_EQ(checkTensor(f, t.parts(), 2, 8), "");
  std::vector<float> out(8);
  dequantizeRow(f, t.parts(), 2, 8, 1, out.data());
  EXPECT_EQ(out, (std::vector<float>{6, 4, 2, 0, 1.5, 1, 0.5, 0}));
}

TEST(Tensors, OfAnyFormatAreDecodedRowByRow) {
  for (const Format &f : allFormats()) {
    uint64_t rows = 3 * f.rowMultiple, columns = 6 * f.weights;
    Tensors t = randomTensors(f, rows, columns, 3);
    EXPECT_EQ(checkTensor(f, t.parts(), rows, columns), "") << f.name;
    std::vector<float> row(columns), again(columns);
    for (uint64_t r = 0; r < rows; ++r)
      dequantizeRow(f, t.parts(), rows, columns, r, row.data());
    // The last row takes part in the last byte of each tensor.
    for (unsigned i = 0; i < partCount(f); ++i) {
      Tensors other = t;
      bool isMap = i >= std::max<size_t>(1, f.parts.size());
      uint8_t *last = &other.bytes[i].back() - (isMap ? 3 : 0);
      *last ^= isMap ? 1 : 0x20;
      dequantizeRow(f, other.parts(), rows, columns, rows - 1, again.data());
      EXPECT_NE(0, std::memcmp(row.data(), again.data(), 4 * columns))
          << f.name << " part " << i;
    }
  }
}

TEST(Tensors, OfWrongSizeAreDiagnosed) {
  for (const Format &f : allFormats()) {
    uint64_t rows = 2 * f.rowMultiple, columns = 4 * f.weights;
    Tensors t = randomTensors(f, rows, columns, 2);
    EXPECT_NE(checkTensor(f, {}, rows, columns), "") << f.name;
    for (unsigned i = 0; i < partCount(f); ++i) {
      Tensors shorter = t;
      shorter.bytes[i].pop_back();
      EXPECT_NE(checkTensor(f, shorter.parts(), rows, columns), "") << f.name;
      Tensors longer = t;
      longer.bytes[i].push_back(0);
      EXPECT_NE(checkTensor(f, longer.parts(), rows, columns), "") << f.name;
      // What is not there reads as zero and not as other people's memory.
      std::vector<float> out(columns);
      dequantizeRow(f, shorter.parts(), rows, columns, rows - 1, out.data());
    }
  }
}

TEST(Tensors, SayWhatIsWrong) {
  Format f = columnMajor();
  Tensors t = byHand();
  t.bytes[0].pop_back();
  EXPECT_EQ(checkTensor(f, t.parts(), 2, 8),
            "codes has 3 bytes, expected 4");
  t = byHand();
  t.bytes[2][4 * 5] = 2;
  EXPECT_EQ(checkTensor(f, t.parts(), 2, 8), "group entry 5 is out of range");
  std::vector<float> out(8);
  dequantizeRow(f, t.parts(), 2, 8, 0, out.data());
  EXPECT_EQ(out[5], 0.0f);
  t.bytes[2][4 * 5 + 3] = 0xFF; // negative
  EXPECT_EQ(checkTensor(f, t.parts(), 2, 8), "group entry 5 is out of range");
  dequantizeRow(f, t.parts(), 2, 8, 0, out.data());
  EXPECT_EQ(out[5], 0.0f);
  t = byHand();
  EXPECT_EQ(checkTensor(f, t.parts(), 2, 6),
            "row of 6 weights is not a multiple of the block's 4");
}

TEST(Tensors, OfImpossibleSizesHaveNone) {
  const uint64_t huge = uint64_t(1) << 62;
  for (const Format &f : allFormats()) {
    EXPECT_EQ(partBytes(f, 0, huge, 16 * f.weights), std::nullopt) << f.name;
    EXPECT_EQ(partBytes(f, 0, huge, huge / f.weights * f.weights), std::nullopt)
        << f.name;
    EXPECT_EQ(partBytes(f, 0, 0, 16 * f.weights), 0u) << f.name;
    EXPECT_EQ(partBytes(f, partCount(f), 8, 16 * f.weights), std::nullopt);
    if (f.weights > 1) {
      EXPECT_EQ(partBytes(f, 0, f.rowMultiple, f.weights + 1), std::nullopt);
    }
  }
}

} // namespace
