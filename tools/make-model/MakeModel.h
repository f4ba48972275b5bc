//===- MakeModel.h - What make-model does -----------------------*- C++ -*-===//
#pragma once
#include <cstdint>
#include <string>
#include <vector>

namespace quern {

struct ModelRequest {
  std::string geometry;  // by its name
  std::string type;      // a format or a mixture by its name, in any case
  std::string tokenizer; // a GGUF file
  std::string output;
  uint64_t seed = 0;
  uint64_t layers = 0, vocabulary = 0; // 0: the geometry's
};

/// Writes a GGUF file; prints one line "error: ..." to stderr and returns 1 if
/// that fails. The same request makes the same bytes: those of a tensor depend
/// on the seed, its name, shape and format alone.
int makeModel(const ModelRequest &);

/// Prints the geometries; returns the exit code.
int listGeometries();

/// What --type may be. A name of both a format and a mixture means the format.
std::vector<std::string> typeNames();

} // namespace quern
