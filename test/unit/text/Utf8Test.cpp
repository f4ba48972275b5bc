//===- Utf8Test.cpp - UTF-8 and its stream ----------------------*- C++ -*-===//

#include "text/Utf8.h"
#include "text/Tokenizer.h"

#include <gtest/gtest.h>

using namespace quern;

TEST(Utf8, ValidPrefixStopsAtInvalidBytes) {
  EXPECT_EQ(utf8::validPrefix("plain text, long enough"), 23u);
  EXPECT_EQ(utf8::validPrefix("a\xc3\xa9z"), 4u);
  EXPECT_EQ(utf8::validPrefix("ab\xff"), 2u);
  EXPECT_EQ(utf8::validPrefix("\xc0\x80"), 0u);         // overlong
  EXPECT_EQ(utf8::validPrefix("\xe0\x9f\xbf"), 0u);     // overlong
  EXPECT_EQ(utf8::validPrefix("\xed\xa0\x80"), 0u);     // surrogate
  EXPECT_EQ(utf8::validPrefix("\xf4\x90\x80\x80"), 0u); // above U+10FFFF
  EXPECT_EQ(utf8::validPrefix("\xf4\x8f\xbf\xbf"), 4u);
}

TEST(Utf8, TrimsUnicodeSpace) {
  EXPECT_EQ(utf8::trimRight(utf8::trimLeft("\u3000 x y\u00a0\n")), "x y");
  EXPECT_EQ(utf8::trimRight("\xff "), "\xff");
  EXPECT_EQ(utf8::trimRight("\xa0"), "\xa0");
}

static std::string streamed(std::string_view bytes, size_t step) {
  Utf8Stream stream;
  std::string out;
  for (size_t i = 0; i < bytes.size(); i += step) {
    std::string part = stream.push(bytes.substr(i, step));
    EXPECT_EQ(utf8::validPrefix(part), part.size());
    out += part;
  }
  return out + stream.finish();
}

TEST(Utf8Stream, NeverCutsACharacter) {
  std::string text = "a\u00e9\u6f22\U0001f44d\U0001f1e9\U0001f1eaz";
  for (size_t step = 1; step < 8; ++step)
    EXPECT_EQ(streamed(text, step), text);
}

TEST(Utf8Stream, ReplacesWhatIsInvalid) {
  for (size_t step = 1; step < 6; ++step) {
    // The example of Unicode 15, table 3-8.
    EXPECT_EQ(streamed("a\xf1\x80\x80\xe1\x80\xc2"
                       "b\x80"
                       "c\x80\xbf"
                       "d",
                       step),
              "a\ufffd\ufffd\ufffdb\ufffdc\ufffd\ufffdd");
    EXPECT_EQ(streamed("x\xf0\x9f\x91", step), "x\ufffd");
  }
}

TEST(Utf8Stream, PrintsAsciiAtOnce) {
  Utf8Stream stream;
  EXPECT_EQ(stream.push("ab"), "ab");
  EXPECT_EQ(stream.push("\xc3"), "");
  EXPECT_EQ(stream.push("\xa9"), "\u00e9");
  EXPECT_EQ(stream.finish(), "");
}
