//===- TokenizerBuildTest.cpp - What tables refuse --------------*- C++ -*-===//

#include "Error.h"
#include "Vocabularies.h"

#include <gtest/gtest.h>

#include <cmath>
#include <cstring>
#include <random>

using namespace quern;
using namespace quern::test;

template <typename ChangeFn>
static std::string refused(Vocabulary v, ChangeFn &&change) {
  // Views into small strings do not survive a move of the vocabulary.
  for (size_t i = 0, t = 0, m = 0; i < v.strings.size(); ++i) {
    bool merge = m < v.source.merges.size() &&
                 v.strings[i].find(' ', 1) != std::string::npos;
    (merge ? v.source.merges[m++] : v.source.tokens[t++]) = v.strings[i];
  }
  change(v);
  try {
    buildTokenizer(v.source);
  } catch (const Error &error) {
    return error.what();
  }
  return "accepted";
}

TEST(TokenizerBuild, NamesTheKeyThatIsWrong) {
  auto bytes = [](auto change) { return refused(byteVocabulary(), change); };
  auto pieces = [](auto change) { return refused(pieceVocabulary(), change); };
  using V = Vocabulary;
  EXPECT_EQ(bytes([](V &v) { v.source.model = "bert"; }),
            "tokenizer.ggml.model: unknown tokenizer 'bert'");
  std::string unknown = bytes([](V &v) { v.source.pre = "nope"; });
  EXPECT_TRUE(unknown.starts_with(
      "tokenizer.ggml.pre: unknown pre-tokenizer 'nope', expected one of "));
  EXPECT_NE(unknown.find(", llama-bpe, "), unknown.npos);
  EXPECT_EQ(bytes([](V &v) { v.source.merges[1] = "q xz"; }),
            "tokenizer.ggml.merges[1]: 'q xz' has a part that is no token");
  EXPECT_EQ(bytes([](V &v) { v.source.merges[1] = "q z"; }),
            "tokenizer.ggml.merges[1]: 'q z' makes no token");
  EXPECT_EQ(bytes([](V &v) { v.source.merges[0] = "he"; }),
            "tokenizer.ggml.merges[0]: 'he' is not two tokens with a space "
            "between them");
  EXPECT_EQ(bytes([](V &v) { v.source.types.pop_back(); }),
            "tokenizer.ggml.token_type: 265 entries for 266 tokens");
  EXPECT_EQ(bytes([](V &v) { v.source.types[3] = 9; }),
            "tokenizer.ggml.token_type[3]: 9 is no token type");
  EXPECT_EQ(bytes([](V &v) { v.source.bos = 1000; }),
            "tokenizer.ggml.bos_token_id: 1000 is not one of 266 tokens");
  EXPECT_EQ(bytes([](V &v) { v.source.eos = -2; }),
            "tokenizer.ggml.eos_token_id: -2 is not one of 266 tokens");
  EXPECT_EQ(bytes([](V &v) { v.source.tokens.clear(); }),
            "tokenizer.ggml.tokens: no tokens");
  EXPECT_EQ(pieces([](V &v) { v.source.scores.pop_back(); }),
            "tokenizer.ggml.scores: 270 entries for 271 tokens");
  EXPECT_EQ(pieces([](V &v) { v.source.scores[7] = NAN; }),
            "tokenizer.ggml.scores[7]: not a number");
  EXPECT_EQ(pieces([](V &v) { v.source.tokens[3] = "<0xZZ>"; }),
            "tokenizer.ggml.tokens[3]: '<0xZZ>' is no byte token");
  EXPECT_EQ(pieces([](V &v) { v.source.tokens[3] = "<0x-1>"; }),
            "tokenizer.ggml.tokens[3]: '<0x-1>' is no byte token");
  EXPECT_EQ(pieces([](V &v) {
              v.source.model = "t5";
              v.source.scores[7] = -INFINITY;
            }),
            "tokenizer.ggml.scores[7]: not finite");
}

TEST(TokenizerBuild, NoTwoPreTokenizersShareAName) {
  std::vector<std::string_view> names = preTokenizerNames();
  for (size_t i = 1; i < names.size(); ++i)
    EXPECT_LT(names[i - 1], names[i]);
  // Every pattern compiles, and cuts nothing off.
  for (std::string_view name : names) {
    Vocabulary v = byteVocabulary(std::string(name));
    for (char c : std::string(" 123456Helowrd!\r\n"))
      v.add(std::string(1, c), TokenType::Normal); // for those over characters
    for (const char *c : {"\u00f6", "\u00bd", "\u6f22"})
      v.add(c, TokenType::Normal);
    auto table = buildTokenizer(v.source);
    std::string text = "Hello w\u00f6rld 12\u00bd3456!\r\n\n  \u6f22 ";
    EXPECT_EQ(
        Tokenizer(table).decode(Tokenizer(table).encode(text, false, false)),
        text)
        << name;
  }
}

TEST(TokenizerBuild, TextNeverSpellsControlTokens) {
  Vocabulary v = byteVocabulary();
  v.merge("x", "y");
  v.source.types.back() = static_cast<int32_t>(TokenType::Control);
  auto table = buildTokenizer(v.source);
  EXPECT_EQ(Tokenizer(table).encode("xy", false, false).size(), 2u);
  EXPECT_EQ(Tokenizer(table).encode("xy", true, false).size(), 1u);
}

TEST(TokenizerBuild, IsPositionIndependent) {
  Vocabulary v = byteVocabulary();
  auto table = buildTokenizer(v.source);
  auto copy = table;
  EXPECT_EQ(Tokenizer(copy).encode("hello w", false, false),
            Tokenizer(table).encode("hello w", false, false));
  EXPECT_EQ(table, buildTokenizer(v.source));
}

TEST(TokenizerTable, RefusesWhatIsCutShort) {
  Vocabulary v = byteVocabulary();
  auto table = buildTokenizer(v.source);
  for (size_t size = 0; size < table.size(); size += 97)
    EXPECT_THROW(Tokenizer(std::span(table).first(size)), Error);
}

/// Whatever a damaged table says, opening it refuses or using it stays inside.
/// Run under AddressSanitizer to see more than crashes.
TEST(TokenizerTable, SurvivesDamage) {
  Vocabulary bytes = byteVocabulary(), pieces = pieceVocabulary();
  Vocabulary unigram = pieceVocabulary();
  unigram.source.model = "t5";
  for (const Vocabulary *v : {&bytes, &pieces, &unigram}) {
    const auto good = buildTokenizer(v->source);
    std::mt19937 rng(1);
    auto random = [&] { return static_cast<uint32_t>(rng()); };
    for (int round = 0; round < 4000; ++round) {
      auto bad = good;
      for (unsigned i = 0, n = 1 + rng() % 4; i < n; ++i) {
        // Mostly numbers that are on the edge of something.
        size_t at = rng() % (bad.size() / 4) * 4;
        uint32_t values[] = {0,          1,        0xffffffff,
                             0x7fffffff, random(), random() % 512};
        std::memcpy(bad.data() + at, &values[rng() % 6], 4);
      }
      try {
        Tokenizer t(bad);
        auto ids =
            t.encode("hello <|im_end|> abc\n\n\n aaaaa \xff\u6f22", true, true);
        ids.push_back(static_cast<int32_t>(rng()));
        t.decode(ids, true);
      } catch (const Error &) {
      }
    }
  }
}
