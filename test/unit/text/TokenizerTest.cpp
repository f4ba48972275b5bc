//===- TokenizerTest.cpp - Encoding and decoding ----------------*- C++ -*-===//

#include "Vocabularies.h"

#include <gtest/gtest.h>

using namespace quern;
using namespace quern::test;
using Ids = std::vector<int32_t>;

static std::vector<uint8_t> tableOf(const Vocabulary &v) {
  return buildTokenizer(v.source);
}

TEST(ByteBpe, MergesByRank) {
  auto table = tableOf(byteVocabulary());
  Tokenizer t(table);
  EXPECT_EQ(t.encode("hello", false, false), Ids({262}));
  EXPECT_EQ(t.encode("hello w", false, false), Ids({262, 263}));
  EXPECT_EQ(t.encode("hell", false, false), Ids({261}));
  EXPECT_EQ(t.encode("", false, true), Ids());
  EXPECT_EQ(t.piece(263), " w");
  EXPECT_EQ(t.piece(-1), "");
  EXPECT_EQ(t.piece(100000), "");
}

TEST(ByteBpe, ControlTokensOnlyWhereAsked) {
  auto table = tableOf(byteVocabulary());
  Tokenizer t(table);
  EXPECT_EQ(t.encode("<|im_end|>", true, false), Ids({257}));
  EXPECT_EQ(t.encode("hello<|im_end|>hello", true, false),
            Ids({262, 257, 262}));
  Ids plain = t.encode("<|im_end|>", false, false);
  EXPECT_EQ(plain.size(), 10u);
  EXPECT_EQ(t.decode(plain), "<|im_end|>");
  EXPECT_EQ(t.encode("a[mask]", false, false).back(), 258);
  EXPECT_EQ(t.findSpecial("<|im_start|>"), 256);
  EXPECT_EQ(t.findSpecial("<|im_"), -1);
  EXPECT_EQ(t.decode(Ids{256, 262, 257}), "hello");
  EXPECT_EQ(t.decode(Ids{256, 262}, true), "<|im_start|>hello");
}

TEST(ByteBpe, AddsBosAndEosIfTheModelDoes) {
  Vocabulary v = byteVocabulary();
  v.source.addBos = v.source.addEos = true;
  auto table = buildTokenizer(v.source);
  Tokenizer t(table);
  EXPECT_EQ(t.encode("hello", false, true), Ids({256, 262, 257}));
  EXPECT_EQ(t.encode("hello", false, false), Ids({262}));
}

TEST(ByteBpe, CutsDigitsAsThePreTokenizerSays) {
  for (auto [pre, words] : {std::pair("gpt-2", 1u),
                            {"smollm", 5u},
                            {"llama-bpe", 2u},
                            {"qwen2", 5u}}) {
    Vocabulary v = byteVocabulary(pre);
    // Merges that only words of more than one digit let happen.
    v.merge("1", "1");
    v.merge("11", "11");
    v.merge("1111", "1");
    v.merge("11", "1");
    auto table = buildTokenizer(v.source);
    EXPECT_EQ(Tokenizer(table).encode("11111", false, false).size(), words)
        << pre;
  }
}

TEST(ByteBpe, ReplacesInvalidBytes) {
  auto table = tableOf(byteVocabulary());
  Tokenizer t(table);
  // As Python's errors="replace": one U+FFFD for each maximal part.
  for (auto [text, want] :
       {std::pair("\xff", "\ufffd"),
        {"hello\x80hello", "hello\ufffdhello"},
        {"\xe6\xbc", "\ufffd"},
        {"a\xc3", "a\ufffd"},
        {"\xf0\x9f\x91 hello \xed\xa0\x80", "\ufffd hello \ufffd\ufffd\ufffd"}})
    EXPECT_EQ(t.decode(t.encode(text, true, true)), want);
}

TEST(ByteBpe, LongWordsTakeTheHeap) {
  auto table = tableOf(byteVocabulary());
  Tokenizer t(table);
  // Short words compare all pairs, long ones use a heap: the same result.
  for (size_t n : {39u, 40u, 41u, 42u, 43u, 400u}) {
    Ids ids = t.encode(std::string(n, 'a'), false, false);
    ASSERT_EQ(ids.size(), n / 4 + (n % 4 + 1) / 2) << n;
    EXPECT_EQ(ids[0], 265);
  }
}

TEST(SentencePiece, MergesByScore) {
  auto table = tableOf(pieceVocabulary());
  Tokenizer t(table);
  EXPECT_EQ(t.encode("abc", false, false), Ids({262, 266})); // bc before ab
  EXPECT_EQ(t.encode("ab", false, false), Ids({265}));
  EXPECT_EQ(t.encode(" a", false, false), Ids({267}));
  // ▁abc is reached through neither ▁a + bc nor anything else: bc, then ▁a.
  EXPECT_EQ(t.encode(" abc", false, false), Ids({268}));
  EXPECT_EQ(t.encode("aaaaa", false, false), Ids({270, 262}));
  EXPECT_EQ(t.encode("\u2581a", false, false), Ids({267}));
  EXPECT_EQ(t.piece(268), " abc");
}

TEST(SentencePiece, FallsBackToBytes) {
  auto table = tableOf(pieceVocabulary());
  Tokenizer t(table);
  EXPECT_EQ(t.encode("\u00e9", false, false), Ids({3 + 0xc3, 3 + 0xa9}));
  EXPECT_EQ(t.encode("\xff", false, false),
            Ids({3 + 0xef, 3 + 0xbf, 3 + 0xbd}));
  EXPECT_EQ(t.decode(t.encode("x\xe6\xbc\u6f22 a", false, false)),
            "x\ufffd\u6f22 a");
  // What spells a byte token is text.
  EXPECT_EQ(t.encode("<0x41>", false, false).size(), 6u);
}

TEST(SentencePiece, UnknownWhereThereAreNoBytes) {
  Vocabulary v;
  v.source.model = "llama";
  v.source.unknown = v.add("<unk>", TokenType::Unknown);
  v.add("a", TokenType::Normal);
  auto table = buildTokenizer(v.source);
  EXPECT_EQ(Tokenizer(table).encode("axyza", false, false), Ids({1, 0, 1}));
}

TEST(SentencePiece, UserDefinedTokensMatchFirstAndLongest) {
  auto table = tableOf(pieceVocabulary());
  Tokenizer t(table);
  EXPECT_EQ(t.encode("\n\n\n\n\n", false, false), Ids({260, 259}));
  EXPECT_EQ(t.encode("\n\n\n\n", false, false), Ids({260, 3 + '\n'}));
  EXPECT_EQ(t.encode("a\n\nb", false, false), Ids({262, 259, 263}));
  EXPECT_EQ(t.encode("</s>", true, false), Ids({2}));
  EXPECT_EQ(t.encode("</s>", false, false).size(), 4u);
}

TEST(SentencePiece, SpacePrefix) {
  Vocabulary v = pieceVocabulary();
  v.source.addSpacePrefix = true;
  auto table = buildTokenizer(v.source);
  Tokenizer t(table);
  EXPECT_EQ(t.encode("a", false, false), Ids({267}));
  EXPECT_EQ(t.encode("<s>a", true, false), Ids({1, 267}));
  EXPECT_EQ(t.decode(t.encode("a a", false, false)), "a a");
  EXPECT_EQ(t.encode("", false, false), Ids());
}

TEST(SentencePiece, UnusedTokensAreTakenApart) {
  Vocabulary v = pieceVocabulary();
  v.source.types[265] = static_cast<int32_t>(TokenType::Unused); // ab
  v.source.scores[265] = 0;                                      // the best
  auto table = buildTokenizer(v.source);
  EXPECT_EQ(Tokenizer(table).encode("ab", false, false), Ids({262, 263}));
}

/// Pieces with scores that make greedy merging go wrong.
static Vocabulary unigramVocabulary() {
  Vocabulary v = pieceVocabulary();
  v.source.model = "t5";
  v.source.scores = std::vector<double>(v.source.tokens.size(), -8);
  v.source.scores[265] = -1;   // ab
  v.source.scores[266] = -4;   // bc
  v.source.scores[268] = -6.5; // ▁abc
  return v;
}

TEST(Unigram, TakesTheBestSum) {
  auto table = tableOf(unigramVocabulary());
  Tokenizer t(table);
  EXPECT_EQ(t.encode("abc", false, false), Ids({265, 264})); // -9, not -12
  EXPECT_EQ(t.encode(" abc", false, false), Ids({268}));
  EXPECT_EQ(t.encode("aaa", false, false), Ids({262, 269})); // the first of two
  EXPECT_EQ(t.encode("a\u00e9", false, false), Ids({262, 3 + 0xc3, 3 + 0xa9}));
  EXPECT_EQ(t.decode(t.encode("c ab\xff", false, false)), "c ab\ufffd");
}

TEST(Unigram, MergesSpaces) {
  Vocabulary v = unigramVocabulary();
  v.source.addSpacePrefix = v.source.removeExtraSpaces = true;
  auto table = buildTokenizer(v.source);
  Tokenizer t(table);
  EXPECT_EQ(t.encode("  abc   abc ", false, false), Ids({268, 268}));
  EXPECT_EQ(t.encode("   ", false, false), Ids());
}

TEST(Tokenizer, EndTokens) {
  Vocabulary v = byteVocabulary();
  int32_t text = v.add("<|endoftext|>", TokenType::Control);
  v.add("</s>", TokenType::UserDefined); // an HTML tag, say
  int32_t extra = v.add("stop", TokenType::Normal);
  v.source.extraEnd = {extra};
  auto table = buildTokenizer(v.source);
  Tokenizer t(table);
  EXPECT_EQ(Ids(t.endTokens().begin(), t.endTokens().end()),
            Ids({257, text, extra}));
  EXPECT_TRUE(t.isEnd(257));
  EXPECT_FALSE(t.isEnd(text + 1));
  EXPECT_FALSE(t.isEnd(-1));
  EXPECT_FALSE(t.isEnd(1 << 30));
}

TEST(Tokenizer, EndOfMessageIsNotEndOfTurnForHarmony) {
  Vocabulary v = byteVocabulary();
  int32_t message = v.add("<|end|>", TokenType::Control);
  auto before = buildTokenizer(v.source);
  EXPECT_TRUE(Tokenizer(before).isEnd(message));
  v.add("<|return|>", TokenType::Control);
  v.add("<|call|>", TokenType::Control);
  auto after = buildTokenizer(v.source);
  EXPECT_FALSE(Tokenizer(after).isEnd(message));
}

TEST(Tokenizer, MegabytesWithoutSpacesAreNotQuadratic) {
  // Quadratic merging of these would take hours: finishing is the test.
  std::string text(1 << 20, 'a');
  Vocabulary bytes = byteVocabulary(), pieces = pieceVocabulary();
  Vocabulary unigram = unigramVocabulary();
  for (const Vocabulary *v : {&bytes, &pieces, &unigram}) {
    auto table = buildTokenizer(v->source);
    EXPECT_EQ(Tokenizer(table).encode(text, false, false).size(),
              text.size() / 4);
  }
}
