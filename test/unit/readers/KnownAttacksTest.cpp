//===- KnownAttacksTest.cpp - Files that broke other readers ---*- C++ -*-===//
//
// One test per reported hole in readers of GGUF, by its number, with a file of
// the reported kind. Each must be refused in one line that names the place,
// without a large allocation. docs/Security.md lists these and all others, with
// their tests.
//
//===----------------------------------------------------------------------===//
#include "Reading.h"

using namespace quern;
using namespace quern::test;
using llvm::StringRef;

static constexpr size_t smallGrowth = 1 << 20;

static void expectWords(const std::string &message, StringRef words) {
  EXPECT_NE(message.find(words.str()), std::string::npos)
      << "is: " << message << "\nexpected: " << words.str();
}

/// Reading these bytes ends in an error with these words, and needs little.
static void refuse(const std::string &bytes, StringRef words) {
  AllocationMeter meter;
  std::string message = readBadGguf(bytes);
  EXPECT_LT(meter.peak(), smallGrowth) << message;
  expectWords(message, words);
}

static void refuse(const OneTensor &tensor, StringRef words) {
  refuse(tensor.build(), words);
}

/// A file whose header claims these counts, and that has 40 keys.
static std::string withCounts(uint64_t tensors, uint64_t keys) {
  GgufWriter file;
  file.header(tensors, keys);
  for (int i = 0; i < 40; ++i)
    file.text("key." + std::to_string(i), std::string(40, 'v'));
  return file.bytes;
}

/// A file of one key, whose type and value `write` writes, and of zeros.
template <typename Write> static std::string withKey(Write write) {
  GgufWriter file;
  file.header(0, 1);
  write(file);
  file.bytes.append(4096, '\0');
  return file.bytes;
}

/// Counts whose product with the size of some structure is small modulo 2^64.
static std::vector<uint64_t> wrappingCounts() {
  std::vector<uint64_t> counts = {UINT64_MAX, uint64_t(1) << 63,
                                  uint64_t(1) << 32};
  for (uint64_t size : {8, 16, 24, 32, 40, 48, 56, 64, 72, 80, 88, 96, 104})
    counts.push_back(UINT64_MAX / size + 1);
  return counts;
}

//===----------------------------------------------------------------------===//
// Counts and lengths of GGUF
//===----------------------------------------------------------------------===//

// llama.cpp: more dimensions than an array of four were written into it.
TEST(KnownAttacks, CVE_2024_21802_tensorDimensions) {
  for (size_t rank : {5, 6, 100, 100000})
    refuse(OneTensor{.dims = std::vector<uint64_t>(rank, 1)},
           "tensor 't' has " + std::to_string(rank) + " dimensions");
  GgufWriter file;
  file.header(1, 0);
  file.string("t", "name");
  file.number(UINT32_MAX, "rank");
  file.data(4096);
  refuse(file.bytes, "tensor 't' has 4294967295 dimensions");
}

// llama.cpp: the count of keys times their size wrapped, then all were written.
TEST(KnownAttacks, CVE_2024_23605_keyCount) {
  for (uint64_t count : wrappingCounts())
    refuse(withCounts(0, count), "the key count is " + std::to_string(count));
}

// llama.cpp: the same of the tensors.
TEST(KnownAttacks, CVE_2024_21836_tensorCount) {
  for (uint64_t count : wrappingCounts())
    refuse(withCounts(count, 40),
           "the tensor count is " + std::to_string(count));
}

// llama.cpp: a string's length plus one, for the zero behind it, wrapped to 0.
TEST(KnownAttacks, CVE_2024_23496_stringLength) {
  for (uint64_t length : {UINT64_MAX, UINT64_MAX - 1, uint64_t(1) << 63}) {
    refuse(withKey([&](GgufWriter &file) { file.number(length, "key"); }),
           "key 0");
    refuse(withKey([&](GgufWriter &file) {
             file.key("k", String);
             file.number(length, "value");
           }),
           "the value of key 'k'");
  }
}

// llama.cpp: an array's count times the size of an element wrapped.
TEST(KnownAttacks, CVE_2024_21825_arrayCount) {
  for (uint64_t count : wrappingCounts())
    for (GgufType type : {U8, U16, U32, F64, String})
      refuse(withKey([&](GgufWriter &file) { file.array("k", type, count); }),
             "the element count of key 'k' is " + std::to_string(count));
}

// ggml: the loop over keys went on to whatever count the header had.
TEST(KnownAttacks, CVE_2024_25664_uncheckedKeyCount) {
  refuse(withCounts(0, 41), "the length of key 40");
  std::string bytes = withCounts(0, 100) + std::string(4096, '\0');
  refuse(bytes, "key 40 is empty");
}

// ggml: a string was read into a buffer whose size had wrapped.
TEST(KnownAttacks, CVE_2024_25665_uncheckedString) {
  for (uint64_t length : {UINT64_MAX, uint64_t(4097)}) {
    GgufWriter file;
    file.header(1, 0);
    file.number(length, "name");
    file.bytes.append(4096, 'a');
    refuse(file.bytes, "the name of tensor 0");
  }
}

// ggml: the loop over tensors went on to whatever count the header had.
TEST(KnownAttacks, CVE_2024_25666_uncheckedTensorCount) {
  GgufWriter file;
  file.header(9, 0);
  for (int i = 0; i < 4; ++i)
    file.tensor("t" + std::to_string(i), {32}, 0, 128 * i);
  std::string list = file.bytes;
  refuse(list, "the tensor count is 9");
  refuse(list + std::string(4096, '\0'), "the name of tensor 4 is empty");
}

// ggml: elements of an array were counted by the file, not by what it has.
TEST(KnownAttacks, CVE_2024_25667_uncheckedElements) {
  for (uint64_t count :
       {uint64_t(4097), uint64_t(1) << 40, (uint64_t(1) << 61) + 1})
    refuse(withKey([&](GgufWriter &file) { file.array("k", U8, count); }),
           "the element count of key 'k'");
  // Enough bytes, but more elements than any vocabulary has.
  std::string bytes = withKey([&](GgufWriter &file) {
    file.array("k", U8, (1 << 24) + 1);
    file.bytes.append((1 << 24) + 1, '\1');
  });
  refuse(bytes, "key 'k' has 16777217 elements");
}

// ggml: the same of the strings in an array, one of them with a wrong length.
TEST(KnownAttacks, CVE_2024_25668_arrayOfStrings) {
  refuse(withKey([&](GgufWriter &file) {
           file.array("k", String, 3);
           file.string("one", "element");
           file.number(UINT64_MAX, "element");
         }),
         "element 1 of key 'k'");
  refuse(
      withKey([&](GgufWriter &file) { file.array("k", String, UINT64_MAX); }),
      "the element count of key 'k'");
}

//===----------------------------------------------------------------------===//
// Errors half-way through GGUF
//===----------------------------------------------------------------------===//

// llama.cpp: on an error, pointers were freed that had not been set yet. What
// is freed here shows under AddressSanitizer.
TEST(KnownAttacks, CVE_2024_32878_errorAfterSomeKeys) {
  GgufWriter file;
  file.header(1, 9);
  file.text("a", "some text");
  file.array("b", String, 2);
  file.string("one", "element");
  file.string("two", "element");
  file.array("c", U32, 1);
  file.number<uint32_t>(7, "element");
  std::string three = file.bytes;
  file.array("d", String, 5);
  file.string("one", "element");
  std::string room(400, '\xff');
  refuse(three + room, "key 3");
  refuse(file.bytes + room, "element 1 of key 'd'");
  GgufWriter tensors;
  tensors.header(4, 0);
  tensors.tensor("good", {32}, 0, 0);
  tensors.tensor("bad", {32}, 99, 0);
  refuse(tensors.bytes + room, "tensor 'bad' has the unknown type 99");
}

// llama.cpp: a name that could not be read was a null pointer, then compared.
TEST(KnownAttacks, CVE_2024_41130_namesThatAreMissing) {
  GgufWriter file;
  file.header(0, 1);
  file.bytes.append(8, '\0'); // a key without a character
  file.bytes.append(64, '\0');
  refuse(file.bytes, "key 0 is empty");
  refuse(OneTensor{.name = ""}, "the name of tensor 0 is empty");
  GgufWriter end;
  end.header(0, 1);
  end.number<uint64_t>(20, "length");
  refuse(end.bytes + "general.archi", "the file ends inside key 0");
}

//===----------------------------------------------------------------------===//
// Sizes and places of GGUF's tensors
//===----------------------------------------------------------------------===//

static std::string twoTensors(const std::vector<uint64_t> &dims,
                              uint64_t second) {
  GgufWriter file;
  file.header(2, 0);
  file.tensor("a", dims, 0, 0);
  file.tensor("b", dims, 0, second);
  file.pad();
  file.data(4096);
  return file.bytes;
}

// llama.cpp: the padded sizes of all tensors together wrapped to little.
TEST(KnownAttacks, CVE_2025_53630_sumOfSizes) {
  refuse(twoTensors({1ull << 61}, 1ull << 63), "tensor 'b' ends beyond");
  refuse(twoTensors({(1ull << 61) - 8}, (1ull << 63) - 32),
         "tensor 'a' lies in bytes 0 to 9223372036854775776");
}

// llama.cpp: its bypass: the sum just fits 64 bits, and wraps with the overhead.
TEST(KnownAttacks, CVE_2026_27940_sumAndOverhead) {
  for (uint64_t below : {32, 64, 512, 4096, 65536})
    refuse(OneTensor{.dims = {(UINT64_MAX / 2 + 1) - below / 2}, .type = 1},
           "tensor 't' lies in bytes 0 to " + std::to_string(0 - below));
}

// llama.cpp: the product of the dimensions wrapped, and so a tensor was small.
TEST(KnownAttacks, CVE_2026_33298_tensorBytes) {
  const std::vector<uint64_t> wrapping[] = {
      {1ull << 32, 1ull << 32},
      {32, (1ull << 57) + 1},
      {1ull << 16, 1ull << 16, 1ull << 16, 1ull << 16},
      {1ull << 62},
      {32, UINT64_MAX},
      {(1ull << 62) + 32}};
  for (const auto &dims : wrapping)
    refuse(OneTensor{.dims = dims}, "tensor 't' of format f32");
  refuse(OneTensor{.dims = {32, 1ull << 60}, .type = 2}, "overflows");
}

// ggml: rounding a size or an offset up to the alignment wrapped to 0.
TEST(KnownAttacks, PR24759_PR26318_paddingWraps) {
  refuse(OneTensor{.dims = {(1ull << 62) - 1}},
         "tensor 't' lies in bytes 0 to 18446744073709551612");
  refuse(OneTensor{.dims = {8}, .offset = UINT64_MAX - 31}, "ends beyond");
  refuse(OneTensor{.dims = {1}, .offset = UINT64_MAX - 31},
         "tensor 't' lies in bytes 18446744073709551584 to");
}

// ggml: any alignment was believed, and padding to it left the file.
TEST(KnownAttacks, PR24997_alignment) {
  auto aligned = [](uint64_t alignment) {
    return withKey([&](GgufWriter &file) {
      file.value("general.alignment", U64, alignment);
    });
  };
  for (uint64_t alignment : {uint64_t(0), uint64_t(1) << 21, uint64_t(1) << 31,
                             uint64_t(1) << 63, UINT64_MAX, uint64_t(48)})
    refuse(aligned(alignment),
           "key 'general.alignment' is " + std::to_string(alignment));
  EXPECT_EQ(readBadGguf(aligned(1 << 20)), "");
}

// llama.cpp: an alignment of another type than u32 ended in an assertion.
TEST(KnownAttacks, wrongTypeOfAlignment) {
  auto typed = [](GgufType type) {
    return withKey(
        [&](GgufWriter &file) { file.key("general.alignment", type); });
  };
  refuse(typed(String), "key 'general.alignment' is a string");
  refuse(typed(F32), "key 'general.alignment' is the number");
  refuse(typed(Bool), "key 'general.alignment' is a boolean");
  refuse(typed(Array), "key 'general.alignment' is an array");
}

// Several readers: a dimension of 0 became a divisor.
TEST(KnownAttacks, dimensionOfZero) {
  for (std::vector<uint64_t> dims :
       {std::vector<uint64_t>{0}, {32, 0}, {0, 32}, {0, 0, 0, 0}})
    for (uint32_t type : {0u, 2u, 12u})
      refuse(OneTensor{.dims = dims, .type = type},
             "tensor 't' has a dimension of size 0");
}

// ggml: strings and arrays were as long as they said, and memory was taken.
TEST(KnownAttacks, PR19856_stringsAndArrays) {
  for (uint64_t size : {1ull << 30, 1ull << 40}) {
    refuse(withKey([&](GgufWriter &file) {
             file.key("k", String);
             file.number(size, "length");
           }),
           "the value of key 'k'");
    refuse(withKey([&](GgufWriter &file) { file.array("k", F64, size); }),
           "the element count of key 'k'");
  }
}

// ggml: of two keys of one name, one part of a program saw the first, another
// the second.
TEST(KnownAttacks, PR19856_keyTwice) {
  GgufWriter file;
  file.header(0, 2);
  file.value<uint32_t>("general.alignment", U32, 32);
  file.value<uint32_t>("general.alignment", U32, 64);
  refuse(file.bytes, "key 'general.alignment' comes twice");
}

// ggml: a type below 0 was an index before a table.
TEST(KnownAttacks, PR19856_negativeType) {
  for (int32_t type : {-1, -2, INT32_MIN}) {
    std::string number = std::to_string(uint32_t(type));
    refuse(OneTensor{.type = uint32_t(type)},
           "tensor 't' has the unknown type " + number);
    refuse(withKey([&](GgufWriter &file) { file.key("k", type); }),
           "key 'k' has the unknown type " + number);
    refuse(withKey([&](GgufWriter &file) { file.array("k", type, 1); }),
           "the array in key 'k' has the unknown type " + number);
  }
}

// Ollama: a tensor beyond the end of the file was quantized from whatever lay
// behind the buffer.
TEST(KnownAttacks, CVE_2026_7482_tensorBeyondTheFile) {
  refuse(OneTensor{.dims = {1 << 20}}, "tensor 't' lies in bytes 0 to 4194304");
  refuse(OneTensor{.offset = 128}, "tensor 't' lies in bytes 128 to 256");
  refuse(OneTensor{.offset = 1ull << 40}, "tensor 't' lies in bytes");
  refuse(OneTensor{.dataBytes = 127}, "which begins at byte");
}

//===----------------------------------------------------------------------===//
// Other reports on Ollama's reading of files
//===----------------------------------------------------------------------===//

// The list of tensors ended before its count, and what lay behind was read.
TEST(KnownAttacks, CVE_2024_12055_cutTensorList) {
  GgufWriter file;
  file.header(4, 0);
  for (int i = 0; i < 4; ++i)
    file.tensor("tensor." + std::to_string(i), {32}, 0, 128 * i);
  for (size_t length = 24; length < file.bytes.size(); ++length) {
    SCOPED_TRACE(length);
    refuse(file.bytes.substr(0, length), "tensor");
  }
}

// A count of layers of another type was taken for 0, and divided by. What a
// count of 0 does is a matter of the architecture: see e2e.bad_input.keys.
TEST(KnownAttacks, CVE_2024_8063_typeOfBlockCount) {
  const char *name = "llama.block_count";
  auto error = [&](auto write) {
    TemporaryFolder folder;
    auto checkpoint = openGood(folder.write("a.gguf", withKey(write)));
    return checkpoint ? bad(checkpoint->getUInt(name)) : "";
  };
  using File = GgufWriter &;
  expectWords(error([&](File file) { file.text(name, "2"); }), "is a string");
  expectWords(error([&](File file) { file.value(name, F32, 2.0f); }),
              "is the number 2");
  expectWords(error([&](File file) { file.value(name, Bool, uint8_t(1)); }),
              "is a boolean");
  expectWords(error([&](File file) { file.value(name, I32, -2); }),
              "is the integer -2");
  expectWords(error([&](File file) {
                file.array(name, U32, 1);
                file.number<uint32_t>(2, "element");
              }),
              "is an array");
}

// A string's length was made a signed one, and a buffer of less than 0 bytes.
TEST(KnownAttacks, CVE_2025_66960_stringLength) {
  for (uint64_t length : {uint64_t(1) << 63, uint64_t(1) << 62, UINT64_MAX - 8})
    for (uint32_t version : {1u, 2u, 3u}) {
      GgufWriter file;
      file.header(0, 1, version);
      file.key("general.name", String);
      file.number(length, "value");
      file.bytes.append(4096, 'a');
      refuse(file.bytes, version == 1 ? "GGUF version 1"
                                      : "the value of key 'general.name'");
    }
}

// Four bytes, the magic number alone, ended the server.
TEST(KnownAttacks, CVE_2024_39720_magicNumberAlone) {
  TemporaryFolder folder;
  expectWords(openBad(folder.write("a.gguf", "GGUF")), "the file ends inside");
  for (size_t size = 5; size < 24; ++size)
    refuse(std::string("GGUF\3\0\0\0", 8).substr(0, size), "the file ends");
}
