//===- Geometry.h - Shapes of real models -----------------------*- C++ -*-===//
//
// A geometry is all that decides how fast a model is: numbers of layers,
// widths, heads, tokens. The table in Geometry.cpp has one entry for each;
// another model of an architecture that is there is another entry.
//
//===----------------------------------------------------------------------===//
#pragma once
#include <cstdint>
#include <string>
#include <vector>

namespace quern {

struct Geometry {
  const char *name;         // "llama-8b"
  const char *model;        // whose shape it is: "Llama 3 8B"
  const char *architecture; // the value of general.architecture
  uint64_t layers = 0, width = 0, hidden = 0;
  uint64_t heads = 0, kvHeads = 0, headSize = 0;
  uint64_t vocabulary = 0, context = 0;
  double ropeBase = 0, epsilon = 0;
  bool tied = false;      // logits come from the embedding's matrix
  bool qkNorms = false;   // queries and keys are normalized, by head
  bool postNorms = false; // so is what attention and MLP give
  uint64_t window = 0;    // of layers with a sliding one; 0: there are none
};

const std::vector<Geometry> &allGeometries();

/// A matrix or, where `isNorm`, one row of a norm's weights.
struct TensorShape {
  std::string name; // as in the file but for ".weight"
  uint64_t rows = 0, columns = 0;
  bool isNorm = false;
};
/// In the order of the file.
std::vector<TensorShape> tensorsOf(const Geometry &);

/// Weights of all tensors.
uint64_t parametersOf(const Geometry &);

} // namespace quern
