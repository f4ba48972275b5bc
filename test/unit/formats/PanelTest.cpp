//===- PanelTest.cpp - Packed layouts hold what the file does --*- C++ -*-===//
#include "Random.h"
#include "ir/Panel.h"
#include <algorithm>
#include <gtest/gtest.h>
#include <numeric>

using namespace quern;

namespace {

struct Packed {
  GroupShape shape;
  uint64_t rows, columns;
  std::vector<uint8_t> src, panels;

  Packed(const Format &f, uint64_t rows, uint64_t columns,
         PanelOrder order = PanelOrder::Vectors)
      : shape(shapeOf(f, order)), rows(rows), columns(columns),
        src(randomBytes(*partBytes(f, 0, rows, columns),
                        unsigned(rows * 31 + columns))),
        panels(packedBytes(shape, rows, columns), 0xCC) {
    packPanels(f, shape, src, rows, columns, 0, paddedRows(rows) / kLanes,
               panels.data());
  }
};

/// Every format with a kernel, and each at several shapes.
class Panels : public testing::TestWithParam<Format> {
protected:
  std::vector<uint64_t> columnCounts() const {
    uint64_t block = GetParam().weights;
    if (block == 1)
      return {1, 7, 32, 33, 160};
    // The last is more than the packer takes at once, and not whole spans.
    return {block, 5 * block, block < 64 ? 65 * block : 3 * block};
  }
  template <typename F> void forEachShape(F body) {
    for (uint64_t rows : {1, 15, 16, 17, 33})
      for (uint64_t columns : columnCounts()) {
        SCOPED_TRACE(std::to_string(rows) + "x" + std::to_string(columns));
        body(Packed(GetParam(), rows, columns));
        SCOPED_TRACE("in lanes");
        body(Packed(GetParam(), rows, columns, PanelOrder::Lanes));
      }
  }
};

std::vector<Format> packable() {
  std::vector<Format> formats;
  for (const Format &f : allFormats())
    if (hasKernel(f))
      formats.push_back(f);
  return formats;
}

// Descriptions that no file has, for what the formats do not happen to ask of
// the packer.

/// Every bit of the codes in another place, blocks that end within a span.
Format scattered() {
  std::vector<uint16_t> places(48 * 5);
  std::iota(places.begin(), places.end(), uint16_t(48));
  std::shuffle(places.begin(), places.end(), std::mt19937(5));
  return {.name = "scattered", .weights = 48, .bytes = 36,
          .codes = bits(48, 5, [&](unsigned i, unsigned b) {
            return places[i * 5 + b]; }),
          .codesSigned = true,
          .scale = {.super = word(0, 16, 3)}};
}
/// Signed sub-scales that become bytes.
Format widened() {
  return {.name = "widened", .weights = 256, .bytes = 136,
          .codes = word(8, 4, 256), .codesSigned = true,
          .scale = {.super = word(0, 16), .sub = word(2, 6, 8),
                    .subSigned = true, .unit = 0.5f}};
}
/// Sub-scales for which bytes would cost too much.
Format narrow() {
  return {.name = "narrow", .weights = 256, .bytes = 78,
          .codes = word(0, 2, 256), .bias = 1,
          .scale = {.super = word(64, 16), .sub = word(66, 6, 16),
                    .subBias = 32}};
}
std::vector<Format> unusual() { return {scattered(), widened(), narrow()}; }

auto nameOf = [](auto &info) { return info.param.name; };
INSTANTIATE_TEST_SUITE_P(Unusual, Panels, testing::ValuesIn(unusual()), nameOf);
INSTANTIATE_TEST_SUITE_P(Formats, Panels, testing::ValuesIn(packable()),
                         nameOf);

TEST(Unusual, AreWhatTheyAreHereFor) {
  std::vector<Format> formats = unusual();
  for (const Format &f : formats) {
    EXPECT_EQ(verify(f), "") << f.name;
    EXPECT_TRUE(hasKernel(f)) << f.name;
  }
  EXPECT_EQ(shapeOf(formats[0]).superPerSpan, 2u);
  EXPECT_EQ(shapeOf(formats[1]).scale.subBits, 8u);
  EXPECT_EQ(shapeOf(formats[2]).scale.subBits, 6u);
}

TEST_P(Panels, UnpackToWhatTheDecoderSays) {
  const Format &f = GetParam();
  forEachShape([&](const Packed &p) {
    std::vector<float> want(p.columns), got(p.columns);
    std::span<const uint8_t> part = p.src;
    for (uint64_t row = 0; row < p.rows; ++row) {
      dequantizeRow(f, {&part, 1}, p.rows, p.columns, row, want.data());
      unpackRow(p.shape, p.panels.data(), p.rows, p.columns, row, got.data());
      for (uint64_t c = 0; c < p.columns; ++c)
        ASSERT_TRUE(same(want[c], got[c]))
            << "row " << row << " column " << c << ": " << want[c] << " became "
            << got[c];
    }
  });
}

TEST_P(Panels, ArePaddedWithZeros) {
  forEachShape([&](const Packed &p) {
    uint64_t rows = paddedRows(p.rows);
    uint64_t columns = paddedColumns(p.shape, p.columns);
    EXPECT_EQ(rows % kLanes, 0u);
    EXPECT_EQ(columns % p.shape.span, 0u);
    std::vector<float> out(columns);
    for (uint64_t row = 0; row < rows; ++row) {
      unpackRow(p.shape, p.panels.data(), rows, columns, row, out.data());
      for (uint64_t c = row < p.rows ? p.columns : 0; c < columns; ++c)
        ASSERT_EQ(out[c], 0.0f) << "row " << row << " column " << c;
    }
  });
}

TEST_P(Panels, ArePackedOneByOneToTheSameBytes) {
  const Format &f = GetParam();
  forEachShape([&](const Packed &p) {
    std::vector<uint8_t> again(p.panels.size(), 0x33);
    uint64_t panels = paddedRows(p.rows) / kLanes;
    ASSERT_EQ(panels * panelBytes(p.shape, p.columns), p.panels.size());
    for (uint64_t i = panels; i-- > 0;)
      packPanels(f, p.shape, p.src, p.rows, p.columns, i, i + 1,
                 again.data() + i * panelBytes(p.shape, p.columns));
    EXPECT_EQ(p.panels, again);
  });
}

TEST_P(Panels, CostAtMostThreePercent) {
  const Format &f = GetParam();
  GroupShape s = shapeOf(f);
  uint64_t columns = uint64_t(s.span) * f.weights;
  double file = double(*partBytes(f, 0, kLanes, columns));
  EXPECT_LE(double(packedBytes(s, kLanes, columns)), 1.03 * file);
}

TEST_P(Panels, HaveAShapeThatKernelsCanTake) {
  GroupShape s = shapeOf(GetParam());
  EXPECT_EQ(s.span % kStep, 0u);
  EXPECT_EQ(s.span % s.group, 0u);
  Layout l = layoutOf(s);
  EXPECT_EQ(l.codes, 0u);
  EXPECT_EQ(l.record % kLanes, 0u);
  EXPECT_EQ(l.subScale, s.span / kStep * l.codesPerStep);
  EXPECT_TRUE(s.table.empty() || s.table.size() == 1u << s.codeBits);
}

TEST(PanelSizes, SaySoWhereTheyOverflow) {
  for (const Format &f : packable()) {
    GroupShape s = shapeOf(f);
    EXPECT_EQ(packedBytes(s, UINT64_MAX, UINT64_MAX), UINT64_MAX) << f.name;
    EXPECT_EQ(packedBytes(s, uint64_t(1) << 40, uint64_t(1) << 40), UINT64_MAX)
        << f.name;
    EXPECT_EQ(packedBytes(s, 0, s.span), 0u) << f.name;
  }
}

/// Positions counted by hand from the text of Panel.h.
TEST(PanelLayout, IsTheOneThatTheHeaderDescribes) {
  // 5 bits: a plane of 4 and one of 1.
  Format f{.name = "five", .weights = 32, .bytes = 22,
           .codes = word(2, 5, 32), .bias = 16,
           .scale = {.super = word(0, 16)}};
  ASSERT_EQ(verify(f), "");
  ASSERT_TRUE(hasKernel(f));
  GroupShape s = shapeOf(f);
  ASSERT_EQ(layoutOf(s).record, 5u * 64 + 32);
  std::vector<uint8_t> src(16 * f.bytes), panel(layoutOf(s).record);
  // Row 3, column 13 (slot 3, byte 1): code 0b11010.
  writeBits(&src[3 * f.bytes], f.codes, 13, 0b11010);
  writeBits(&src[3 * f.bytes], f.scale.super, 0, 0xABCD);
  packPanels(f, s, src, 16, 32, 0, 1, panel.data());
  // Of the plane of 4, vector v has the slots 2v and 2v + 1.
  EXPECT_EQ(panel[64 * 1 + 4 * 3 + 1], 0b1010 << 4);
  // Of the plane of 1, the only vector has all eight.
  EXPECT_EQ(panel[64 * 4 + 4 * 3 + 1], 1 << 3);
  EXPECT_EQ(panel[64 * 5 + 2 * 3], 0xCD);
  EXPECT_EQ(panel[64 * 5 + 2 * 3 + 1], 0xAB);
  for (size_t i : {64 * 1 + 4 * 3 + 1, 64 * 4 + 4 * 3 + 1, 64 * 5 + 6,
                   64 * 5 + 7})
    panel[i] = 0;
  EXPECT_EQ(panel, std::vector<uint8_t>(panel.size()));
}

/// The same for threads: what a row has of a plane lies together.
TEST(PanelLayout, DealsPiecesOut) {
  Format f{.name = "seven", .weights = 32, .bytes = 30,
           .codes = word(2, 7, 32), .scale = {.super = word(0, 16)}};
  ASSERT_EQ(verify(f), "");
  ASSERT_TRUE(hasKernel(f));
  GroupShape s = shapeOf(f, PanelOrder::Lanes);
  std::vector<uint8_t> src(16 * f.bytes), panel(layoutOf(s).record);
  // Row 3, column 29 (slot 7, byte 1): code 0b1011010.
  writeBits(&src[3 * f.bytes], f.codes, 29, 0b1011010);
  packPanels(f, s, src, 16, 32, 0, 1, panel.data());
  // A row has 16 bytes of the plane of 4, 8 of that of 2, and 4 of that of 1.
  EXPECT_EQ(panel[16 * 3 + 4 * 3 + 1], 0b1010 << 4);
  EXPECT_EQ(panel[256 + 8 * 3 + 4 * 1 + 1], 0b01 << 6);
  EXPECT_EQ(panel[256 + 128 + 4 * 3 + 1], 1 << 7);
  for (size_t i : {16 * 3 + 13, 256 + 8 * 3 + 5, 256 + 128 + 13})
    panel[i] = 0;
  EXPECT_EQ(panel, std::vector<uint8_t>(panel.size()));
  // 32 bytes of a row, in two pieces; 64 of a row of half floats.
  EXPECT_EQ(placeInLanes(32, 17, 2), 256u + 2 * 16 + 1);
  EXPECT_EQ(placeInLanes(64, 35, 15), 512u + 15 * 16 + 3);
}

TEST(PanelLayout, KeepsFloatsAsTheyAre) {
  Format f{.name = "half", .weights = 1, .bytes = 2,
           .codes = word(0, 16), .element = Codec::F16};
  ASSERT_TRUE(hasKernel(f));
  GroupShape s = shapeOf(f);
  ASSERT_EQ(layoutOf(s).record, 32u * 16 * 2);
  std::vector<uint8_t> src(2 * 40 * 2), panel(packedBytes(s, 2, 40), 1);
  src[2 * (40 + 37)] = 0x12; // row 1, column 37
  packPanels(f, s, src, 2, 40, 0, 1, panel.data());
  size_t at = layoutOf(s).record + 2 * (5 * 16 + 1);
  EXPECT_EQ(panel[at], 0x12);
  panel[at] = 0;
  EXPECT_EQ(panel, std::vector<uint8_t>(panel.size()));
}

} // namespace
