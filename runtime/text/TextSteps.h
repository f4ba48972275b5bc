//===- TextSteps.h - What happens to text before merging -------*- C++ -*-===//
//
// Text goes through a list of steps on its way to the model: first those that
// change it (a normalizer), then those that cut it into words (a pre-tokenizer,
// some of which change words as well). Each pre-tokenizing step works on the
// pieces that the one before has left. The steps and their order are those of
// the `tokenizers` package; a GGUF file names a family, whose steps are in pre/.
//
// Where the vocabulary writes a space as U+2581, it is stored with spaces, and
// text has either: both mean the same.
//
//===----------------------------------------------------------------------===//
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace quern::tokenizer {

enum class StepKind : uint32_t {
  // Change the text.
  Nfc,
  Nfd,
  Nfkc,
  Nfkd,
  Lowercase,    ///< each character on its own, as Unicode's full mapping
  StripAccents, ///< drops category M
  Nmt,          ///< drops control characters, other white space is a space
  Prepend,      ///< `content`, to text that is not empty
  ReplaceText,  ///< every `pattern`, plain text, by `content`
  ReplaceMatch, ///< every match of `pattern`, PCRE2, by `content`
  Strip,        ///< white space: `StripLeft`, `StripRight`
  CharsLongest, ///< character map `content`, the longest key at each position
  CharsCluster, ///< the same map as `tokenizers` applies it: by graphemes
  // Cut it.
  Split,       ///< by matches of `pattern`, PCRE2: a Behavior, `Inverted`
  PrefixSpace, ///< a space in front of what does not start with one
  Metaspace,   ///< the same: `PrefixAlways` or `PrefixFirst`; `CutAtSpaces`
  Count,
};

/// What becomes of the matches of Split; the low bits of its flags.
enum Behavior : uint32_t {
  Isolated = 0,
  Removed = 1,
  Contiguous = 2,
  MergedWithPrevious = 3,
  MergedWithNext = 4,
  BehaviorMask = 7,
};

enum StepFlag : uint32_t {
  Inverted = 8,
  StripLeft = 16,
  StripRight = 32,
  PrefixAlways = 64,
  PrefixFirst = 128, ///< only at the start of the whole text
  CutAtSpaces = 256, ///< in front of every space
};

struct TextStep {
  StepKind kind;
  uint32_t flags = 0;
  std::string pattern, content;
};

/// Of a tokenizer; those that cut are a level of recursion each.
inline constexpr size_t mostSteps = 64;

inline bool isNormalizing(StepKind kind) { return kind < StepKind::Split; }

} // namespace quern::tokenizer
