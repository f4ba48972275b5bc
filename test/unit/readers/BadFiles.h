//===- BadFiles.h - Malformed model files ----------------------*- C++ -*-===//
//
// Each is wrong in one way and says which words its error must have. The unit
// tests read them all; test/tools/make_bad_files writes them to a folder, for
// whole programs to be tried on.
//
//===----------------------------------------------------------------------===//
#pragma once
#include "ModelWriter.h"

namespace quern::test {

struct BadGguf {
  std::string name, bytes, message;
};
std::vector<BadGguf> badGgufs();

struct BadFolder {
  std::string name;
  Files files;
  std::string message;
};
/// Folders whose .safetensors file or index is wrong.
std::vector<BadFolder> badWeights();
/// Folders whose JSON files about the model or its text are wrong.
std::vector<BadFolder> badConfigs();

} // namespace quern::test
