//===- ToyModel.h - A model small enough to check by hand ------*- C++ -*-===//
//
// The payload of an artifact whose kernels are ToyKernels.c: a plan with one
// group of full and one of windowed attention, a tokenizer of bytes and
// letters, a chat template, and the table of following tokens as weights.
//
//===----------------------------------------------------------------------===//
#pragma once
#include "Plan.h"
#include <cstdint>
#include <string>
#include <vector>

namespace quern::test {

struct ToyOptions {
  uint32_t context = 64, sequences = 4, pageTokens = 4, tileRows = 3;
  uint32_t promptRows = 12, generatedRows = 4, logitRows = 3;
  uint32_t window = 10;     // of the second group
  uint32_t layers = 2;      // of each group
  uint32_t tokenBytes = 64; // of a token's keys and values in a layer
  uint32_t hidden = 16;     // floats of a row's hidden state
  uint32_t best = 0;        // logits that are ranked; 0: none are
  bool chatTemplate = true;
  /// Two devices: the head is the second one's, or the first one's.
  enum class Split { None, HeadOnSecond, HeadOnFirst } split = Split::None;

  uint32_t devices() const { return split == Split::None ? 1 : 2; }
};

/// Ids of the toy's vocabulary: <unk>, <s>, </s>, 256 bytes, then '▁', 'a' to
/// 'z', <end>, and a character each of two, three and four bytes. A letter is
/// followed by the next one, 'z' by <end>.
inline constexpr int32_t kToyUnknown = 0, kToyBos = 1, kToyEos = 2,
                         kToyFirstByte = 3, kToySpace = 259, kToyA = 260,
                         kToyEnd = 286, kToyVocabulary = 290;

/// Of ToyKernels.c, for one device or two.
inline constexpr uint64_t kToyKernels[] = {5}, kToyKernelsOfTwo[] = {5, 5};

std::vector<uint8_t> toyPlan(const ToyOptions &options);
std::vector<uint8_t> toyWeights();
std::vector<uint8_t> toyTokenizer();

/// A section's name and bytes.
struct ToySection {
  std::string name;
  std::vector<uint8_t> bytes;
};
std::vector<ToySection> toySections(const ToyOptions &options);

/// `executable` with the sections behind it, as Plan.h describes.
std::vector<uint8_t> appendPayload(std::vector<uint8_t> executable,
                                   const std::vector<ToySection> &sections);

std::vector<uint8_t> readBytes(const std::string &path);
void writeBytes(const std::string &path, const std::vector<uint8_t> &bytes);

} // namespace quern::test
