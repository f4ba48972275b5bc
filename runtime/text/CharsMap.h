//===- CharsMap.h - SentencePiece's character map --------------*- C++ -*-===//
//
// The `precompiled_charsmap` of SentencePiece models (Kudo and Richardson 2018,
// section 3.2): which strings of characters are replaced by which. The bytes
// are a size, a trie of that size, and the replacements, each ended by a null
// character. The trie is a double array (Aoe 1989) in the layout of Darts-clone:
// 32-bit units, little-endian, with bits
//   31, 7-0  the label; bit 31 is set in a unit that holds a value, and never
//            in a label that a byte can have
//   8        the node has a value, in the unit at its offset
//   30-10    the offset of the children, shifted left by 8 if bit 9 is set
// A value is the offset of the replacement.
//
// Nothing in it is trusted: every access is checked, and a key is at most as
// long as the text.
//
//===----------------------------------------------------------------------===//
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace quern::tokenizer {

class CharsMap {
public:
  /// Views `bytes`. Whatever is wrong with them means that nothing is replaced.
  explicit CharsMap(std::string_view bytes);

  /// Throws Error if `bytes` cannot be a map: "size 12 of a trie in 8 bytes".
  static void check(std::string_view bytes);

  /// At each position the longest key there is replaced (SentencePiece).
  void applyLongest(std::string_view text, std::string &out) const;

  /// As the `tokenizers` package does it: a grapheme cluster of less than 6
  /// bytes, or else each of its characters, is replaced by what its shortest
  /// prefix that is a key stands for.
  void applyClusters(std::string_view text, std::string &out) const;

private:
  struct Found {
    size_t size = 0; ///< of the key; 0: none
    std::string_view replacement;
  };
  Found find(std::string_view text, bool longest) const;
  uint32_t unit(size_t index) const;
  void replacePart(std::string_view part, std::string &out) const;

  std::string_view trie, texts;
};

} // namespace quern::tokenizer
