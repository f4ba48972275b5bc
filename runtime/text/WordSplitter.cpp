//===- WordSplitter.cpp - Cutting text into words ---------------*- C++ -*-===//

#include "text/WordSplitter.h"

#include "Error.h"
#include "text/TokenizerTable.h"

#include <algorithm>
#include <utility>

namespace quern::tokenizer {

WordSplitter::WordSplitter(std::vector<TextStep> list)
    : steps(std::move(list)) {
  if (steps.size() > mostSteps)
    throw Error("tokenizer: more than " + std::to_string(mostSteps) + " steps");
  // What bytes are cut by need not be UTF-8 any more, which everything over
  // characters relies on.
  bool bytes = false;
  for (const TextStep &step : steps) {
    bool before = std::exchange(bytes, step.pattern.starts_with(QUERN_BYTES));
    if (before && !bytes)
      throw Error(
          "tokenizer pattern: one over characters after one over bytes");
    patterns.emplace_back(step.pattern);
  }
}

/// Joins each match with what lies before it, or, for `merge` of Contiguous,
/// neighbours that are both matches.
static void joinWithPrevious(std::vector<WordSplitter::Segment> &segments,
                             bool contiguous) {
  size_t n = 0;
  bool previous = false;
  for (size_t i = 0; i < segments.size(); ++i) {
    WordSplitter::Segment s = segments[i];
    bool join = contiguous ? s.match == previous : s.match && !previous;
    if (join && n > 0)
      segments[n - 1].end = s.end;
    else
      segments[n++] = s;
    previous = s.match;
  }
  segments.resize(n);
}

static void joinWithNext(std::vector<WordSplitter::Segment> &segments) {
  size_t n = segments.size();
  bool previous = false;
  for (size_t i = segments.size(); i-- > 0;) {
    WordSplitter::Segment s = segments[i];
    if (s.match && !previous && n < segments.size())
      segments[n].begin = s.begin;
    else
      segments[--n] = s;
    previous = s.match;
  }
  segments.erase(segments.begin(),
                 segments.begin() + static_cast<std::ptrdiff_t>(n));
}

void WordSplitter::segmentsOf(size_t at, std::string_view text,
                              Scratch &scratch,
                              std::vector<Segment> &out) const {
  uint32_t flags = steps[at].flags;
  bool match = !(flags & Inverted);
  out.clear();
  Pattern::Walk walk;
  size_t done = 0, from, to;
  while (patterns[at].next(text, walk, scratch.match, from, to)) {
    if (from > done)
      out.push_back({done, from, !match});
    out.push_back({from, to, match});
    done = to;
  }
  if (done < text.size())
    out.push_back({done, text.size(), !match});
  switch (flags & BehaviorMask) {
  case Removed:
    std::erase_if(out, [](const Segment &s) { return s.match; });
    break;
  case Contiguous:
  case MergedWithPrevious:
    joinWithPrevious(out, (flags & BehaviorMask) == Contiguous);
    break;
  case MergedWithNext:
    joinWithNext(out);
    break;
  default:
    break;
  }
}

std::string_view WordSplitter::prefixed(const TextStep &step,
                                        std::string_view text, bool atStart,
                                        std::string &buffer) const {
  bool spaces = step.kind == StepKind::Metaspace;
  bool prefix = step.kind == StepKind::PrefixSpace ||
                (step.flags & PrefixAlways) ||
                ((step.flags & PrefixFirst) && atStart);
  prefix &=
      !text.starts_with(' ') && !(spaces && text.starts_with(spaceMarker));
  bool marked = spaces && text.find(spaceMarker) != text.npos;
  if (!prefix && !marked)
    return text;
  buffer.assign(prefix ? 1 : 0, ' ');
  buffer += marked ? unmarkSpaces(text) : std::string(text);
  return buffer;
}

} // namespace quern::tokenizer
