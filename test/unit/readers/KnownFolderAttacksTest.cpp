//===- KnownFolderAttacksTest.cpp - Folders that broke readers -*- C++ -*-===//
//
// The same as KnownAttacksTest.cpp, for what is named by a model's folder: other
// files than regular ones, paths that lead away, and safetensors.
//
//===----------------------------------------------------------------------===//
#include "Reading.h"
#include <sys/stat.h>
#include <unistd.h>

using namespace quern;
using namespace quern::test;
using llvm::StringRef;

static constexpr size_t smallGrowth = 1 << 20;

static void expectWords(const std::string &message, StringRef words) {
  EXPECT_NE(message.find(words.str()), std::string::npos)
      << "is: " << message << "\nexpected: " << words.str();
}

//===----------------------------------------------------------------------===//
// Reports on Ollama
//===----------------------------------------------------------------------===//

// A path to a device or to a pipe was read for ever.
TEST(KnownFolderAttacks, CVE_2024_39721_devicesAndPipes) {
  TemporaryFolder folder;
  std::string pipe = folder.path() + "/pipe";
  ASSERT_EQ(mkfifo(pipe.c_str(), 0600), 0);
  for (const std::string &path :
       {std::string("/dev/random"), std::string("/dev/zero"), pipe})
    expectWords(openBad(path), "is not a regular file");
  for (const char *name : {"config.json", "tokenizer.json",
                           "tokenizer_config.json", "model.safetensors"})
    for (const std::string &target : {std::string("/dev/zero"), pipe}) {
      TemporaryFolder model;
      model.write(goodFolder());
      std::string path = model.path() + "/" + name;
      ASSERT_EQ(unlink(path.c_str()), 0);
      ASSERT_EQ(symlink(target.c_str(), path.c_str()), 0);
      expectWords(openBad(model.path()),
                  std::string(name) + ": is not a regular file");
    }
}

// A name in a list of parts led out of the folder of models.
TEST(KnownFolderAttacks, CVE_2024_37032_namesThatLeaveTheFolder) {
  for (const char *name :
       {"../secret.safetensors", "/etc/secret.safetensors",
        "sub/../../secret.safetensors", "..\\\\secret.safetensors", "..",
        "sha256:../../secret", "model.safetensors\\u0000.txt"}) {
    Files files = shardedFolder();
    std::string &index = files["model.safetensors.index.json"];
    index = replaced(index, "model-00002-of-00002.safetensors", name);
    TemporaryFolder folder;
    folder.write(files);
    expectWords(openBad(folder.path()), "is no .safetensors file");
  }
}

// A list of parts without an entry was indexed all the same (0.5.11).
TEST(KnownFolderAttacks, emptyListOfParts) {
  for (const char *index :
       {"", "{}", "[]", "null", R"({"weight_map": {}})",
        R"({"weight_map": []})", R"({"weight_map": null})",
        R"({"weight_map": {"": ""}})", R"({"weight_map": {"a": []}})"}) {
    SCOPED_TRACE(index);
    Files files = shardedFolder();
    files["model.safetensors.index.json"] = index;
    TemporaryFolder folder;
    folder.write(files);
    EXPECT_NE(openBad(folder.path()), "");
  }
}

// Little that was compressed became more than the memory. Nothing is unpacked.
TEST(KnownFolderAttacks, CVE_2024_12886_CVE_2024_45436_compressedFiles) {
  TemporaryFolder folder;
  for (const char *magic : {"\x1f\x8b\x08", "PK\3\4", "\x28\xb5\x2f\xfd"})
    expectWords(openBad(folder.write("a.gguf", magic + std::string(99, 'x'))),
                "neither a GGUF nor a safetensors");
}

//===----------------------------------------------------------------------===//
// safetensors
//===----------------------------------------------------------------------===//

namespace {

/// A header of many small tensors; `offset` says where each begins.
template <typename Offset>
std::string headerOf(size_t count, const std::string &dtype, Offset offset) {
  std::string header = "{";
  for (size_t i = 0; i < count; ++i) {
    std::string begin = std::to_string(offset(i));
    header += (i ? ",\"t" : "\"t") + std::to_string(i) + R"(":{"dtype":")" +
              dtype + R"(","shape":[1],"data_offsets":[)" + begin + "," +
              std::to_string(offset(i) + 2) + "]}";
  }
  return header + "}";
}

/// What opening a folder with this .safetensors file says.
std::string openWeights(const std::string &bytes) {
  TemporaryFolder folder;
  Files files = goodFolder();
  files["model.safetensors"] = bytes;
  folder.write(files);
  AllocationMeter meter;
  std::string message = bad(openCheckpoint(folder.path()));
  // In proportion to what the file has, not to what it says.
  EXPECT_LT(meter.peak(), smallGrowth + 16 * bytes.size()) << message;
  EXPECT_EQ(message.find('\n'), std::string::npos) << message;
  return message;
}

} // namespace

// A header of 100,000 entries took minutes and gigabytes.
TEST(KnownFolderAttacks, headerOf100000Entries) {
  constexpr size_t count = 100000;
  auto apart = [](size_t i) { return 2 * i; };
  auto same = [](size_t) { return 0; };
  EXPECT_EQ(openWeights(safetensors(headerOf(count, "F16", apart), 2 * count)),
            "");
  expectWords(openWeights(safetensors(headerOf(count, "F16", same), 2)),
              "overlap at byte");
  expectWords(openWeights(safetensors(headerOf(count, "F16", apart), 2)),
              "but the data begins at byte");
  std::string members = "{";
  for (size_t i = 0; i < count; ++i)
    members += "\"t" + std::to_string(i) + "\":{},";
  members.back() = '}';
  expectWords(openWeights(safetensors(members, 0)), "is missing");
}

// Audit of the format: what else a file is must not change what it means.
TEST(KnownFolderAttacks, polyglots) {
  std::string good = goodFolder().at("model.safetensors");
  EXPECT_EQ(openWeights(good), "");
  for (const char *magic : {"PK\3\4", "GGUF", "#!/bin/sh\n",
                            "\x7f"
                            "ELF"}) {
    std::string bytes = good;
    bytes.replace(0, 4, magic, 4);
    expectWords(openWeights(bytes), "the header's length is");
    bytes = good;
    bytes.insert(8, magic);
    expectWords(openWeights(bytes), "does not begin with '{'");
  }
  // A second document, which another parser might take instead.
  expectWords(openWeights(safetensors("{} {\"t\": 1}", 64)), "malformed json");
}

// Audit of the format: of a name that comes twice, one reader takes the first
// entry, another the second.
TEST(KnownFolderAttacks, safetensorsNameTwice) {
  expectWords(openWeights(safetensors(
                  R"({"t": {"dtype":"F16","shape":[1],"data_offsets":[0,2]},
                      "t": {"dtype":"F16","shape":[1],"data_offsets":[2,4]}})",
                  4)),
              "key 't' twice");
}

// Audit of the format: the header's length is any 64-bit number.
TEST(KnownFolderAttacks, safetensorsHeaderLength) {
  for (uint64_t length : {uint64_t(1) << 30, uint64_t(1) << 63, UINT64_MAX}) {
    GgufWriter file;
    file.number(length, "length");
    file.bytes += "{}" + std::string(64, ' ');
    expectWords(openWeights(file.bytes),
                "the header's length is " + std::to_string(length));
  }
}
