//===- TokenizerHostileTest.cpp - Vocabularies made to harm -----*- C++ -*-===//
//
// Files that broke other tokenizers, and texts that take them forever. Run under
// AddressSanitizer and UBSan to see more than crashes.
//
//===----------------------------------------------------------------------===//

#include "Error.h"
#include "Vocabularies.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

using namespace quern;
using namespace quern::test;
using Ids = std::vector<int32_t>;

static std::string outcome(const Vocabulary &v) {
  try {
    auto table = buildTokenizer(v.source);
    Tokenizer t(table);
    t.decode(t.encode("hello abc <0x-1> \xff", true, true), true);
  } catch (const Error &error) {
    std::string what = error.what();
    EXPECT_EQ(what.find('\n'), what.npos) << what;
    EXPECT_LT(what.size(), 1000u);
    return what;
  }
  return "";
}

// CVE-2025-49847: the length of a token's text was cast to int32, so that a huge
// one passed for short, and was copied into a small buffer.
TEST(HostileVocabulary, TokensOfAMegabyte) {
  for (const char *model : {"llama", "t5"}) {
    Vocabulary v = pieceVocabulary();
    v.source.model = model;
    ASSERT_NO_THROW(buildTokenizer(v.source));
    int32_t user = v.add(std::string(1 << 20, 'b'), TokenType::UserDefined);
    int32_t piece = v.add(std::string(1024, 'a'), TokenType::Normal, -1);
    auto table = buildTokenizer(v.source);
    Tokenizer t(table);
    EXPECT_EQ(t.piece(piece).size(), 1024u);
    EXPECT_EQ(t.encode(std::string(1 << 20, 'b'), false, false), Ids({user}));
    EXPECT_EQ(t.decode(Ids{user, user}).size(), size_t{2} << 20);
    // Every part of a text that could be a piece is looked up.
    v.add(std::string(1 << 20, 'a'), TokenType::Normal, -1);
    EXPECT_THROW(buildTokenizer(v.source), Error);
  }
}

// CVE-2025-52566: a count of tokens was compared as a signed number, and more
// tokens written than there was room for. Here the count is the vector's own.
TEST(HostileVocabulary, MoreTokensThanBytes) {
  Vocabulary v = pieceVocabulary();
  auto table = buildTokenizer(v.source);
  Tokenizer t(table);
  // Each character that is no token becomes several.
  std::string text;
  for (int i = 0; i < 1 << 16; ++i)
    text += "\u6f22";
  EXPECT_EQ(t.encode(text, false, false).size(), size_t{3} << 16);
  EXPECT_EQ(t.encode(std::string(1 << 16, '\xff'), false, true).size(),
            size_t{3} << 16);
}

// A byte token that names a negative byte was an index before a table.
TEST(HostileVocabulary, ByteTokensOfNoByte) {
  for (std::string name : {"<0x-1>", "<0x+1>", "<0x 1>", "<0x1>", "<0x100>",
                           "<0xG0>", "<0x00", "", "\xff", "<0x00>>"}) {
    Vocabulary v = pieceVocabulary();
    v.add(name, TokenType::Byte);
    EXPECT_NE(outcome(v).find("is no byte token"), std::string::npos) << name;
    // The same text as a token of another type is text.
    Vocabulary w = pieceVocabulary();
    w.add(name, TokenType::Normal, -1);
    EXPECT_EQ(outcome(w), "") << name;
  }
}

TEST(HostileVocabulary, TheSameTokenTwice) {
  for (const char *model : {"llama", "t5"}) {
    Vocabulary v = pieceVocabulary();
    v.source.model = model;
    int32_t last = 0;
    for (int i = 0; i < 1000; ++i)
      last = v.add("ab", TokenType::Normal, 1);
    auto table = buildTokenizer(v.source);
    EXPECT_EQ(Tokenizer(table).encode("ab", false, false), Ids({last}));
  }
  Vocabulary v = byteVocabulary();
  for (int i = 0; i < 1000; ++i)
    v.merge("h", "e");
  EXPECT_EQ(outcome(v), "");
}

TEST(HostileVocabulary, EmptyTokens) {
  for (TokenType type :
       {TokenType::Normal, TokenType::Control, TokenType::UserDefined,
        TokenType::Unused, TokenType::Unknown}) {
    Vocabulary pieces = pieceVocabulary(), bytes = byteVocabulary();
    for (int i = 0; i < 3; ++i) {
      pieces.add("", type);
      bytes.add("", type);
    }
    EXPECT_EQ(outcome(pieces), "");
    EXPECT_EQ(outcome(bytes), "");
    pieces.source.model = "t5";
    EXPECT_EQ(outcome(pieces), "");
  }
}

TEST(HostileVocabulary, ScoresThatAreNoNumbers) {
  for (const char *model : {"llama", "t5"})
    for (double score : {double(NAN), double(INFINITY), double(-INFINITY)}) {
      Vocabulary v = pieceVocabulary();
      v.source.model = model;
      v.source.scores[265] = score;
      std::string what = outcome(v);
      bool fine = v.source.model == "llama" && !std::isnan(score);
      EXPECT_EQ(what.empty(), fine) << what;
      v.source.scores.assign(v.source.tokens.size(), score);
      outcome(v);
    }
  Vocabulary v = pieceVocabulary();
  v.source.model = "t5";
  v.source.scores.assign(v.source.tokens.size(),
                         std::numeric_limits<double>::max());
  EXPECT_EQ(outcome(v), "");
}

TEST(HostileVocabulary, IdsOutOfRange) {
  constexpr int32_t most = std::numeric_limits<int32_t>::max();
  constexpr int32_t least = std::numeric_limits<int32_t>::min();
  for (int32_t id : {271, 1 << 30, most, -2, least}) {
    for (int32_t TokenizerSource::*which :
         {&TokenizerSource::bos, &TokenizerSource::eos,
          &TokenizerSource::unknown, &TokenizerSource::padding}) {
      Vocabulary v = pieceVocabulary();
      v.source.*which = id;
      EXPECT_NE(outcome(v).find("is not one of 271 tokens"), std::string::npos);
    }
    Vocabulary v = pieceVocabulary();
    v.source.extraEnd = {id};
    EXPECT_NE(outcome(v).find("is not one of 271 tokens"), std::string::npos);
    auto table = buildTokenizer(pieceVocabulary().source);
    Tokenizer t(table);
    EXPECT_EQ(t.decode(Ids{id}), "");
    EXPECT_EQ(t.piece(id), "");
    EXPECT_FALSE(t.isEnd(id) || t.isControl(id));
  }
}

TEST(HostileVocabulary, MergesThatNameNoToken) {
  const std::string huge(1 << 20, 'q');
  for (const char *merge : {"q xz", "xz q", "q z", "", " ", "  ", "   ", "q",
                            "q ", " q", huge.c_str()}) {
    Vocabulary v = byteVocabulary();
    v.strings.push_back(merge);
    v.source.merges.push_back(v.strings.back());
    EXPECT_TRUE(outcome(v).starts_with("tokenizer.ggml.merges[7]: '")) << merge;
  }
}

// Quadratic work on these would take hours: that the test ends is the test.
TEST(HostileText, LongRunsOfOneCharacter) {
  // One name of each family that cuts.
  for (const char *pre :
       {"gpt-2",          "default",   "falcon",
        "smollm",         "llama-bpe", "dbrx",
        "jais-2",         "qwen2",     "qwen35",
        "ufakzeka",       "laguna",    "seed-coder",
        "bailingmoe",     "minicpm5",  "exaone-moe",
        "gpt-4o",         "tekken",    "youtu",
        "deepseek-v3",    "spark2_5",  "deepseek-llm",
        "deepseek-coder", "bloom",     "viking",
        "chameleon",      "kimi-k2",   "tiny_aya",
        "superbpe",       "afmoe",     "granite-embed-multi-97m"}) {
    Vocabulary v = byteVocabulary(pre);
    auto table = buildTokenizer(v.source);
    Tokenizer t(table);
    for (std::string one : {"a", " ", "1", "\n", "\u6f22"}) {
      std::string text;
      while (text.size() < (1 << 15))
        text += one;
      EXPECT_GT(t.encode(text, false, false).size(), text.size() / 8) << pre;
    }
  }
}

// Patterns are matched without a check, so nothing may cut characters.
TEST(HostileVocabulary, SpecialTokensThatArePartsOfCharacters) {
  for (const char *text : {"\xc3", "\xa9", "\xa9x", "x\xc3"}) {
    Vocabulary v = byteVocabulary("gpt-2");
    int32_t id = v.add(text, TokenType::UserDefined);
    auto table = buildTokenizer(v.source);
    Tokenizer t(table);
    Ids ids = t.encode("x\u00e9x", false, true);
    EXPECT_EQ(std::count(ids.begin(), ids.end(), id), 0);
    EXPECT_EQ(t.decode(ids, true), "x\u00e9x");
  }
}
