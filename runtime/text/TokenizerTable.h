//===- TokenizerTable.h - The tokenizer's flat layout ----------*- C++ -*-===//
//
// Internal to the tokenizer. A table is a header and sections, each an array
// at an 8-byte aligned offset from the start, little-endian. `TableView` is the
// checked view of one: whoever holds it may index by any id it finds inside.
//
// Hash tables use linear probing without deletion; the header stores the
// longest probe that the builder saw, so a lookup ends even in a full table.
//
//===----------------------------------------------------------------------===//
#pragma once

#include "text/TextSteps.h"
#include "text/Tokenizer.h"

#include <bit>
#include <cstring>

namespace quern::tokenizer {

inline constexpr char tableMagic[8] = {'Q', 'N', 'T', 'O', 'K', '0', '0', '2'};
inline constexpr uint32_t none = UINT32_MAX;

enum class Model : uint32_t {
  ByteBpe = 0,
  SentencePiece = 1,
  Unigram = 2,
  CharacterBpe = 3,
};

enum HeaderFlag : uint32_t {
  FlagAddBos = 1,
  FlagAddEos = 2,
  FlagSpacePrefix = 4,
  FlagMergeSpaces = 8,    ///< runs of spaces are one, none at the ends
  FlagRules = 16,         ///< of a tokenizer.json: steps say all about text
  FlagMarked = 32,        ///< U+2581 in words is a space
  FlagDropSpace = 64,     ///< `decode` takes off the first space
  FlagDropSpaces = 1024,  ///< `decode` takes all spaces off the first token
  FlagEachUnknown = 128,  ///< one token for each unknown character of a run
  FlagUnknownBytes = 256, ///< byte BPE: a missing byte is an unknown token
  FlagIgnoreMerges = 512, ///< a word that is a token is that token
};

/// Bits of a token's byte of flags; the low three are its TokenType.
enum TokenFlag : uint8_t {
  TypeMask = 7,
  FlagWhole = 8,      ///< merging its own bytes gives exactly this token
  FlagMergeable = 16, ///< may come out of a merge; is in the text table
  FlagEnd = 32,
};

/// Slot of the text table: token texts to ids. Empty: id == none.
struct TextSlot {
  uint32_t hash, id;
};
/// Slot of the merge table: pairs of ids to what they become. Empty: id ==
/// none. Lower ranks merge first.
struct MergeSlot {
  uint32_t left, right, rank, id;
};
/// Slot of the table of prefixes (Unigram): what a token may start with. Empty:
/// id == vacant; a prefix that is no token itself: id == none.
struct PrefixSlot {
  uint32_t tag, id;
};
inline constexpr uint32_t vacant = none - 1;
/// Node of the tries of special tokens. Children always have higher numbers.
struct TrieNode {
  uint32_t firstEdge; ///< index of its edges: node << 8 | byte, by byte
  uint16_t edgeCount;
  uint8_t alwaysBelow; ///< 1: a user-defined token lies here or below
  uint8_t added;       ///< of the token: bits of AddedToken
  uint32_t token;      ///< the token that ends here, or none
};
/// A TextStep; its strings are in the section of step text.
struct StepRef {
  StepKind kind;
  uint32_t flags;
  uint32_t pattern, patternSize, content, contentSize;
};

enum SectionId : uint32_t {
  TokenOffsets, ///< uint32_t[tokens + 1] into TokenBytes
  TokenBytes,   ///< char: what each token decodes to
  TokenFlags,   ///< uint8_t[tokens]
  TextSlots,
  TokenRanks,  ///< SentencePiece: uint32_t[tokens], 0 for the best score
  TokenScores, ///< Unigram: double[tokens], log probabilities
  PrefixSlots, ///< Unigram
  MergeSlots,  ///< BPE with a merge list
  Bridges,     ///< all but byte BPE: bitmap, see `bridgeBit`
  TrieNodes,
  TrieEdges,
  EndTokens, ///< int32_t, ascending
  Steps,     ///< those that change text first
  StepText,
  SectionCount,
};

struct Section {
  uint64_t offset, count; ///< bytes from the table's start, elements
};

struct Header {
  char magic[8];
  uint64_t bytes; ///< of the whole table
  Model model;
  uint32_t flags;
  uint32_t tokenCount;
  int32_t bos, eos, unknown, padding;
  uint32_t longestPiece; ///< bytes of the longest mergeable token
  uint32_t textProbes, mergeProbes, prefixProbes;
  uint32_t bridgeMask;     ///< bits of the bitmap - 1, a power of two
  uint32_t normalizedRoot; ///< of the trie for normalized text, or 0
  uint32_t prefixSeed;
  uint32_t reserved;
  double unknownScore;     ///< Unigram: of a character that is no token
  uint32_t byteToken[256]; ///< the token of a byte, or none
  Section sections[SectionCount];
};
static_assert(sizeof(Header) % 8 == 0);

/// How SentencePiece writes a space: U+2581.
inline constexpr std::string_view spaceMarker = "\xe2\x96\x81";
/// `text` with a space for every marker.
std::string unmarkSpaces(std::string_view text);

inline uint64_t mix(uint64_t h) {
  h ^= h >> 32;
  h *= 0xd6e8feb86659fd93u;
  h ^= h >> 32;
  return h;
}

inline uint64_t hashText(std::string_view text) {
  uint64_t h = text.size() * 0x9e3779b97f4a7c15u;
  const char *p = text.data();
  size_t n = text.size();
  uint64_t word = 0;
  for (; n >= 8; p += 8, n -= 8) {
    std::memcpy(&word, p, 8);
    h = (h ^ word) * 0xff51afd7ed558ccdu;
    h ^= h >> 32;
  }
  // The rest without a variable-length copy, which would be a call.
  word = 0;
  if (n >= 4) {
    uint32_t low, high;
    std::memcpy(&low, p, 4);
    std::memcpy(&high, p + n - 4, 4);
    word = uint64_t{high} << 32 | low;
  } else if (n > 0) {
    auto at = [&](size_t i) { return uint64_t{static_cast<uint8_t>(p[i])}; };
    word = at(0) | at(n / 2) << 8 | at(n - 1) << 16;
  }
  return mix(h ^ word);
}

inline uint64_t hashPair(uint32_t left, uint32_t right) {
  return mix((uint64_t{left} << 32 | right) * 0x9e3779b97f4a7c15u);
}

/// The hash of a prefix, one character after the other, from a seed on.
inline uint64_t hashNext(uint64_t h, char32_t code) {
  h = (h ^ code) * 0x9e3779b97f4a7c15u;
  return h ^ h >> 32;
}

/// The first slot to look at, in a table of `count` slots of any number.
inline size_t firstSlot(uint64_t hash, size_t count) {
  return static_cast<size_t>(((hash >> 32) * count) >> 32);
}

/// Bit of the pair of neighbouring characters in the bridge bitmap. A clear
/// bit proves that no token has the two side by side, hence that no merge ever
/// crosses between them, and that text may be cut there.
inline uint32_t bridgeBit(char32_t left, char32_t right, uint32_t mask) {
  return static_cast<uint32_t>(hashPair(left, right)) & mask;
}

/// A special token in a text.
struct SpecialMatch {
  uint32_t id = none;
  uint32_t size = 0; ///< bytes
  uint8_t added = 0; ///< bits of AddedToken
};

/// Checked access to a table.
class TableView {
public:
  /// Throws Error unless every offset, count and id in `table` is in range.
  explicit TableView(std::span<const uint8_t> table);

  const Header &header() const { return *head; }
  size_t size() const { return head->tokenCount; }

  std::string_view text(uint32_t id) const {
    return {bytes + offsets[id], offsets[id + 1] - offsets[id]};
  }
  uint8_t flags(uint32_t id) const { return tokenFlags[id]; }
  TokenType type(uint32_t id) const {
    return static_cast<TokenType>(tokenFlags[id] & TypeMask);
  }
  uint32_t rank(uint32_t id) const { return ranks[id]; }
  double score(uint32_t id) const { return scores[id]; }

  /// The mergeable token whose bytes are `key`, or none.
  uint32_t find(std::string_view key) const {
    if (key.size() > head->longestPiece)
      return none;
    uint64_t hash = hashText(key);
    size_t slot = firstSlot(hash, textCount);
    for (uint32_t probe = 0; probe <= head->textProbes; ++probe) {
      const TextSlot &s = textSlots[slot];
      if (s.id == none)
        return none;
      if (s.hash == static_cast<uint32_t>(hash) && text(s.id) == key)
        return s.id;
      if (++slot == textCount)
        slot = 0;
    }
    return none;
  }

  /// What two neighbouring tokens merge into, or nullptr.
  const MergeSlot *findMerge(uint32_t left, uint32_t right) const {
    size_t slot = firstSlot(hashPair(left, right), mergeCount);
    for (uint32_t probe = 0; probe <= head->mergeProbes; ++probe) {
      const MergeSlot &s = mergeSlots[slot];
      if (s.id == none)
        return nullptr;
      if (s.left == left && s.right == right)
        return &s;
      if (++slot == mergeCount)
        slot = 0;
    }
    return nullptr;
  }

  /// What is known of the prefix with this hash: nullptr if no token starts
  /// so, or a slot whose token, if it has one, must be compared yet.
  const PrefixSlot *findPrefix(uint64_t hash) const {
    auto tag = static_cast<uint32_t>(hash);
    size_t slot = firstSlot(hash, prefixCount);
    for (uint32_t probe = 0; probe <= head->prefixProbes; ++probe) {
      const PrefixSlot &s = prefixSlots[slot];
      if (s.id == vacant)
        return nullptr;
      if (s.tag == tag)
        return &s;
      if (++slot == prefixCount)
        slot = 0;
    }
    return nullptr;
  }

  /// Whether some token may have `left` just before `right`.
  bool bridged(char32_t left, char32_t right) const {
    uint32_t bit = bridgeBit(left, right, head->bridgeMask);
    return bridges[bit / 8] >> (bit % 8) & 1;
  }

  /// The longest special token at the start of `rest`, or none. Control and
  /// unknown tokens count only if `all`. Those that are looked for in
  /// normalized text are in a trie of their own.
  SpecialMatch matchSpecial(std::string_view rest, bool all,
                            bool normalized) const;
  bool anySpecial(bool all, bool normalized) const {
    if (normalized && head->normalizedRoot == 0)
      return false;
    const TrieNode &root = trie[normalized ? head->normalizedRoot : 0];
    return root.edgeCount != 0 && (all || root.alwaysBelow);
  }
  /// Whether a special token may start with `byte`.
  bool startsSpecial(uint8_t byte, bool all, bool normalized) const {
    return starts[normalized][all][byte];
  }
  /// The special token that is exactly `key`, or none.
  uint32_t findSpecial(std::string_view key) const;

  std::span<const int32_t> endTokens() const { return ends; }
  /// The steps that change text, or those that cut it.
  std::vector<TextStep> steps(bool normalizing) const;

private:
  template <typename T> std::span<const T> section(SectionId id) const;
  uint32_t child(uint32_t node, uint8_t byte) const;
  void checkHeader() const;
  void checkTokens() const;
  void checkSlots() const;
  void checkTrie() const;

  std::span<const uint8_t> table;
  const Header *head;
  const uint32_t *offsets, *ranks, *edges;
  const double *scores;
  const PrefixSlot *prefixSlots;
  const char *bytes;
  const uint8_t *tokenFlags, *bridges;
  const TextSlot *textSlots;
  const MergeSlot *mergeSlots;
  const TrieNode *trie;
  size_t textCount, mergeCount, prefixCount, trieCount, edgeCount;
  std::span<const int32_t> ends;
  bool starts[2][2][256] = {}; ///< [normalized][all]
};

} // namespace quern::tokenizer
