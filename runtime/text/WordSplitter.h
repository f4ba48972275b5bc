//===- WordSplitter.h - Cutting text into words ----------------*- C++ -*-===//
//
// Runs the cutting steps of TextSteps.h over a text.
//
//===----------------------------------------------------------------------===//
#pragma once

#include "text/Pattern.h"
#include "text/TextSteps.h"

#include <deque>

namespace quern::tokenizer {

/// All const members may be called from any number of threads at once.
class WordSplitter {
public:
  /// Cutting steps only.
  explicit WordSplitter(std::vector<TextStep> steps);

  /// A part of a text, and whether the pattern matched it.
  struct Segment {
    size_t begin, end;
    bool match;
  };

  /// Memory for one thread.
  struct Scratch {
    Pattern::Scratch match;
    std::vector<std::string> texts;             ///< one a step
    std::vector<std::vector<Segment>> segments; ///< one a step
  };

  /// Calls `word(std::string_view)` for every word of `text`, in order. Words
  /// live until the call returns. `atStart`: the text is the start of all
  /// text. Throws Error if a pattern is wrong or gives up.
  template <typename WordFn>
  void split(std::string_view text, bool atStart, Scratch &scratch,
             WordFn &&word) const {
    scratch.texts.resize(steps.size());
    scratch.segments.resize(steps.size());
    run(0, text, atStart, scratch, word);
  }

private:
  /// All parts of `text` after the step's behavior was applied, without those
  /// that are removed.
  void segmentsOf(size_t step, std::string_view text, Scratch &scratch,
                  std::vector<Segment> &out) const;
  /// `text` as the step Metaspace or PrefixSpace makes it, in `buffer` where it
  /// differs.
  std::string_view prefixed(const TextStep &step, std::string_view text,
                            bool atStart, std::string &buffer) const;

  template <typename WordFn>
  void run(size_t at, std::string_view text, bool atStart, Scratch &scratch,
           WordFn &word) const {
    if (text.empty())
      return;
    if (at == steps.size())
      return word(text);
    const TextStep &step = steps[at];
    if (step.kind == StepKind::Split)
      return step.flags == Isolated ? isolate(at, text, atStart, scratch, word)
                                    : cut(at, text, atStart, scratch, word);
    text = prefixed(step, text, atStart, scratch.texts[at]);
    if (!(step.flags & CutAtSpaces))
      return run(at + 1, text, atStart, scratch, word);
    for (size_t begin = 0; begin < text.size();) {
      size_t end = std::min(text.find(' ', begin + 1), text.size());
      run(at + 1, text.substr(begin, end - begin), atStart && begin == 0,
          scratch, word);
      begin = end;
    }
  }

  /// The usual way of cutting: a match is a word, and so is what lies between
  /// two.
  template <typename WordFn>
  void isolate(size_t at, std::string_view text, bool atStart, Scratch &scratch,
               WordFn &word) const {
    // Each piece is a text of its own: look-ahead must not see past its end.
    Pattern::Walk walk;
    size_t done = 0, from, to;
    auto piece = [&](size_t begin, size_t end) {
      run(at + 1, text.substr(begin, end - begin), atStart && begin == 0,
          scratch, word);
    };
    while (done < text.size() &&
           patterns[at].next(text, walk, scratch.match, from, to)) {
      if (from > done)
        piece(done, from);
      piece(from, to);
      done = to;
    }
    if (done < text.size())
      piece(done, text.size());
  }

  template <typename WordFn>
  void cut(size_t at, std::string_view text, bool atStart, Scratch &scratch,
           WordFn &word) const {
    auto &segments = scratch.segments[at];
    segmentsOf(at, text, scratch, segments);
    for (const Segment &s : segments)
      run(at + 1, text.substr(s.begin, s.end - s.begin),
          atStart && s.begin == 0, scratch, word);
  }

  std::vector<TextStep> steps;
  std::deque<Pattern> patterns; ///< one a step
};

} // namespace quern::tokenizer
