//===- PreTokenizer.h - Cutting text into words ----------------*- C++ -*-===//
//
// Byte-level BPE merges inside words only, and each model family cuts words by
// its own regular expressions. A family is one file in pre/, found by CMake:
// constant data, in PCRE2's syntax. The patterns travel in the tokenizer's
// table, so an artifact carries those of its own model.
//
// Patterns apply one after the other, each to the pieces that the one before
// has left: a match is a piece, and so is what lies between two matches.
//
//===----------------------------------------------------------------------===//
#pragma once

#include <memory>
#include <mutex>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace quern::tokenizer {

/// One family's way of cutting, as written in pre/<Family>.cpp.
struct PreTokenizer {
  std::span<const std::string_view> names; ///< tokenizer.ggml.pre
  std::span<const std::string_view> patterns;
  /// A word that is a token is that token, whatever merging would give.
  bool ignoreMerges = false;
};

// Unicode's White_Space, spelt out: PCRE2's \s differs from other engines' by
// U+180E, and a list of plain ranges matches faster than properties.
#define QUERN_SPACE                                                            \
  "\\t-\\r \\x{85}\\x{a0}\\x{1680}\\x{2000}-\\x{200a}\\x{2028}\\x{2029}"       \
  "\\x{202f}\\x{205f}\\x{3000}"
#define QUERN_S "[" QUERN_SPACE "]"
/// Not before a character other than white space: the last white space of a run
/// goes to the word behind it.
#define QUERN_NO_WORD "(?![^" QUERN_SPACE "])"

// What the families' patterns have in common; see pre/Gpt2.cpp, pre/Llama3.cpp
// and pre/Gpt4o.cpp. Letters that have no case are of either.
#define QUERN_CONTRACTION "(?i:'s|'t|'re|'ve|'m|'ll|'d)"
#define QUERN_WORD "[^\\r\\n\\p{L}\\p{N}]?\\p{L}+"
#define QUERN_MARKS " ?[^" QUERN_SPACE "\\p{L}\\p{N}]+"
#define QUERN_TAIL                                                             \
  "|" QUERN_S "*[\\r\\n]+|" QUERN_S "+" QUERN_NO_WORD "|" QUERN_S "+"
#define QUERN_GPT2                                                             \
  "'s|'t|'re|'ve|'m|'ll|'d| ?\\p{L}+| ?\\p{N}+|" QUERN_MARKS "|" QUERN_S       \
  "+" QUERN_NO_WORD "|" QUERN_S "+"
#define QUERN_UPPER "[\\p{Lu}\\p{Lt}\\p{Lm}\\p{Lo}\\p{M}]"
#define QUERN_LOWER "[\\p{Ll}\\p{Lm}\\p{Lo}\\p{M}]"
/// Everything from Samaritan to Han, and Hangul.
#define QUERN_EAST_ASIAN "[\\x{800}-\\x{9fa5}\\x{ac00}-\\x{d7ff}]+"
/// In front of a pattern over bytes. Such ones may cut characters, so that only
/// others over bytes may follow.
#define QUERN_BYTES "(?#bytes)"

/// Of a pre-tokenizer; each is a level of recursion.
inline constexpr size_t mostPatterns = 64;

/// The family called `name`, or nullptr.
const PreTokenizer *findPreTokenizer(std::string_view name);

/// Cuts valid UTF-8 into words. Patterns are compiled when first used.
class WordSplitter {
public:
  explicit WordSplitter(std::vector<std::string> patterns);
  ~WordSplitter();

  /// Memory for matching, one for each thread that splits.
  class Scratch {
  public:
    Scratch();
    ~Scratch();
    Scratch(const Scratch &) = delete;
    Scratch &operator=(const Scratch &) = delete;

  private:
    friend class WordSplitter;
    void *match = nullptr, *context = nullptr;
  };

  /// Calls `word(begin, end)` for every word of `text`, in order; together they
  /// are all of it. Throws Error if a pattern is wrong or gives up.
  template <typename WordFn>
  void split(std::string_view text, Scratch &scratch, WordFn &&word) const {
    compileOnce();
    splitBy(0, text, 0, text.size(), scratch, word);
  }

private:
  /// Finds the next non-empty match at or after `from`.
  bool next(size_t pattern, std::string_view text, size_t from,
            Scratch &scratch, size_t &begin, size_t &end) const;
  void compileOnce() const;
  void freeCodes() const;

  template <typename WordFn>
  void splitBy(size_t pattern, std::string_view all, size_t begin, size_t end,
               Scratch &scratch, WordFn &word) const {
    if (pattern == patterns.size()) {
      word(begin, end);
      return;
    }
    // Each piece is a text of its own: look-ahead must not see past its end.
    std::string_view piece = all.substr(begin, end - begin);
    size_t done = 0, from, to;
    while (done < piece.size() &&
           next(pattern, piece, done, scratch, from, to)) {
      if (from > done)
        splitBy(pattern + 1, all, begin + done, begin + from, scratch, word);
      splitBy(pattern + 1, all, begin + from, begin + to, scratch, word);
      done = to;
    }
    if (done < piece.size())
      splitBy(pattern + 1, all, begin + done, end, scratch, word);
  }

  std::vector<std::string> patterns;
  mutable std::once_flag once;
  mutable std::vector<void *> codes; ///< pcre2_code, one a pattern
};

} // namespace quern::tokenizer
