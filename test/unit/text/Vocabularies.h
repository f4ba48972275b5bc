//===- Vocabularies.h - Small vocabularies for tests -----------*- C++ -*-===//
//
// Complete enough to encode any text, small enough to read.
//
//===----------------------------------------------------------------------===//
#pragma once

#include "text/Tokenizer.h"
#include "text/Utf8.h"

#include <deque>
#include <string>

namespace quern::test {

/// A vocabulary that owns its strings.
struct Vocabulary {
  TokenizerSource source;
  std::deque<std::string> strings;

  int32_t add(std::string text, TokenType type, float score = 0) {
    strings.push_back(std::move(text));
    source.tokens.push_back(strings.back());
    source.types.push_back(static_cast<int32_t>(type));
    source.scores.push_back(score);
    return static_cast<int32_t>(source.tokens.size()) - 1;
  }
  void merge(const std::string &left, const std::string &right) {
    add(left + right, TokenType::Normal);
    strings.push_back(left + " " + right);
    source.merges.push_back(strings.back());
  }
};

/// Byte BPE: ids 0..255 are the bytes in GPT-2's order ('!' is 0), then
/// <|im_start|> 256, <|im_end|> 257, user-defined "[mask]" 258, then merges.
inline Vocabulary byteVocabulary(std::string pre = "gpt-2") {
  Vocabulary out;
  out.source.model = "gpt2";
  out.source.pre = std::move(pre);
  auto plain = [](int b) {
    return (b >= 0x21 && b <= 0x7e) || (b >= 0xa1 && b <= 0xac) || b >= 0xae;
  };
  auto letter = [](int code) {
    std::string text;
    utf8::append(text, static_cast<char32_t>(code));
    return text;
  };
  for (int b = 0; b < 256; ++b)
    if (plain(b))
      out.add(letter(b), TokenType::Normal);
  for (int i = 0; i < 68; ++i)
    out.add(letter(0x100 + i), TokenType::Normal);
  out.source.bos = out.add("<|im_start|>", TokenType::Control);
  out.source.eos = out.add("<|im_end|>", TokenType::Control);
  out.add("[mask]", TokenType::UserDefined);
  out.merge("h", "e");    // 259
  out.merge("l", "l");    // 260
  out.merge("he", "ll");  // 261
  out.merge("hell", "o"); // 262
  out.merge("Ġ", "w");    // 263
  out.merge("a", "a");    // 264
  out.merge("aa", "aa");  // 265
  return out;
}

/// SentencePiece: <unk> 0, <s> 1, </s> 2, bytes from 3 on, then pieces.
inline Vocabulary pieceVocabulary() {
  Vocabulary out;
  out.source.model = "llama";
  out.source.unknown = out.add("<unk>", TokenType::Unknown);
  out.source.bos = out.add("<s>", TokenType::Control);
  out.source.eos = out.add("</s>", TokenType::Control);
  constexpr const char *digits = "0123456789ABCDEF";
  for (int b = 0; b < 256; ++b)
    out.add(std::string("<0x") + digits[b / 16] + digits[b % 16] + ">",
            TokenType::Byte);
  out.add("\n\n", TokenType::UserDefined);       // 259
  out.add("\n\n\n", TokenType::UserDefined);     // 260
  for (std::string piece : {"▁", "a", "b", "c"}) // 261 ..
    out.add(piece, TokenType::Normal, -1000);
  out.add("ab", TokenType::Normal, -2);   // 265
  out.add("bc", TokenType::Normal, -1);   // 266
  out.add("▁a", TokenType::Normal, -3);   // 267
  out.add("▁abc", TokenType::Normal, -4); // 268
  out.add("aa", TokenType::Normal, -5);   // 269
  out.add("aaaa", TokenType::Normal, -6); // 270
  return out;
}

/// A SentencePiece character map that makes `text` of an "a".
inline std::string mapOfA(const std::string &text) {
  std::vector<uint32_t> units(256, 0x80000000u);
  units[0] = 1u << 10;
  units[1 ^ 'a'] = 'a' | 0x100 | (2u << 10);
  units[1 ^ 'a' ^ 2] = 0x80000000u;
  uint32_t size = 1024;
  std::string out(reinterpret_cast<const char *>(&size), 4);
  out.append(reinterpret_cast<const char *>(units.data()), size);
  return out + text + std::string(1, '\0');
}

} // namespace quern::test
