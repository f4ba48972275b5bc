//===- BadGguf.cpp - Malformed GGUF files ----------------------*- C++ -*-===//
//
// See BadFiles.h.
//
//===----------------------------------------------------------------------===//
#include "BadFiles.h"

using namespace quern::test;

namespace {

using Cases = std::vector<BadGguf>;
constexpr uint64_t huge[] = {1ull << 32, 1ull << 62, 1ull << 63, UINT64_MAX - 1,
                             UINT64_MAX};

/// A file of one key, whose type and value `write` writes.
template <typename Write> std::string oneKey(Write write) {
  GgufWriter file;
  file.header(0, 1);
  write(file);
  // Room, so that no count is refused for a short file alone.
  file.data(64);
  return file.bytes;
}

void addHeaders(Cases &cases) {
  cases.push_back({"empty", "", "neither a GGUF nor a safetensors"});
  cases.push_back({"magic only", "GGUF", "ends inside the version"});
  for (uint32_t version : {0u, 1u, 4u, 0xffffu, 0xffffffffu}) {
    GgufWriter file;
    file.header(0, 0, version);
    cases.push_back(
        {"version " + std::to_string(version), file.bytes, "GGUF version"});
  }
  GgufWriter big;
  big.header(0, 0, 3u << 24);
  cases.push_back({"big endian", big.bytes, "big-endian"});
  for (uint64_t count : huge) {
    GgufWriter tensors, keys;
    tensors.header(count, 0);
    keys.header(0, count);
    cases.push_back({"tensor count " + std::to_string(count), tensors.bytes,
                     "the tensor count is"});
    cases.push_back(
        {"key count " + std::to_string(count), keys.bytes, "the key count is"});
  }
}

void addKeys(Cases &cases) {
  for (uint64_t length : huge)
    cases.push_back(
        {"key length " + std::to_string(length),
         oneKey([&](GgufWriter &file) { file.number(length, "length"); }),
         "key 0"});
  cases.push_back({"empty key", oneKey([](GgufWriter &file) {
                     file.value<uint32_t>("", U32, 1);
                   }),
                   "key 0 is empty"});
  for (uint32_t type : {13u, 255u, 0x80000000u, 0xffffffffu}) {
    cases.push_back({"value type " + std::to_string(type),
                     oneKey([&](GgufWriter &file) { file.key("k", type); }),
                     "key 'k' has the unknown type"});
    cases.push_back(
        {"element type " + std::to_string(type),
         oneKey([&](GgufWriter &file) { file.array("k", type, 1); }),
         "the array in key 'k' has the unknown type"});
  }
  cases.push_back({"array of arrays", oneKey([](GgufWriter &file) {
                     file.array("k", Array, 1);
                     file.number<uint32_t>(U8, "inner");
                   }),
                   "array of arrays"});
  for (GgufType type : {U8, Bool, F32, String, F64, I64})
    for (uint64_t count : huge)
      cases.push_back(
          {"array of " + std::to_string(count) + " of type " +
               std::to_string(type),
           oneKey([&](GgufWriter &file) { file.array("k", type, count); }),
           "the element count of key 'k' is"});
  for (uint64_t length : huge)
    cases.push_back({"string length " + std::to_string(length),
                     oneKey([&](GgufWriter &file) {
                       file.key("k", String);
                       file.number(length, "length");
                     }),
                     "the value of key 'k'"});
  for (uint8_t value : {2, 255})
    cases.push_back({"boolean " + std::to_string(value),
                     oneKey([&](GgufWriter &file) {
                       file.value<uint8_t>("k", Bool, value);
                     }),
                     "expected 0 or 1"});
  GgufWriter twice;
  twice.header(0, 2);
  twice.value<uint32_t>("general.same", U32, 1);
  twice.value<uint32_t>("general.same", U32, 1);
  cases.push_back({"key twice", twice.bytes, "key 'general.same' comes twice"});
  cases.push_back({"line break in a key", oneKey([](GgufWriter &file) {
                     file.key("a\nb\x1b[31m", 77);
                   }),
                   "key 'a\\x0ab\\x1b[31m'"});
}

void addSettings(Cases &cases) {
  for (uint32_t alignment :
       {0u, 3u, 33u, (1u << 20) + 1, 1u << 21, 1u << 31, 0xffffffffu})
    cases.push_back({"alignment " + std::to_string(alignment),
                     oneKey([&](GgufWriter &file) {
                       file.value("general.alignment", U32, alignment);
                     }),
                     "key 'general.alignment' is"});
  cases.push_back({"alignment 2^63", oneKey([](GgufWriter &file) {
                     file.value("general.alignment", U64, 1ull << 63);
                   }),
                   "key 'general.alignment' is"});
  cases.push_back({"alignment -32", oneKey([](GgufWriter &file) {
                     file.value<int32_t>("general.alignment", I32, -32);
                   }),
                   "key 'general.alignment' is the integer -32"});
  cases.push_back({"alignment of type string", oneKey([](GgufWriter &file) {
                     file.text("general.alignment", "32");
                   }),
                   "key 'general.alignment' is a string"});
  cases.push_back({"alignment of type float", oneKey([](GgufWriter &file) {
                     file.value<float>("general.alignment", F32, 32);
                   }),
                   "key 'general.alignment' is the number"});
  cases.push_back({"split model", oneKey([](GgufWriter &file) {
                     file.value<uint16_t>("split.count", U16, 3);
                   }),
                   "key 'split.count' is 3"});
}

void addTensors(Cases &cases) {
  auto add = [&](const std::string &name, const OneTensor &tensor,
                 const std::string &message) {
    cases.push_back({name, tensor.build(), message});
  };
  add("empty name", {.name = ""}, "the name of tensor 0 is empty");
  add("long name", {.name = std::string(1025, 'n')}, "has 1025 bytes");
  add("rank 0", {.dims = {}}, "has 0 dimensions");
  add("rank 5", {.dims = {1, 1, 1, 1, 32}}, "has 5 dimensions");
  add("dimension 0", {.dims = {0}}, "tensor 't' has a dimension of size 0");
  add("outer dimension 0", {.dims = {32, 0}}, "has a dimension of size 0");
  for (uint64_t dim : huge) {
    std::string name = std::to_string(dim);
    add("dimension " + name, {.dims = {dim}}, "tensor 't'");
    add("outer dimension " + name, {.dims = {32, dim}}, "tensor 't'");
    add("offset " + name, {.offset = dim / 32 * 32}, "tensor 't'");
  }
  add("size wraps to 0", {.dims = {1ull << 32, 1ull << 32}}, "overflows");
  add("size wraps to 128", {.dims = {32, (1ull << 57) + 1, 1}}, "overflows");
  add("end wraps", {.offset = UINT64_MAX - 127}, "ends beyond 64 bits");
  for (uint32_t type : {4u, 5u, 31u, 36u, 43u, 255u, 0x80000000u, 0xffffffffu})
    add("type " + std::to_string(type), {.type = type},
        "tensor 't' has the unknown type " + std::to_string(type));
  add("part of a block", {.dims = {33}, .type = 2}, "a multiple of 32");
  add("part of a super-block", {.dims = {32}, .type = 12}, "a multiple of 256");
  add("unaligned offset", {.offset = 4, .dataBytes = 256},
      "expected a multiple of 32");
  add("offset at the end", {.offset = 128}, "lies in bytes 128 to 256");
  add("one byte short", {.dataBytes = 127}, "lies in bytes 0 to 128");
  add("no data", {.dataBytes = 0}, "lies in bytes 0 to 128");
}

std::string twoTensors(const std::string &second, uint64_t offset) {
  GgufWriter file;
  file.header(2, 0);
  file.tensor("first", {32}, 0, 0);
  file.tensor(second, {32}, 0, offset);
  file.pad();
  file.data(512);
  return file.bytes;
}

void addPairs(Cases &cases) {
  cases.push_back(
      {"tensor twice", twoTensors("first", 128), "tensor 'first' comes twice"});
  cases.push_back(
      {"same bytes", twoTensors("second", 0), "'first' and 'second' overlap"});
  cases.push_back(
      {"overlap", twoTensors("second", 96), "'first' and 'second' overlap"});
  GgufWriter few;
  few.header(1, 0);
  few.data(64);
  cases.push_back({"garbage for a tensor", few.bytes, "the name of tensor 0"});
}

} // namespace

std::vector<BadGguf> quern::test::badGgufs() {
  Cases cases;
  addHeaders(cases);
  addKeys(cases);
  addSettings(cases);
  addTensors(cases);
  addPairs(cases);
  return cases;
}
