//===- fuzz_pattern.cpp - Fuzzing the patterns that cut words --*- C++ -*-===//
//
// The input is patterns and a text, with a zero byte between each two of them,
// the text last. Whatever the patterns are, they are refused, give up, or cut
// the text into words that make up all of it.
//
//===----------------------------------------------------------------------===//
#include "Message.h"
#include "runtime/text/PreTokenizer.h"
#include "runtime/text/Utf8.h"

#include <cstdint>
#include <cstdlib>

using quern::tokenizer::WordSplitter;

extern "C" int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  std::string_view rest(reinterpret_cast<const char *>(data), size);
  std::vector<std::string> patterns;
  for (size_t zero; (zero = rest.find('\0')) != rest.npos;) {
    patterns.emplace_back(rest.substr(0, zero));
    rest.remove_prefix(zero + 1);
  }
  // A copy of its own, for the sanitizer to see what lies behind it.
  std::vector<char> text(rest.begin(),
                         rest.begin() + quern::utf8::validPrefix(rest));
  std::string_view view(text.data(), text.size());
  if (view.empty())
    return 0;
  try {
    WordSplitter splitter(std::move(patterns));
    WordSplitter::Scratch scratch;
    size_t done = 0;
    splitter.split(view, scratch, [&](size_t begin, size_t end) {
      if (begin != done || begin >= end || end > view.size())
        std::abort();
      done = end;
    });
    if (done != view.size())
      std::abort();
  } catch (const quern::Error &error) {
    quern::test::checkMessage(error);
  }
  return 0;
}
