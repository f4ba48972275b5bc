//===- Vocabulary.cpp - Reading a model file's vocabulary -------*- C++ -*-===//
//
// Byte-level BPE writes bytes as printable characters (Radford et al. 2019, the
// bytes_to_unicode table of their code): '!'..'~', U+A1..U+AC and U+AE..U+FF
// stand for themselves, and the 68 others, in order, are U+0100 and on. Token
// texts are stored decoded, so that nothing has to be mapped when text is
// encoded or decoded.
//
//===----------------------------------------------------------------------===//

#include "Error.h"
#include "text/TokenizerBuild.h"
#include "text/Utf8.h"

#include <algorithm>
#include <string>
#include <tuple>
#include <utility>

namespace quern::tokenizer {

/// A token's text in a message: short, and on one line.
static std::string quoted(std::string_view text) {
  std::string out = "'";
  for (char c : text.substr(0, 40))
    out += static_cast<unsigned char>(c) < 0x20 ? '?' : c;
  out += text.size() > 40 ? "...'" : "'";
  return out;
}

/// The byte that `code` stands for in byte-level BPE, or -1.
static int byteOf(char32_t code) {
  auto plain = [](char32_t c) {
    return (c >= 0x21 && c <= 0x7e) || (c >= 0xa1 && c <= 0xac) ||
           (c >= 0xae && c <= 0xff);
  };
  if (plain(code))
    return static_cast<int>(code);
  if (code < 0x100 || code >= 0x100 + 68)
    return -1;
  char32_t left = code - 0x100;
  for (int byte = 0; byte < 256; ++byte)
    if (!plain(static_cast<char32_t>(byte)) && left-- == 0)
      return byte;
  return -1;
}

/// Bytes of a byte-level token, or its own text if it is not written so.
static std::string decodeByteLevel(std::string_view text) {
  std::string out;
  for (size_t pos = 0; pos < text.size();) {
    utf8::Char c = utf8::decode(text.substr(pos));
    int byte = c.valid ? byteOf(c.code) : -1;
    if (byte < 0)
      return std::string(text);
    out.push_back(static_cast<char>(byte));
    pos += c.size;
  }
  return out;
}

/// The byte of "<0xXX>", or -1.
static int parseByteToken(std::string_view text) {
  if (text.size() != 6 || !text.starts_with("<0x") || text[5] != '>')
    return -1;
  int value = 0;
  for (char c : text.substr(3, 2)) {
    int digit = c >= '0' && c <= '9'   ? c - '0'
                : c >= 'A' && c <= 'F' ? c - 'A' + 10
                : c >= 'a' && c <= 'f' ? c - 'a' + 10
                                       : -1;
    if (digit < 0)
      return -1;
    value = value * 16 + digit;
  }
  return value;
}

static void checkCounts(const TokenizerSource &source, Model model) {
  size_t n = source.tokens.size();
  if (n == 0)
    throw Error("tokenizer.ggml.tokens: no tokens");
  if (n > INT32_MAX / 2)
    throw Error("tokenizer.ggml.tokens: more than 2^30 tokens");
  auto sameCount = [&](size_t count, const char *key) {
    if (count != n)
      throw Error(std::string(key) + ": " + std::to_string(count) +
                  " entries for " + std::to_string(n) + " tokens");
  };
  if (!source.types.empty())
    sameCount(source.types.size(), "tokenizer.ggml.token_type");
  if (model == Model::SentencePiece || model == Model::Unigram)
    sameCount(source.scores.size(), "tokenizer.ggml.scores");
  auto inRange = [&](int32_t id, const char *key) {
    if (id < -1 || id >= static_cast<int64_t>(n))
      throw Error(std::string(key) + ": " + std::to_string(id) +
                  " is not one of " + std::to_string(n) + " tokens");
  };
  inRange(source.bos, "tokenizer.ggml.bos_token_id");
  inRange(source.eos, "tokenizer.ggml.eos_token_id");
  inRange(source.unknown, "tokenizer.ggml.unknown_token_id");
  inRange(source.padding, "tokenizer.ggml.padding_token_id");
  if (source.rules && !source.rules->added.empty())
    sameCount(source.rules->added.size(), "tokenizer.json: added_tokens");
  for (int32_t id : source.extraEnd)
    if (id < 0 || static_cast<size_t>(id) >= n)
      throw Error("end-of-generation token: " + std::to_string(id) +
                  " is not one of " + std::to_string(n) + " tokens");
}

/// Fills in token `i` from its text in the file.
static void readToken(Vocabulary &out, size_t i, std::string_view text,
                      Model model, bool rules, bool marked, bool inModel) {
  TokenType type = out.types[i];
  std::string &decoded = out.texts[i];
  bool normal = type == TokenType::Normal || type == TokenType::Unused;
  if (type == TokenType::Byte) {
    int byte = parseByteToken(text);
    if (byte < 0)
      throw Error("tokenizer.ggml.tokens[" + std::to_string(i) +
                  "]: " + quoted(text) + " is no byte token");
    decoded.assign(1, static_cast<char>(byte));
    if (model != Model::ByteBpe)
      out.byteToken[byte] = static_cast<uint32_t>(i);
  } else if (model == Model::ByteBpe) {
    decoded = normal ? decodeByteLevel(text) : std::string(text);
    out.mergeable[i] = type == TokenType::Normal || inModel;
    if (out.mergeable[i] && decoded.size() == 1)
      out.byteToken[static_cast<uint8_t>(decoded[0])] =
          static_cast<uint32_t>(i);
  } else {
    decoded = marked ? unmarkSpaces(text) : std::string(text);
    // No text has a space where spaces are replaced.
    bool reachable = !rules || !marked || text.find(' ') == text.npos;
    out.mergeable[i] = (normal || inModel)
                           ? reachable
                           : !rules && type == TokenType::UserDefined;
  }
  // What is empty can neither be found nor printed.
  if (decoded.empty())
    out.mergeable[i] = false;
}

Vocabulary readVocabulary(const TokenizerSource &source, Model model,
                          bool marked) {
  checkCounts(source, model);
  size_t n = source.tokens.size();
  Vocabulary out;
  out.texts.resize(n);
  out.types.resize(n, TokenType::Normal);
  out.mergeable.resize(n);
  std::fill(std::begin(out.byteToken), std::end(out.byteToken), none);
  for (size_t i = 0; i < n; ++i) {
    if (!source.types.empty()) {
      int32_t type = source.types[i];
      if (type < 1 || type > 6)
        throw Error("tokenizer.ggml.token_type[" + std::to_string(i) +
                    "]: " + std::to_string(type) + " is no token type");
      out.types[i] = static_cast<TokenType>(type);
    }
    bool inModel = out.types[i] == TokenType::UserDefined && source.rules &&
                   !source.rules->added.empty() &&
                   (source.rules->added[i] & AddedInModel);
    readToken(out, i, source.tokens[i], model, source.rules.has_value(), marked,
              inModel);
  }
  return out;
}

uint32_t buildTrie(std::vector<SpecialKey> keys, std::vector<TrieNode> &nodes,
                   std::vector<uint32_t> &edges) {
  std::sort(keys.begin(), keys.end(),
            [](const SpecialKey &a, const SpecialKey &b) {
              return std::tie(a.text, a.id) < std::tie(b.text, b.id);
            });
  auto root = static_cast<uint32_t>(nodes.size());

  // Breadth first over ranges of keys with a common prefix: a node's children
  // come after it and side by side.
  struct Range {
    size_t first, last, depth;
  };
  std::vector<Range> ranges = {{0, keys.size(), 0}};
  for (size_t at = 0; at < ranges.size(); ++at) {
    auto [first, last, depth] = ranges[at];
    TrieNode node{static_cast<uint32_t>(edges.size()), 0, 0, 0, none};
    // Of equal texts the last one in the file wins.
    for (; first < last && keys[first].text.size() == depth; ++first) {
      node.token = keys[first].id;
      node.added = keys[first].added;
      node.alwaysBelow = keys[first].always;
    }
    while (first < last) {
      char byte = keys[first].text[depth];
      size_t end = first;
      while (end < last && keys[end].text[depth] == byte)
        ++end;
      if (root + ranges.size() >= (1u << 24))
        throw Error("tokenizer.ggml.tokens: special tokens are too long");
      edges.push_back(static_cast<uint32_t>(root + ranges.size()) << 8 |
                      static_cast<uint8_t>(byte));
      ranges.push_back({first, end, depth + 1});
      ++node.edgeCount;
      first = end;
    }
    nodes.push_back(node);
  }
  for (size_t i = nodes.size(); i-- > root;) {
    TrieNode &node = nodes[i];
    for (uint32_t e = 0; e < node.edgeCount; ++e)
      node.alwaysBelow |= nodes[edges[node.firstEdge + e] >> 8].alwaysBelow;
  }
  return root;
}

std::vector<int32_t> findEndTokens(const TokenizerSource &source,
                                   const Vocabulary &vocabulary) {
  static constexpr std::string_view names[] = {
      "<|im_end|>",
      "<|endoftext|>",
      "<|eot_id|>",
      "<end_of_turn>",
      "</s>",
      "<|end|>",
      "<|eom_id|>",
      "<eos>",
      "<|return|>",
      "<|call|>",
      "<EOT>",
      "_<EOT>",
      "<|eot|>",
      "<|end_of_text|>",
      "<|END_OF_TURN_TOKEN|>",
      "<|endofturn|>",
      "<|eos|>",
      "[EOS]",
      "<end_of_utterance>",
      "<\xef\xbd\x9c"
      "end\xe2\x96\x81of\xe2\x96\x81sentence\xef\xbd\x9c>"};
  std::vector<int32_t> out = source.extraEnd;
  if (source.eos >= 0)
    out.push_back(source.eos);
  bool hasReturn = false, hasCall = false;
  int32_t messageEnd = -1;
  for (size_t i = 0; i < vocabulary.texts.size(); ++i) {
    if (vocabulary.types[i] != TokenType::Control)
      continue;
    const std::string &text = vocabulary.texts[i];
    hasReturn |= text == "<|return|>";
    hasCall |= text == "<|call|>";
    if (text == "<|end|>")
      messageEnd = static_cast<int32_t>(i);
    else if (std::find(std::begin(names), std::end(names), text) !=
             std::end(names))
      out.push_back(static_cast<int32_t>(i));
  }
  // Where <|return|> and <|call|> end a turn, <|end|> ends one message of it.
  if (messageEnd >= 0 && !(hasReturn && hasCall))
    out.push_back(messageEnd);
  std::sort(out.begin(), out.end());
  out.erase(std::unique(out.begin(), out.end()), out.end());
  return out;
}

} // namespace quern::tokenizer
