//===- GgufTest.cpp - The reader of GGUF files -----------------*- C++ -*-===//
//
// What a good file means.
//
//===----------------------------------------------------------------------===//
#include "Reading.h"
#include "llvm/ADT/StringExtras.h"
#include <cmath>

using namespace quern;
using namespace quern::test;
using llvm::StringRef;

class Gguf : public testing::Test {
protected:
  void SetUp() override {
    checkpoint = openGood(folder.write("good.gguf", goodGguf().bytes));
    ASSERT_TRUE(checkpoint);
  }
  TemporaryFolder folder;
  std::unique_ptr<Checkpoint> checkpoint;
};

TEST_F(Gguf, widensScalars) {
  const Checkpoint &c = *checkpoint;
  EXPECT_EQ(meta<StringRef>(c, "general.architecture"), "llama");
  EXPECT_EQ(meta<uint64_t>(c, "k.u8"), 255u);
  EXPECT_EQ(meta<int64_t>(c, "k.i8"), -128);
  EXPECT_EQ(meta<uint64_t>(c, "k.u16"), 65535u);
  EXPECT_EQ(meta<int64_t>(c, "k.i16"), -32768);
  EXPECT_EQ(meta<uint64_t>(c, "k.u32"), 4294967295u);
  EXPECT_EQ(meta<int64_t>(c, "k.i32"), INT32_MIN);
  EXPECT_EQ(meta<double>(c, "k.f32"), 0.5);
  EXPECT_EQ(meta<bool>(c, "k.bool"), true);
  EXPECT_EQ(meta<uint64_t>(c, "k.u64"), UINT64_MAX);
  EXPECT_EQ(meta<int64_t>(c, "k.i64"), INT64_MIN);
  EXPECT_EQ(meta<double>(c, "k.f64"), -0.25);
}

TEST_F(Gguf, widensArrays) {
  using UInts = std::vector<uint64_t>;
  using Ints = std::vector<int64_t>;
  using Floats = std::vector<double>;
  const Checkpoint &c = *checkpoint;
  EXPECT_EQ(meta<UInts>(c, "a.u8"), (UInts{0, 255}));
  EXPECT_EQ(meta<Ints>(c, "a.i8"), (Ints{-1, 1}));
  EXPECT_EQ(meta<UInts>(c, "a.u16"), (UInts{1, 2, 3}));
  EXPECT_EQ(meta<Ints>(c, "a.i16"), (Ints{-5}));
  EXPECT_EQ(meta<UInts>(c, "a.u32"), (UInts{7, 8}));
  EXPECT_EQ(meta<Ints>(c, "a.i32"), (Ints{-7, 8}));
  EXPECT_EQ(meta<Floats>(c, "a.f32"), (Floats{1.5, -2}));
  EXPECT_EQ(meta<std::vector<bool>>(c, "a.bool"),
            (std::vector<bool>{true, false, true}));
  EXPECT_EQ(meta<UInts>(c, "a.u64"), (UInts{UINT64_MAX}));
  EXPECT_EQ(meta<Ints>(c, "a.i64"), (Ints{INT64_MIN, 0}));
  EXPECT_EQ(meta<Floats>(c, "a.f64"), (Floats{0.125}));
  EXPECT_EQ(meta<std::vector<StringRef>>(c, "a.string"),
            (std::vector<StringRef>{"one", "", "\xc4\xa0two"}));
  EXPECT_EQ(meta<UInts>(c, "a.empty"), UInts());
}

TEST_F(Gguf, keepsTheOrderOfKeys) {
  const auto &all = checkpoint->metadata();
  EXPECT_EQ(all.size(), 26u);
  EXPECT_EQ(all.begin()->first, "general.architecture");
  EXPECT_EQ(all.back().first, "general.alignment");
}

TEST_F(Gguf, turnsDimensionsOutermostFirst) {
  using Shape = std::vector<uint64_t>;
  ASSERT_EQ(checkpoint->tensors().size(), 4u);
  EXPECT_EQ(checkpoint->findTensor("vector")->shape, (Shape{6}));
  EXPECT_EQ(checkpoint->findTensor("cube")->shape, (Shape{5, 3, 2}));
  EXPECT_EQ(checkpoint->findTensor("super")->shape, (Shape{1, 2, 1, 256}));
  const Tensor *matrix = checkpoint->findTensor("matrix");
  EXPECT_EQ(matrix->shape, (Shape{3, 64}));
  EXPECT_EQ(matrix->rows(), 3u);
  EXPECT_EQ(matrix->columns(), 64u);
  EXPECT_EQ(matrix->format, "q4_1");
  EXPECT_EQ(checkpoint->findTensor("none"), nullptr);
}

TEST_F(Gguf, pointsAtTheBytes) {
  std::string bytes = goodGguf().bytes;
  uint64_t base = bytes.size() - 256 - 288;
  EXPECT_EQ(base % 64, 0u);
  const uint64_t offsets[] = {0, 64, 192, 256}, sizes[] = {24, 120, 60, 288};
  for (int i = 0; i < 4; ++i) {
    const Tensor &tensor = checkpoint->tensors()[i];
    ASSERT_EQ(tensor.parts.size(), 1u);
    EXPECT_EQ(tensor.parts[0].name, "");
    EXPECT_EQ(tensor.parts[0].fileOffset, base + offsets[i]);
    EXPECT_EQ(llvm::toStringRef(tensor.parts[0].bytes),
              bytes.substr(base + offsets[i], sizes[i]));
  }
}

TEST_F(Gguf, convertsOnlyWhatFits) {
  const Checkpoint &c = *checkpoint;
  EXPECT_EQ(good(c.getUInt("k.u64")), UINT64_MAX);
  EXPECT_EQ(good(c.getFloat("k.u8")), 255);
  EXPECT_EQ(good(c.getFloat("k.i8")), -128);
  EXPECT_EQ(good(c.getFloat("k.f32")), 0.5);
  EXPECT_EQ(good(c.getBool("k.bool")), true);
  EXPECT_EQ(good(c.getString("general.architecture")), "llama");
  std::string name = folder.path() + "/good.gguf: key ";
  EXPECT_EQ(bad(c.getUInt("k.i8")),
            name + "'k.i8' is the integer -128, expected an unsigned integer");
  EXPECT_EQ(bad(c.getUInt("none")),
            name + "'none' is missing, expected an unsigned integer");
  EXPECT_EQ(bad(c.getString("k.u8")),
            name + "'k.u8' is the unsigned integer 255, expected a string");
  EXPECT_EQ(bad(c.getBool("a.string")),
            name + "'a.string' is an array of strings, expected a boolean");
  EXPECT_EQ(bad(c.getFloat("general.architecture")),
            name +
                "'general.architecture' is a string, expected a finite number");
}

TEST_F(Gguf, fallsBackOnlyIfAbsent) {
  const Checkpoint &c = *checkpoint;
  EXPECT_EQ(good(c.getUInt("none", 7)), 7u);
  EXPECT_EQ(good(c.getUInt("k.u8", 7)), 255u);
  EXPECT_EQ(good(c.getFloat("none", 0.5)), 0.5);
  EXPECT_EQ(good(c.getBool("none", true)), true);
  EXPECT_NE(bad(c.getUInt("k.f32", 7)), "");
  EXPECT_NE(bad(c.getFloat("k.bool", 7)), "");
  EXPECT_NE(bad(c.getBool("k.u8", true)), "");
}

TEST(GgufFile, convertsSignedAndRefusesNaN) {
  GgufWriter file;
  file.header(0, 3);
  file.value<int32_t>("i", I32, 8);
  file.value<float>("nan", F32, NAN);
  file.value<double>("inf", F64, INFINITY);
  TemporaryFolder folder;
  auto checkpoint = openGood(folder.write("a.gguf", file.bytes));
  ASSERT_TRUE(checkpoint);
  EXPECT_EQ(good(checkpoint->getUInt("i")), 8u);
  EXPECT_NE(bad(checkpoint->getFloat("nan")), "");
  EXPECT_NE(bad(checkpoint->getFloat("inf", 1)), "");
}

TEST(GgufFile, version2AndNoTensors) {
  GgufWriter file;
  file.header(0, 1, 2);
  file.text("general.architecture", "x");
  TemporaryFolder folder;
  auto checkpoint = openGood(folder.write("a.gguf", file.bytes));
  ASSERT_TRUE(checkpoint);
  EXPECT_TRUE(checkpoint->tensors().empty());
}

TEST(GgufFile, everyAlignment) {
  for (uint32_t alignment = 1; alignment <= 1 << 20; alignment *= 4) {
    GgufWriter file;
    file.header(1, 1);
    file.value("general.alignment", U32, alignment);
    file.tensor("t", {3}, 24, alignment);
    file.pad(alignment);
    file.data(alignment + 3);
    TemporaryFolder folder;
    auto checkpoint = openGood(folder.write("a.gguf", file.bytes));
    ASSERT_TRUE(checkpoint);
    EXPECT_EQ(checkpoint->tensors()[0].parts[0].fileOffset,
              file.bytes.size() - 3);
  }
}

TEST(GgufFile, everyType) {
  TemporaryFolder folder;
  for (const auto &[number, type] : StorageTypes::builtin().gguf) {
    OneTensor tensor;
    tensor.dims = {2 * type.block.weights, 3};
    tensor.type = number;
    tensor.dataBytes = 6 * type.block.bytes;
    auto checkpoint = openGood(folder.write("a.gguf", tensor.build()));
    ASSERT_TRUE(checkpoint);
    EXPECT_EQ(checkpoint->tensors()[0].format, type.format);
    EXPECT_EQ(checkpoint->tensors()[0].parts[0].bytes.size(),
              6 * type.block.bytes);
  }
}

TEST(GgufFile, typesCanComeFromElsewhere) {
  TemporaryFolder folder;
  OneTensor tensor;
  tensor.type = 1234;
  std::string path = folder.write("a.gguf", tensor.build());
  EXPECT_NE(bad(openCheckpoint(path)).find("unknown type 1234"),
            std::string::npos);
  StorageTypes types;
  types.gguf[1234] = {"wide", {8, 16}};
  auto checkpoint = openCheckpoint(path, types);
  ASSERT_TRUE(bool(checkpoint));
  EXPECT_EQ((*checkpoint)->tensors()[0].format, "wide");
  EXPECT_EQ((*checkpoint)->tensors()[0].parts[0].bytes.size(), 64u);
  types.gguf[1234] = {"empty", {0, 0}};
  EXPECT_NE(bad(openCheckpoint(path, types)).find("empty blocks"),
            std::string::npos);
}

TEST(StorageTypes, agreeWithKnownSizes) {
  const StorageTypes &types = StorageTypes::builtin();
  EXPECT_EQ(types.findGguf(12)->format, "q4_k");
  EXPECT_EQ(types.findGguf(12)->block.bytes, 144u);
  EXPECT_EQ(types.findGguf(39)->format, "mxfp4");
  EXPECT_EQ(types.findGguf(4), nullptr);
  EXPECT_EQ(types.findGguf(UINT32_MAX), nullptr);
  EXPECT_EQ(types.findSafetensors("BF16")->format, "bf16");
  EXPECT_EQ(types.findSafetensors("I8"), nullptr);
  EXPECT_EQ(types.safetensorsNames(), "BF16, F16 or F32");
}
