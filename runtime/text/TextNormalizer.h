//===- TextNormalizer.h - Changing text before it is cut -------*- C++ -*-===//
//
// Runs the changing steps of TextSteps.h over a text, with utf8proc's tables
// for Unicode's normalization forms (UAX 15).
//
//===----------------------------------------------------------------------===//
#pragma once

#include "text/Pattern.h"
#include "text/TextSteps.h"

#include <deque>

namespace quern::tokenizer {

/// All const members may be called from any number of threads at once.
class TextNormalizer {
public:
  /// Changing steps only.
  explicit TextNormalizer(std::vector<TextStep> steps);

  bool empty() const { return steps.empty(); }
  /// Changes valid UTF-8. Throws Error if a pattern is wrong or gives up.
  void apply(std::string &text, Pattern::Scratch &scratch) const;

private:
  std::vector<TextStep> steps;
  std::deque<Pattern> patterns; ///< one a step
};

/// Unicode's \w (UTS 18, annex C): what parts of words are made of.
bool isWordCharacter(char32_t code);
/// Unicode's White_Space.
bool isWhiteSpace(char32_t code);
/// Bytes of it at the start, and at the end, of `text`, which is valid UTF-8.
size_t spaceAhead(std::string_view text);
size_t spaceBehind(std::string_view text);

} // namespace quern::tokenizer
