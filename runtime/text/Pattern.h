//===- Pattern.h - A regular expression over UTF-8 -------------*- C++ -*-===//
//
// A PCRE2 pattern that is compiled when it is first used, and the walk over all
// of its matches in a text. Empty matches count, as places to cut at, but not
// right behind the match before: that is how the engines walk that models'
// tokenizers were trained with.
//
//===----------------------------------------------------------------------===//
#pragma once

#include <mutex>
#include <string>
#include <string_view>

namespace quern::tokenizer {

/// In front of a pattern over bytes. Such ones may cut characters, so that only
/// others over bytes may follow.
#define QUERN_BYTES "(?#bytes)"

/// All const members may be called from any number of threads at once.
class Pattern {
public:
  explicit Pattern(std::string text) : text(std::move(text)) {}
  ~Pattern();
  Pattern(const Pattern &) = delete;
  Pattern &operator=(const Pattern &) = delete;

  /// Memory for matching, one for each thread.
  class Scratch {
  public:
    Scratch();
    ~Scratch();
    Scratch(const Scratch &) = delete;
    Scratch &operator=(const Scratch &) = delete;

  private:
    friend class Pattern;
    void *match = nullptr, *context = nullptr;
  };

  /// Where a walk is; a new one is at the start.
  struct Walk {
    size_t from = 0, lastEnd = std::string_view::npos;
  };

  /// Throws Error if the pattern is wrong: "offset 3: missing )".
  void compile() const;

  /// Finds the next match in valid UTF-8. Throws Error if the pattern is wrong
  /// or gives up.
  bool next(std::string_view subject, Walk &walk, Scratch &scratch,
            size_t &begin, size_t &end) const;

private:
  std::string text;
  mutable std::once_flag once;
  mutable void *code = nullptr; ///< pcre2_code
};

} // namespace quern::tokenizer
