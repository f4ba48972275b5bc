//===- fuzz_pattern.cpp - Fuzzing the patterns that cut words --*- C++ -*-===//
//
// The input is patterns and a text, with a zero byte between each two of them,
// the text last. A pattern that begins with a digit is a step of that behavior.
// Whatever the patterns are, they are refused, give up, or cut the text into
// words that make up all of it, but for what is removed.
//
//===----------------------------------------------------------------------===//
#include "Message.h"
#include "runtime/text/Utf8.h"
#include "runtime/text/WordSplitter.h"

#include <cstdint>
#include <cstdlib>

using namespace quern::tokenizer;

extern "C" int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  std::string_view rest(reinterpret_cast<const char *>(data), size);
  std::vector<TextStep> steps;
  bool all = true;
  for (size_t zero; (zero = rest.find('\0')) != rest.npos;) {
    std::string_view pattern = rest.substr(0, zero);
    uint32_t flags = Isolated;
    if (!pattern.empty() && pattern[0] >= '0' && pattern[0] <= '9') {
      flags =
          uint32_t(pattern[0] - '0') % 5 | (pattern[0] > '4' ? Inverted : 0);
      pattern.remove_prefix(1);
    }
    all &= (flags & BehaviorMask) != Removed;
    steps.push_back({StepKind::Split, flags, std::string(pattern), ""});
    rest.remove_prefix(zero + 1);
  }
  // A copy of its own, for the sanitizer to see what lies behind it.
  std::vector<char> text(rest.begin(),
                         rest.begin() + quern::utf8::validPrefix(rest));
  std::string_view view(text.data(), text.size());
  if (view.empty())
    return 0;
  try {
    WordSplitter splitter(std::move(steps));
    WordSplitter::Scratch scratch;
    const char *done = view.data(), *end = done + view.size();
    splitter.split(view, true, scratch, [&](std::string_view word) {
      if ((all ? word.data() != done : word.data() < done) || word.empty() ||
          word.data() + word.size() > end)
        std::abort();
      done = word.data() + word.size();
    });
    if (all && done != end)
      std::abort();
  } catch (const quern::Error &error) {
    quern::test::checkMessage(error);
  }
  return 0;
}
