//===- StopStringsTest.cpp - Stop strings across token boundaries ---------===//
#include "StopStrings.h"
#include <gtest/gtest.h>

using namespace quern;

/// Pushes `text` in pieces of `size` bytes; '|' marks a stop.
static std::string cut(std::vector<std::string> stops, std::string_view text,
                       size_t size) {
  StopStrings stop(std::move(stops));
  std::string out;
  for (size_t i = 0; i < text.size() && !stop.stopped(); i += size)
    out += stop.push(text.substr(i, size));
  return out + (stop.stopped() ? "|" : stop.finish());
}

TEST(StopStrings, DoNotDependOnPieces) {
  for (size_t size = 1; size < 30; ++size) {
    EXPECT_EQ(cut({"END"}, "one ENEND two", size), "one EN|");
    EXPECT_EQ(cut({"END"}, "one EN two EN", size), "one EN two EN");
    EXPECT_EQ(cut({}, "one END", size), "one END");
    EXPECT_EQ(cut({""}, "one END", size), "one END");
    EXPECT_EQ(cut({"aab"}, "aaab", size), "a|");
    EXPECT_EQ(cut({"abcd", "bc"}, "xabce", size), "xa|");
    EXPECT_EQ(cut({"abcd", "bc"}, "xabcd", size), "xa|");
    EXPECT_EQ(cut({"x"}, "x", size), "|");
  }
}

TEST(StopStrings, HoldsBackOnlyWhatMayStop) {
  StopStrings stop({"\n\nUser"});
  EXPECT_EQ(stop.push("Hi\n"), "Hi");
  EXPECT_EQ(stop.push("\nUs"), "");
  EXPECT_EQ(stop.push("ing"), "\n\nUsing");
  EXPECT_FALSE(stop.stopped());
}
