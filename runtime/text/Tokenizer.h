//===- Tokenizer.h - Text to token ids and back ----------------*- C++ -*-===//
//
// A tokenizer has two lives. When a model is compiled, `buildTokenizer` turns
// the vocabulary of its file into one flat table: token bytes, hash tables and
// a trie of the special tokens, all addressed by offsets. When the artifact
// starts, `Tokenizer` opens that table in place, wherever it is mapped: it
// checks it once and copies nothing.
//
// Three of four algorithms share everything but the question "what do these two
// neighbours merge into":
//   * "gpt2", byte-level BPE (Sennrich et al. 2016; Radford et al. 2019): text
//     is cut into words by the model's patterns, and each word's bytes are
//     merged in the order of the merge list.
//   * "llama", SentencePiece BPE (Kudo and Richardson 2018): neighbours whose
//     concatenation is a token merge, best score first; what is no token in the
//     end becomes byte tokens <0xXX>.
//   * "bpe": characters (or byte tokens for those that are no token), merged in
//     the order of a merge list, as tokenizer.json has SentencePiece BPE.
// Ties go to the leftmost pair in all of them. A fourth one does not merge:
//   * "t5", SentencePiece unigram (Kudo 2018): of all ways to cut text into
//     tokens, the one with the highest sum of scores (log probabilities).
//
// Before that, text is changed and cut into words as the model's file says: by
// the family that a GGUF file names, or by the rules that a tokenizer.json
// writes out (TextSteps.h).
//
// Input is bytes and need not be valid UTF-8: each maximal invalid part counts
// as one U+FFFD, as Python's errors="replace" has it.
//
//===----------------------------------------------------------------------===//
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace quern {

/// Kinds of token; the values are those of GGUF's tokenizer.ggml.token_type.
enum class TokenType : uint8_t {
  Normal = 1,
  Unknown = 2,
  Control = 3,     ///< matched in text only where the caller asks for it
  UserDefined = 4, ///< matched in text always, before any merging
  Unused = 5,
  Byte = 6, ///< "<0xXX>"
};

/// Attributes of an added token, as in tokenizer.json.
enum AddedToken : uint8_t {
  AddedLStrip = 1,     ///< takes the white space before it
  AddedRStrip = 2,     ///< takes the white space behind it
  AddedSingleWord = 4, ///< not next to a part of a word
  AddedNormalized = 8, ///< looked for in normalized text, else before
  AddedInModel = 16,   ///< a token of the model too
};

/// The rules of a tokenizer.json.
struct TokenizerRules {
  /// JSON, or empty for null. The pre-tokenizer is not read where `pre` of the
  /// source names it.
  std::string normalizer, preTokenizer, decoder;
  std::vector<uint8_t> added; ///< one a token, or none: bits of AddedToken
  bool ignoreMerges = false;  ///< a word that is a token is that token
  bool fuseUnknown = false;   ///< a run of unknown characters is one token
};

/// A vocabulary as a model file has it. Views must live until `buildTokenizer`
/// returns. Defaults that depend on the model (whether it adds BOS where its
/// file does not say) are the importer's to resolve.
struct TokenizerSource {
  std::string model; ///< "gpt2", "llama", "t5" or "bpe"
  std::string pre;   ///< pre-tokenizer of "gpt2"; ignored by the others
  std::vector<std::string_view> tokens; ///< as in the file: Ġ or ▁ for a space
  std::vector<double> scores;           ///< "llama", "t5": one a token
  std::vector<int32_t> types;           ///< one a token, or none: all normal
  /// "gpt2", "bpe": "left right", by priority.
  std::vector<std::string_view> merges;
  int32_t bos = -1, eos = -1, unknown = -1, padding = -1; ///< -1: none
  bool addBos = false, addEos = false, addSpacePrefix = false;
  /// "t5": runs of spaces count as one, and none at either end.
  bool removeExtraSpaces = false;
  std::vector<int32_t> extraEnd; ///< further tokens that end a generation
  /// "t5": the bytes of tokenizer.ggml.precompiled_charsmap, or empty.
  std::string charsMap;
  /// What a tokenizer.json says beyond that; it then decides about text, and
  /// `addSpacePrefix`, `removeExtraSpaces` and `charsMap` are ignored.
  std::optional<TokenizerRules> rules;
};

/// Lays out the table that `Tokenizer` opens. Compile time only. Throws Error
/// naming the metadata key that is wrong, e.g.
/// "tokenizer.ggml.merges[12]: 'q xz' makes no token".
///
/// Tokens that end a generation are `eos`, `extraEnd`, and every control token
/// with a well-known end name (<|im_end|>, <|eot_id|>, <end_of_turn>, ...).
///
/// Control tokens never arise by merging: text is not able to spell one unless
/// the caller of `encode` asks to parse them.
std::vector<uint8_t> buildTokenizer(const TokenizerSource &source);

/// The names of all pre-tokenizers that "gpt2" models may name, for messages.
std::vector<std::string_view> preTokenizerNames();

/// A tokenizer over a table that somebody else keeps alive (and aligned to 8
/// bytes). All const members may be called from any number of threads at once.
class Tokenizer {
public:
  /// Checks every offset and id in `table`, throws Error if one is out of
  /// range. Takes time linear in the vocabulary with a tiny constant (0.3 ms
  /// for 262,144 tokens), and no memory that grows with it.
  explicit Tokenizer(std::span<const uint8_t> table);
  ~Tokenizer();
  Tokenizer(Tokenizer &&) noexcept;
  Tokenizer &operator=(Tokenizer &&) noexcept;

  /// The ids of `text`. `parseSpecial` also recognizes control tokens in it
  /// (for rendered templates, never for what a user typed). `addBos` allows the
  /// BOS and EOS that the model asks for. Time is O(n log n) for any text.
  std::vector<int32_t> encode(std::string_view text, bool parseSpecial,
                              bool addBos) const;

  /// The bytes of one token: a space for Ġ or ▁, the byte for <0xXX>, the name
  /// for a control token. Empty for an id out of range. Lives in the table.
  std::string_view piece(int32_t id) const;

  /// The bytes of all tokens. Control and unknown tokens are left out unless
  /// `special`; the space that `encode` put before the text is taken off.
  std::string decode(std::span<const int32_t> ids, bool special = false) const;

  /// Whether generation stops after this token.
  bool isEnd(int32_t id) const;
  /// All tokens for which `isEnd` holds, ascending.
  std::span<const int32_t> endTokens() const;
  /// Whether the token is a control or unknown token: nothing to show a user.
  bool isControl(int32_t id) const;
  /// The token whose text is exactly `text`, control tokens included, or -1.
  /// Searches special tokens only.
  int32_t findSpecial(std::string_view text) const;
  /// Whether `encode` with `parseSpecial` would find a control token at the
  /// beginning of `text`.
  bool startsWithControl(std::string_view text) const;

  int32_t bos() const;     ///< -1: none
  int32_t eos() const;     ///< -1: none
  int32_t unknown() const; ///< -1: none
  int32_t padding() const; ///< -1: none
  bool addsBos() const;
  bool addsEos() const;
  /// Number of tokens; ids are 0 .. size() - 1.
  size_t size() const;

private:
  struct Impl;
  std::unique_ptr<Impl> impl;
};

/// Cuts a stream of bytes at character boundaries, so that what is printed
/// token by token is valid UTF-8 at every moment.
class Utf8Stream {
public:
  /// Takes the next bytes and returns all characters complete by now. Bytes
  /// that cannot be part of any character become U+FFFD, one for each maximal
  /// invalid part (Unicode 15, section 3.9, "substitution of maximal
  /// subparts"), as soon as that is certain.
  std::string push(std::string_view bytes);
  /// Returns what is left: U+FFFD for a character that was never completed.
  std::string finish();

private:
  std::string pending; ///< at most 3 bytes: the start of a character
};

} // namespace quern
