//===- TokenizerPrefixes.cpp - What tokens start with -----------*- C++ -*-===//
//
// Viterbi's algorithm asks at each character of a text which tokens start
// there. The table answers character by character, from a hash that grows with
// them, and says at once when no token goes on. Prefixes are not stored: the
// builder looks for a seed with which no two of them are taken for one another.
//
//===----------------------------------------------------------------------===//

#include "Error.h"
#include "text/TokenizerBuild.h"
#include "text/Utf8.h"

#include <algorithm>

namespace quern::tokenizer {

namespace {
struct Prefix {
  std::string_view text;
  uint64_t hash;
  uint32_t id;
};
} // namespace

/// Appends the prefixes of a token, one for each character.
static void addPrefixes(std::string_view text, uint32_t id, uint64_t seed,
                        std::vector<Prefix> &out) {
  uint64_t hash = seed;
  for (size_t end = 0; end < text.size();) {
    utf8::Char c = utf8::decode(text.substr(end));
    end += c.size;
    hash = hashNext(hash, c.code);
    out.push_back({text.substr(0, end), hash, end == text.size() ? id : none});
  }
}

/// Fills the table, or returns false where two prefixes look the same.
static bool fill(const std::vector<Prefix> &prefixes, PrefixTable &table) {
  size_t count = prefixes.size() + prefixes.size() / 2 + 1;
  std::vector<std::string_view> texts(count);
  table.slots.assign(count, {0, vacant});
  table.probes = 0;
  for (const Prefix &prefix : prefixes) {
    size_t at = firstSlot(prefix.hash, count);
    auto tag = static_cast<uint32_t>(prefix.hash);
    for (uint32_t probe = 0;; ++probe) {
      PrefixSlot &slot = table.slots[at];
      if (slot.id == vacant) {
        slot = {tag, prefix.id};
        texts[at] = prefix.text;
        table.probes = std::max(table.probes, probe);
        break;
      }
      if (slot.tag == tag) {
        if (texts[at] != prefix.text)
          return false;
        // Of equal tokens the last one wins.
        if (prefix.id != none)
          slot.id = prefix.id;
        break;
      }
      if (++at == count)
        at = 0;
    }
  }
  return true;
}

PrefixTable buildPrefixes(const Vocabulary &vocabulary) {
  PrefixTable table;
  for (; table.seed < 64; ++table.seed) {
    std::vector<Prefix> prefixes;
    for (uint32_t i = 0; i < vocabulary.texts.size(); ++i) {
      if (vocabulary.mergeable[i])
        addPrefixes(vocabulary.texts[i], i, table.seed, prefixes);
    }
    // Neighbours share prefixes, most of which go here.
    std::stable_sort(
        prefixes.begin(), prefixes.end(),
        [](const Prefix &a, const Prefix &b) { return a.hash < b.hash; });
    if (fill(prefixes, table))
      return table;
  }
  throw Error("tokenizer.ggml.tokens: no two prefixes may have the same hash");
}

} // namespace quern::tokenizer
