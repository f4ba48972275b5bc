//===- fuzz_tokenizer.cpp - Fuzzing tokenizers -----------------*- C++ -*-===//
//
// Two kinds of input. One that begins with the magic number of a table is a
// table, as an artifact has it, and the last bytes of it are the text as well.
// Any other is the vocabulary of a model file, a line for each entry:
//
//   gpt2 llama-3 3     model, pre-tokenizer, a number whose bits are addBos,
//                      addEos, addSpacePrefix, removeExtraSpaces
//   B                  all bytes as tokens, in the model's way
//   T 3 -1.5 <s>       a token: type, score, text
//   M a b              a merge
//   I 0 1 2 3          the ids of BOS, EOS, unknown and padding
//   E 5                a further token that ends generation
//   C 7f00             the character map, in hexadecimal digits
//   N {...}            a normalizer of tokenizer.json; C is one, too, if there is
//   P {...}            a pre-tokenizer, or
//   D {...}            a decoder of it
//   X some text        text to encode, many lines of it as one
//
//===----------------------------------------------------------------------===//
#include "Message.h"
#include "runtime/text/Tokenizer.h"
#include "runtime/text/Utf8.h"

#include <cstdlib>
#include <cstring>
#include <deque>

using namespace quern;

static void check(bool good) {
  if (!good)
    std::abort();
}

/// Looks at all that a tokenizer says of itself and of `text`.
static void use(const Tokenizer &tokenizer, std::string_view text,
                bool roundTrip) {
  auto size = static_cast<int32_t>(tokenizer.size());
  size_t total = 0;
  for (int32_t id = -1; id <= size; ++id)
    total += tokenizer.piece(id).size() + tokenizer.isEnd(id) +
             tokenizer.isControl(id);
  for (int32_t id : tokenizer.endTokens())
    check(id >= 0 && id < size);
  check(total + 1 > 0 && tokenizer.findSpecial(text) < size);
  tokenizer.startsWithControl(text);
  for (bool special : {false, true}) {
    std::vector<int32_t> ids = tokenizer.encode(text, special, special);
    for (int32_t id : ids)
      check(id >= 0 && id < size);
    tokenizer.decode(ids);
    std::string back = tokenizer.decode(ids, /*special=*/true);
    if (roundTrip && !special && utf8::validPrefix(text) == text.size())
      check(back == text);
  }
}

namespace {
/// The vocabulary that the lines describe.
struct Lines {
  TokenizerSource source;
  std::deque<std::string> strings;
  std::string text, map;
  bool bytes = false, others = false;

  explicit Lines(std::string_view input);
  void line(char kind, std::string_view rest);
  void addBytes();
  void add(std::string token, int32_t type, float score) {
    strings.push_back(std::move(token));
    source.tokens.push_back(strings.back());
    source.types.push_back(type);
    source.scores.push_back(score);
  }
};
} // namespace

/// Takes the part of `rest` before the next space.
static std::string word(std::string_view &rest) {
  size_t space = std::min(rest.find(' '), rest.size());
  std::string out(rest.substr(0, space));
  rest.remove_prefix(std::min(space + 1, rest.size()));
  return out;
}

static int32_t number(std::string_view &rest) {
  return static_cast<int32_t>(std::strtol(word(rest).c_str(), nullptr, 10));
}

/// Of pairs of hexadecimal digits.
static std::string bytesOf(std::string_view digits) {
  std::string out;
  auto value = [](char c) {
    return c >= 'a' ? c - 'a' + 10 : c >= 'A' ? c - 'A' + 10 : c - '0';
  };
  for (size_t i = 0; i + 1 < digits.size(); i += 2)
    out += static_cast<char>(16 * value(digits[i]) + value(digits[i + 1]));
  return out;
}

static std::string base64(const std::string &bytes) {
  constexpr char digits[] =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string out;
  for (size_t i = 0; i < bytes.size(); i += 3) {
    uint32_t group = 0;
    for (size_t j = 0; j < 3; ++j)
      group = group << 8 | (i + j < bytes.size() ? uint8_t(bytes[i + j]) : 0);
    for (size_t j = 0; j < 4; ++j)
      out += j <= bytes.size() - i ? digits[group >> (18 - 6 * j) & 63] : '=';
  }
  return out;
}

Lines::Lines(std::string_view input) {
  size_t end = std::min(input.find('\n'), input.size());
  std::string_view first = input.substr(0, end);
  source.model = word(first);
  source.pre = word(first);
  int32_t flags = number(first);
  source.addBos = flags & 1, source.addEos = flags & 2;
  source.addSpacePrefix = flags & 4, source.removeExtraSpaces = flags & 8;
  while (end < input.size()) {
    input.remove_prefix(end + 1);
    end = std::min(input.find('\n'), input.size());
    if (end > 0)
      line(input[0], input.substr(std::min<size_t>(2, end),
                                  end - std::min<size_t>(2, end)));
  }
  if (source.rules && !map.empty())
    source.rules->normalizer =
        R"({"type":"Precompiled","precompiled_charsmap":")" + base64(map) +
        "\"}";
  else
    source.charsMap = map;
}

void Lines::line(char kind, std::string_view rest) {
  if (kind == 'B' && !bytes)
    addBytes();
  if (kind == 'T') {
    int32_t type = number(rest);
    float score = std::strtof(word(rest).c_str(), nullptr);
    add(std::string(rest), type, score);
    others |= type != 1;
  }
  if (kind == 'M') {
    strings.emplace_back(rest);
    source.merges.push_back(strings.back());
  }
  if (kind == 'I')
    for (int32_t *id :
         {&source.bos, &source.eos, &source.unknown, &source.padding})
      *id = number(rest);
  if (kind == 'E')
    source.extraEnd.push_back(number(rest));
  if (kind == 'C')
    map += bytesOf(rest);
  if (kind == 'N' || kind == 'P' || kind == 'D') {
    if (!source.rules)
      source.rules.emplace();
    (kind == 'N'   ? source.rules->normalizer
     : kind == 'P' ? source.rules->preTokenizer
                   : source.rules->decoder) = rest;
  }
  if (kind == 'X') {
    text += text.empty() ? "" : "\n";
    text += rest;
  }
}

void Lines::addBytes() {
  bytes = true;
  int extra = 0;
  for (int byte = 0; byte < 256; ++byte) {
    char name[8];
    std::snprintf(name, sizeof(name), "<0x%02X>", byte);
    bool plain = (byte >= 0x21 && byte <= 0x7e) ||
                 (byte >= 0xa1 && byte <= 0xac) || byte >= 0xae;
    std::string letter;
    utf8::append(letter, static_cast<char32_t>(plain ? byte : 0x100 + extra++));
    bool gpt2 = source.model == "gpt2";
    add(gpt2 ? letter : name, gpt2 ? 1 : 6, 0);
  }
}

extern "C" int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  std::string_view input(reinterpret_cast<const char *>(data), size);
  try {
    if (input.starts_with("QNTOK")) {
      // From the heap, aligned, and with nothing behind it.
      std::vector<uint8_t> table(data, data + size);
      table.shrink_to_fit();
      use(Tokenizer(table), input.substr(size - std::min<size_t>(size, 300)),
          false);
      return 0;
    }
    Lines lines(input);
    std::vector<uint8_t> table = buildTokenizer(lines.source);
    // Bytes in, bytes out: for all text where all bytes are tokens.
    bool roundTrip =
        lines.source.model == "gpt2" && lines.bytes && !lines.others;
    use(Tokenizer(table), lines.text, roundTrip);
  } catch (const Error &error) {
    test::checkMessage(error);
  }
  return 0;
}
