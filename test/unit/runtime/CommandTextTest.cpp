//===- CommandTextTest.cpp - Prose and names of the command line ----------===//
#include "cli/Describe.h"
#include "cli/Terminal.h"
#include <gtest/gtest.h>

using namespace quern::cli;

namespace {

TEST(CommandText, FindsWhatWasMeant) {
  std::vector<std::string> flags = {"--temp",    "--top-p",  "--top-k",
                                    "--typical", "--tokens", "--stop",
                                    "--on-full"};
  EXPECT_EQ(nearest("--tempp", flags), "--temp");
  EXPECT_EQ(nearest("--tmep", flags), "--temp");
  EXPECT_EQ(nearest("--temperature", flags), "--temp");
  EXPECT_EQ(nearest("--topk", flags), "--top-k");
  EXPECT_EQ(nearest("-temp", flags), "--temp");
  EXPECT_EQ(nearest("--onfull", flags), "--on-full");
  EXPECT_EQ(nearest("--frobnicate", flags), "");
  EXPECT_EQ(nearest("--x", flags), "");
  EXPECT_EQ(nearest("", flags), "");
  EXPECT_EQ(nearest(std::string(1000000, 'x'), flags), "");
}

TEST(CommandText, KnowsBlocks) {
  std::vector<Block> blocks = parseBlocks("one\ntwo:\n\n\nExamples:\n  a  b\n"
                                          "    c\nrest\n\n  d");
  ASSERT_EQ(blocks.size(), 5u);
  EXPECT_EQ(blocks[0].text, "one two:"); // not alone, so no heading
  EXPECT_EQ(blocks[1].kind, Block::Heading);
  EXPECT_EQ(blocks[1].text, "Examples");
  EXPECT_EQ(blocks[2].kind, Block::Verbatim);
  EXPECT_EQ(blocks[2].text, "a  b\n  c");
  EXPECT_EQ(blocks[3].text, "rest");
  EXPECT_EQ(blocks[4].text, "d");
}

TEST(CommandText, FillsLines) {
  EXPECT_EQ(fill("a bb  ccc\ndddd", 0, 0, 8), "a bb ccc\ndddd");
  EXPECT_EQ(fill("aaa bbb", 6, 2, 8), "aaa\n  bbb");
  EXPECT_EQ(fill("longerthanaline b", 0, 0, 5), "longerthanaline\nb");
  EXPECT_EQ(fill("", 0, 0), "");
}

TEST(CommandText, Quotes) {
  EXPECT_EQ(shellQuoted("it's"), "'it'\\''s'");
  EXPECT_EQ(fishQuoted("it's \\"), "'it\\'s \\\\'");
  EXPECT_EQ(functionName("na\xc3\xafve v2"), "_na__ve_v2");
  EXPECT_EQ(oneLine("a\nb\x1b"), "a b\\x1b");
}

/// Signs that roff would change, at the places where it would.
TEST(CommandText, EscapesManualPages) {
  Manual manual;
  manual.program.name = "x-y";
  manual.program.path = "x-y";
  manual.program.summary = ".dot 'quote' back\\slash ~ ^ `";
  manual.program.details = parseBlocks("  .verbatim -v\n  'too");
  std::string page = manualPage(manual);
  EXPECT_NE(page.find(".TH \"X\\-Y\" 1"), std::string::npos) << page;
  EXPECT_NE(page.find("\n\\&.dot \\(aqquote\\(aq back\\eslash \\(ti \\(ha "
                      "\\(ga\n"),
            std::string::npos)
      << page;
  EXPECT_NE(page.find("\n\\&.verbatim \\-v\n\\&\\(aqtoo\n"), std::string::npos)
      << page;
}

} // namespace
