//===- TokenizerRulesTest.cpp - Rules of tokenizer.json ---------*- C++ -*-===//

#include "Error.h"
#include "Vocabularies.h"
#include "text/CharsMap.h"
#include "text/OnigPattern.h"
#include "text/Pattern.h"
#include "text/TextNormalizer.h"

#include <gtest/gtest.h>

using namespace quern;
using namespace quern::test;
using Ids = std::vector<int32_t>;

/// byteVocabulary() as a tokenizer.json would have it.
static Vocabulary byRules(const std::string &normalizer = "",
                          const std::string &preTokenizer =
                              R"({"type":"ByteLevel",
                                  "add_prefix_space":false})") {
  Vocabulary v = byteVocabulary("");
  v.source.rules.emplace();
  v.source.rules->normalizer = normalizer;
  v.source.rules->preTokenizer = preTokenizer;
  v.source.rules->added.resize(v.source.tokens.size());
  return v;
}

static std::string refused(const Vocabulary &v) {
  try {
    buildTokenizer(v.source);
  } catch (const Error &error) {
    return error.what();
  }
  return "accepted";
}

TEST(TokenizerRules, AddedTokensTakeSpaces) {
  Vocabulary v = byRules();
  auto &added = v.source.rules->added;
  added[258] = AddedLStrip | AddedRStrip; // [mask]
  auto table = buildTokenizer(v.source);
  EXPECT_EQ(Tokenizer(table).encode("hello \t [mask]  hello", false, false),
            Ids({262, 258, 262}));
  added[258] = 0;
  table = buildTokenizer(v.source);
  EXPECT_EQ(Tokenizer(table).encode("hello [mask]", false, false).size(), 3u);
}

TEST(TokenizerRules, AddedTokensAsSingleWords) {
  Vocabulary v = byRules();
  int32_t word = v.add("hel", TokenType::UserDefined);
  v.source.rules->added.push_back(AddedSingleWord);
  auto table = buildTokenizer(v.source);
  Tokenizer t(table);
  EXPECT_EQ(t.encode("hello", false, false), Ids({262}));
  EXPECT_EQ(t.encode("hel", false, false), Ids({word}));
  EXPECT_EQ(t.encode("(hel)", false, false).at(1), word);
  EXPECT_EQ(t.encode("\u00e9hel", false, false).size(), 4u);
}

TEST(TokenizerRules, NormalizedTokensMatchNormalizedText) {
  Vocabulary v = byRules(R"({"type":"Lowercase"})");
  int32_t normal = v.add("Yes", TokenType::UserDefined);
  int32_t literal = v.add("NO", TokenType::UserDefined);
  v.source.rules->added.push_back(AddedNormalized);
  v.source.rules->added.push_back(0);
  auto table = buildTokenizer(v.source);
  Tokenizer t(table);
  EXPECT_EQ(t.encode("YES", false, false), Ids({normal}));
  EXPECT_EQ(t.encode("NO", false, false), Ids({literal}));
  EXPECT_EQ(t.encode("no", false, false).size(), 2u);
  EXPECT_EQ(t.encode("HELLO", false, false), Ids({262}));
}

TEST(TokenizerRules, UnknownRulesAreNamed) {
  EXPECT_EQ(refused(byRules(R"({"type":"BertNormalizer"})")),
            "tokenizer.json: key 'normalizer.type' is 'BertNormalizer', which "
            "is not supported");
  EXPECT_EQ(refused(byRules(R"({"type":"Sequence","normalizers":[
              {"type":"NFC"},{"type":"Strip","strip_left":1}]})")),
            "tokenizer.json: key 'normalizer.normalizers[1].strip_left' is no "
            "boolean");
  EXPECT_EQ(refused(byRules("", R"({"type":"UnicodeScripts"})")),
            "tokenizer.json: key 'pre_tokenizer.type' is 'UnicodeScripts', "
            "which is not supported");
  EXPECT_EQ(refused(byRules("", R"({"type":"Split","behavior":"Isolated",
              "pattern":{"Regex":"a(b"}})")),
            "tokenizer.json: key 'pre_tokenizer.pattern.Regex' has a pattern "
            "with offset 3: '( without )' is not supported");
  EXPECT_EQ(refused(byRules("", R"({"type":"Split","behavior":"Other",
              "pattern":{"String":"a"}})")),
            "tokenizer.json: key 'pre_tokenizer.behavior' is 'Other', which is "
            "not supported");
  EXPECT_EQ(refused(byRules("", R"({"type":"Digits"})")),
            "tokenizer.json: key 'pre_tokenizer' has no ByteLevel, which is "
            "not supported with this model");
}

// Whatever a tokenizer.json says, the answer is one line.
TEST(TokenizerRules, HostileRulesAreOneLine) {
  std::string deep(100000, '[');
  std::string nested = R"({"type":"NFC"})";
  for (int i = 0; i < 40; ++i)
    nested = R"({"type":"Sequence","normalizers":[)" + nested + "]}";
  for (const std::string &json :
       {deep, nested, std::string("{"), std::string("7"), std::string("[]"),
        std::string("{}"), std::string(R"({"type":7})"),
        std::string(R"({"type":"\n\u0000"})"),
        std::string(R"({"type":"Sequence","normalizers":{}})"),
        std::string(R"({"type":"Sequence","normalizers":[null]})"),
        std::string(R"({"type":"Replace","pattern":{"Regex":7}})"),
        std::string(R"({"type":"Replace","pattern":{},"content":""})"),
        std::string(R"({"type":"Precompiled","precompiled_charsmap":"A"})"),
        std::string(R"({"type":"Precompiled","precompiled_charsmap":"//8="})"),
        std::string(R"({"type":"Precompiled","precompiled_charsmap":"?"})"),
        std::string(R"({"type":"Precompiled",
                        "precompiled_charsmap":"////fwAAAAA="})")}) {
    std::string message = refused(byRules(json));
    EXPECT_TRUE(message.starts_with("tokenizer.json: key 'normalizer"))
        << message;
    EXPECT_EQ(message.find('\n'), message.npos) << message;
    EXPECT_LT(message.size(), 400u);
  }
}

TEST(TokenizerRules, HostilePatternsGiveUp) {
  // All ways to cut a line: 2^60 of them.
  Vocabulary v = byRules("", R"({"type":"Sequence","pretokenizers":[
    {"type":"Split","behavior":"Isolated","pattern":{"Regex":"(a+)+$"}},
    {"type":"ByteLevel","use_regex":false,"add_prefix_space":false}]})");
  auto table = buildTokenizer(v.source);
  EXPECT_THROW(
      Tokenizer(table).encode(std::string(60, 'a') + "b", false, false), Error);
}

TEST(OnigPattern, SaysTheSameInAnotherSyntax) {
  using tokenizer::translateOnigPattern;
  EXPECT_EQ(translateOnigPattern("a{1,3}+"), "(?:a{1,3})+");
  EXPECT_EQ(translateOnigPattern("(ab){,2}c"), "(?:ab){0,2}c");
  EXPECT_EQ(translateOnigPattern("[a[bc]-]"), "[abc-]");
  EXPECT_EQ(translateOnigPattern("\\h\\v"), "[0-9a-fA-F]\\x0b");
  // To the end of the group around it, "|" included.
  EXPECT_EQ(translateOnigPattern("a(?i)b|c"), "a(?i:b|c)");
  EXPECT_EQ(translateOnigPattern("(a|(?i)b(?i)|c)+d|e"),
            "(?:a|(?i:b(?i:|c)))+d|e");
  for (const char *bad : {"[a&&b]", "[[:alpha:]]", "\\G", "\\R", "(?~a)", "[a",
                          ")", "(", "(?<n>a)", "\\k<n>", "\\x", "[^[^a]]"})
    EXPECT_THROW(translateOnigPattern(bad), Error) << bad;
}

TEST(CharsMap, NothingInItIsTrusted) {
  using tokenizer::CharsMap;
  EXPECT_THROW(CharsMap::check(""), Error);
  EXPECT_THROW(CharsMap::check(std::string("\xff\xff\xff\x7f", 4)), Error);
  // Offsets that lead everywhere: bytes of any kind never read out of bounds.
  std::string out;
  for (unsigned seed = 1; seed < 400; ++seed) {
    std::string bytes("\x40\x00\x00\x00", 4);
    unsigned x = seed;
    for (int i = 0; i < 80; ++i)
      bytes += static_cast<char>((x = x * 1664525 + 1013904223) >> 24);
    CharsMap map(bytes);
    for (std::string text : {"abc", "\u00e9\u6f22 ", "e\u0301x"}) {
      map.applyLongest(text, out);
      map.applyClusters(text, out);
    }
  }
}

// What comes out is matched by PCRE2 without a check.
TEST(CharsMap, MakesNothingButCharacters) {
  using namespace tokenizer;
  for (StepKind kind : {StepKind::CharsLongest, StepKind::CharsCluster}) {
    Pattern::Scratch scratch;
    auto applied = [&](const std::string &replacement) {
      std::vector<TextStep> steps;
      steps.push_back({kind, 0, "", mapOfA(replacement)});
      std::string text = "xa\u00e9";
      TextNormalizer(std::move(steps)).apply(text, scratch);
      return text;
    };
    EXPECT_EQ(applied("b"), "xb\u00e9");
    EXPECT_EQ(applied("\xc3"), "x\ufffd\u00e9");
    EXPECT_EQ(applied("\xff\x80"), "x\ufffd\ufffd\u00e9");
  }
}
