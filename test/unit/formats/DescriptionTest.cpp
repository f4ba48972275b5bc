//===- DescriptionTest.cpp - The verifier and the decoder ------*- C++ -*-===//
#include "Random.h"
#include "ir/Format.h"
#include <gtest/gtest.h>

using namespace quern;

namespace {

/// f16 scale | 8 bytes: code i in nibble i
Format nibbles() {
  return {.name = "nibbles", .weights = 16, .bytes = 10,
          .codes = word(2, 4, 16), .bias = 8,
          .scale = {.super = word(0, 16)}};
}
/// f16 scale | 4 bytes of five trits
Format trits() {
  Format f{.name = "trits", .weights = 20, .bytes = 6,
           .bias = 1,
           .scale = {.super = word(0, 16)}};
  for (unsigned i = 0; i < 20; ++i)
    f.trits.emplace_back(2 + i / 5, i % 5);
  return f;
}

TEST(Verify, AcceptsEveryFormat) {
  for (const Format &f : allFormats())
    EXPECT_EQ(verify(f), "") << f.name;
  EXPECT_EQ(verify(nibbles()), "");
  EXPECT_EQ(verify(trits()), "");
}

TEST(Verify, FindsABitUsedTwice) {
  Format f = nibbles();
  f.codes.at[7] = 16;
  EXPECT_EQ(verify(f), "bit 16 is used twice");
  f = nibbles();
  f.scale.super = word(1, 16);
  EXPECT_EQ(verify(f), "bit 16 is used twice");
  f = trits();
  f.trits[3] = f.trits[2];
  EXPECT_EQ(verify(f), "bit 16 is used twice");
}

TEST(Verify, FindsABitOutsideOfTheBlock) {
  Format f = nibbles();
  f.codes.at[63] = 80;
  EXPECT_EQ(verify(f), "bit 80 lies outside of the block");
  f = trits();
  f.trits[19].first = 6;
  EXPECT_EQ(verify(f), "bit 48 lies outside of the block");
}

TEST(Verify, FindsAnUnusedBit) {
  Format f = nibbles();
  f.bytes = 11;
  EXPECT_EQ(verify(f), "bit 80 is not used");
}

/// Any one address of any format, moved anywhere, is noticed.
TEST(Verify, FindsAnyMovedAddress) {
  for (Format f : allFormats())
    for (BitArray *a : {&f.codes, &f.scale.super, &f.scale.sub, &f.zero})
      for (size_t i = 0; i < a->at.size(); i += 1 + a->at.size() / 17) {
        uint16_t here = a->at[i];
        a->at[i] = static_cast<uint16_t>((here + 1) % (8 * f.bytes));
        EXPECT_NE(verify(f), "") << f.name << " address " << i;
        a->at[i] = here;
      }
}

TEST(Verify, FindsCountsThatDoNotFit) {
  auto broken = [](auto change) {
    Format f = nibbles();
    change(f);
    return verify(f);
  };
  EXPECT_EQ(broken([](Format &f) { f.weights = 32; }),
            "requires one code a weight");
  EXPECT_EQ(broken([](Format &f) { f.table = {1, 2, 3}; }),
            "requires 2^bits table entries");
  EXPECT_EQ(broken([](Format &f) { f.codes.at.pop_back(); }),
            "requires an address for each bit of an array");
  EXPECT_EQ(broken([](Format &f) { f.scale.super = {}; }), "requires a scale");
  EXPECT_EQ(broken([](Format &f) { f.scale.super = word(0, 5, 3); }),
            "requires groups of equal size");
  EXPECT_EQ(broken([](Format &f) { f.scale.super = word(0, 8, 2); }),
            "requires super-scales of the codec's width");
  EXPECT_EQ(broken([](Format &f) {
              f.offset = Factor{.super = word(0, 8, 3)};
            }),
            "requires super-scales that divide the groups evenly");
  EXPECT_EQ(broken([](Format &f) { f.parts = {{"codes", 64}}; }),
            "requires parts of as many bits as the block has");
  EXPECT_EQ(broken([](Format &f) { f.signs = word(0, 1, 15); }),
            "requires one sign a weight");
  EXPECT_EQ(broken([](Format &f) { f.bytes = 0; }),
            "requires weights, bytes and a dimension");
}

TEST(Decode, CodecsKnowTheirSpecialNumbers) {
  EXPECT_EQ(decodeScalar(Codec::F16, 0x3C00), 1.0f);
  EXPECT_EQ(decodeScalar(Codec::F16, 0x0001), 0x1p-24f);
  EXPECT_EQ(decodeScalar(Codec::F16, 0x83FF), -0x3FFp-24f);
  EXPECT_EQ(decodeScalar(Codec::F16, 0x7BFF), 65504.0f);
  EXPECT_TRUE(std::signbit(decodeScalar(Codec::F16, 0x8000)));
  EXPECT_TRUE(std::isinf(decodeScalar(Codec::F16, 0xFC00)));
  EXPECT_TRUE(std::isnan(decodeScalar(Codec::F16, 0x7C01)));
  EXPECT_EQ(decodeScalar(Codec::BF16, 0xC040), -3.0f);
  EXPECT_EQ(decodeScalar(Codec::F32, 0x40490FDB), 3.14159274f);
  EXPECT_EQ(decodeScalar(Codec::E8M0Half, 128), 1.0f);
  EXPECT_EQ(decodeScalar(Codec::E8M0Half, 0), 0x1p-128f);
  EXPECT_EQ(decodeScalar(Codec::E8M0Half, 1), 0x1p-127f);
  EXPECT_EQ(decodeScalar(Codec::E8M0Half, 255), 0x1p127f);
  EXPECT_EQ(decodeScalar(Codec::UE4M3Half, 0x38), 0.5f);
  EXPECT_EQ(decodeScalar(Codec::UE4M3Half, 0x01), 0x1p-10f);
  EXPECT_EQ(decodeScalar(Codec::UE4M3Half, 0x7E), 224.0f);
  EXPECT_EQ(decodeScalar(Codec::UE4M3Half, 0x7F), 0.0f);
}

TEST(Decode, BitsAreWrittenWhereTheyAreRead) {
  for (const Format &f : allFormats()) {
    std::vector<uint8_t> block(f.bytes);
    std::mt19937 generator(1);
    std::vector<uint32_t> written;
    uint64_t mask = (uint64_t(1) << f.codes.width) - 1;
    for (unsigned i = 0; i < f.codes.count; ++i) {
      written.push_back(static_cast<uint32_t>(generator() & mask));
      writeBits(block.data(), f.codes, i, written.back());
    }
    for (unsigned i = 0; i < f.codes.count; ++i)
      EXPECT_EQ(readBits(block.data(), f.codes, i), written[i]) << f.name;
  }
}

TEST(Decode, AWeightIsScaleTimesValuePlusOffset) {
  Format f = nibbles();
  std::vector<uint8_t> block(f.bytes);
  writeBits(block.data(), f.scale.super, 0, 0x4000); // 2
  writeBits(block.data(), f.codes, 0, 15);
  std::vector<float> out(f.weights);
  dequantize(f, block.data(), out.data());
  EXPECT_EQ(out[0], 14.0f);
  EXPECT_EQ(out[1], -16.0f);
  f.codesSigned = true, f.bias = 0;
  dequantize(f, block.data(), out.data());
  EXPECT_EQ(out[0], -2.0f);
  EXPECT_EQ(out[1], 0.0f);
}

TEST(Decode, TheEighthSignIsTheParityOfSeven) {
  Format f{.name = "signs", .weights = 8, .bytes = 4,
           .codes = word(0, 1, 1),
           .table = {1, 2, 3, 4, 5, 6, 7, 8, 8, 7, 6, 5, 4, 3, 2, 1}, .dim = 8,
           .signs = bits(8, 1, [](unsigned i, unsigned) -> unsigned {
             return i == 7 ? kParity : 1 + i; }),
           .scale = {.super = word(2, 16)}};
  // Code 1, then weights 0, 3 and 5 negative: an odd number; scale 1.
  std::vector<uint8_t> block{0b01010011, 0, 0x00, 0x3C};
  std::vector<float> out(8);
  dequantize(f, block.data(), out.data());
  EXPECT_EQ(out, (std::vector<float>{-8, 7, 6, -5, 4, -3, 2, -1}));
  block[0] = 0b00010011; // two: even
  dequantize(f, block.data(), out.data());
  EXPECT_EQ(out, (std::vector<float>{-8, 7, 6, -5, 4, 3, 2, 1}));
}

TEST(Decode, ZeroPointsAreSubtracted) {
  Format f{.name = "zeros", .weights = 4, .bytes = 4,
           .codes = word(0, 2, 4), .zero = word(1, 4, 2), .zeroMul = 2,
           .zeroAdd = 1, .scale = {.super = word(2, 16)}};
  ASSERT_EQ(verify(f), "");
  std::vector<uint8_t> block{0b11100100, 0x31, 0x00, 0x3C};
  std::vector<float> out(4);
  dequantize(f, block.data(), out.data());
  EXPECT_EQ(out, (std::vector<float>{-3, -2, -5, -4}));
}

TEST(Decode, GroupsMakeUpWhatDequantizeSays) {
  for (const Format &f : allFormats()) {
    std::vector<uint8_t> block = randomBytes(f.bytes, 3);
    std::vector<float> out(f.weights);
    dequantize(f, block.data(), out.data());
    Groups g = decodeGroups(f, block.data());
    ASSERT_EQ(g.values.size(), f.weights);
    ASSERT_EQ(g.scale.size(), f.groups());
    for (unsigned i = 0; i < f.weights && f.groups(); ++i) {
      unsigned group = i * f.groups() / f.weights;
      float product = g.scale[group] * g.values[i];
      float want = f.offset ? product + g.offset[group] : product;
      EXPECT_TRUE(same(out[i], want)) << f.name << " weight " << i;
    }
  }
}

} // namespace
