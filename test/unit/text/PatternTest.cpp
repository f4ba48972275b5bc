//===- PatternTest.cpp - Patterns that cut words: bounds --------*- C++ -*-===//
//
// The families' own patterns cut any text, however long its runs are; patterns
// that would take for ever give up with a message.
//
//===----------------------------------------------------------------------===//

#include "Error.h"
#include "text/PreTokenizer.h"
#include "text/WordSplitter.h"
#include "text/Tokenizer.h"
#include "text/TokenizerTable.h"

#include "Vocabularies.h"

#include <gtest/gtest.h>

using namespace quern;
using tokenizer::WordSplitter;

/// Number of words, or what was wrong.
static std::string split(std::vector<std::string> patterns,
                         std::string_view text) {
  try {
    std::vector<tokenizer::TextStep> steps;
    for (std::string &pattern : patterns)
      steps.push_back({tokenizer::StepKind::Split, tokenizer::Isolated,
                       std::move(pattern), ""});
    WordSplitter splitter(std::move(steps));
    WordSplitter::Scratch scratch;
    size_t words = 0;
    const char *done = text.data();
    splitter.split(text, true, scratch, [&](std::string_view word) {
      EXPECT_EQ(word.data(), done);
      done += word.size(), ++words;
    });
    EXPECT_EQ(done, text.data() + text.size());
    return std::to_string(words);
  } catch (const Error &error) {
    return error.what();
  }
}

TEST(Patterns, FamiliesCutLongRuns) {
  for (std::string_view name : preTokenizerNames()) {
    const auto &patterns = tokenizer::findPreTokenizer(name)->patterns;
    for (std::string_view unit : {" ",
                                  "a",
                                  "A",
                                  "1",
                                  "'",
                                  ".",
                                  "\n",
                                  "\r\n",
                                  "\xe6\xbc\xa2",
                                  "\xc3\xa9",
                                  "a'",
                                  " a",
                                  "aA",
                                  "\t ",
                                  "\xcc\x81",
                                  " \xe3\x80\x80",
                                  "'s",
                                  "a ",
                                  "\xe0\xa4\x95\xe0\xa5\x8d",
                                  "/\n"}) {
      std::string text;
      while (text.size() < 30000)
        text += unit;
      std::string result = split({patterns.begin(), patterns.end()}, text);
      EXPECT_NE(result.find_first_of("0123456789"), 1u) << name;
      EXPECT_EQ(result.find_first_not_of("0123456789"), result.npos)
          << name << " " << unit << ": " << result;
    }
  }
}

TEST(Patterns, HostileOnesGiveUp) {
  std::string text = std::string(60, 'a') + "!";
  auto givesUp = [&](const char *pattern) {
    return split({pattern}, text).find("tokenizer pattern: ") == 0;
  };
  for (const char *pattern : {"(a+)+$", "(?:a?){60}a{60}$"})
    EXPECT_TRUE(givesUp(pattern)) << pattern;
  for (const char *pattern :
       {"(?R)", "(", "[", "a{2,1}", "\\C", "(?<=a+)b", "(?<=a\\K)b"})
    EXPECT_TRUE(givesUp(pattern)) << pattern;
  // Whether these do is the matcher's business; finishing is the test.
  for (const char *pattern :
       {"(a|aa)*b", "(a|aa)*[bc]", "(a*)*[bc]", "((a{1,30}){1,30}){1,30}[bc]",
        "(a+a+)+[yz]", "(?1)(a(?1))", "(a{1000}){1000}"})
    givesUp(pattern);
}

TEST(Patterns, OfOtherKindsAreRefused) {
  EXPECT_EQ(split(std::vector<std::string>(65, "b"), "aaa"),
            "tokenizer: more than 64 steps");
  EXPECT_EQ(split({"(?#bytes).", "."}, "\xc3\xa9"),
            "tokenizer pattern: one over characters after one over bytes");
  EXPECT_EQ(split({".", "(?#bytes)."}, "\xc3\xa9"), "2");
}

/// The place of a special token in the trie need not be its text in a table
/// that is damaged: encoding goes on all the same.
TEST(Patterns, DamagedTrieMovesOn) {
  auto vocabulary = test::byteVocabulary();
  auto table = buildTokenizer(vocabulary.source);
  auto *header = reinterpret_cast<tokenizer::Header *>(table.data());
  const tokenizer::Section &nodes = header->sections[tokenizer::TrieNodes];
  const tokenizer::Section &offsets = header->sections[tokenizer::TokenOffsets];
  auto *trie =
      reinterpret_cast<tokenizer::TrieNode *>(table.data() + nodes.offset);
  auto *begins = reinterpret_cast<uint32_t *>(table.data() + offsets.offset);
  begins[1] = begins[0]; // token 0 is empty, token 1 has two bytes
  for (size_t i = 0; i < nodes.count; ++i)
    if (trie[i].token == 256)
      trie[i].token = 0;
  auto ids = Tokenizer(table).encode("<|im_start|>h<|im_start|>", true, false);
  EXPECT_EQ(ids.size(), 3u);
  EXPECT_EQ(ids.front(), 0);
}
