//===- make_bad_files.cpp - Writes malformed model files -------*- C++ -*-===//
//
//   make_bad_files OUT
//
// writes OUT/good.gguf, OUT/good/ and OUT/sharded/, which are valid, and
// OUT/bad-NUMBER.gguf and OUT/bad-NUMBER/, which are not. OUT/bad.txt has a
// line "PATH<tab>WORDS" for each malformed one: its path under OUT, and words
// that the error must contain.
//
//===----------------------------------------------------------------------===//
#include "BadFiles.h"
#include <cstdio>
#include <filesystem>
#include <fstream>

using namespace quern::test;
namespace fs = std::filesystem;

static void write(const fs::path &path, const std::string &bytes) {
  std::ofstream(path, std::ios::binary) << bytes;
}

static void write(const fs::path &folder, const Files &files) {
  fs::create_directories(folder);
  for (const auto &[name, bytes] : files)
    write(folder / name, bytes);
}

int main(int argc, char **argv) {
  if (argc != 2) {
    std::fprintf(stderr, "usage: make_bad_files OUT\n");
    return 1;
  }
  fs::path out = argv[1];
  fs::create_directories(out);
  write(out / "good.gguf", goodGguf().bytes);
  write(out / "good", goodFolder());
  write(out / "sharded", shardedFolder());
  std::ofstream list(out / "bad.txt");
  int number = 0;
  for (const BadGguf &bad : badGgufs()) {
    std::string name = "bad-" + std::to_string(number++) + ".gguf";
    write(out / name, bad.bytes);
    list << name << '\t' << bad.message << '\n';
  }
  for (const auto &folders : {badWeights(), badConfigs()})
    for (const BadFolder &bad : folders) {
      std::string name = "bad-" + std::to_string(number++);
      write(out / name, bad.files);
      list << name << '\t' << bad.message << '\n';
    }
  list.flush();
  return list ? 0 : 1;
}
