//===- TokenizerBuild.cpp - From a vocabulary to a flat table ---*- C++ -*-===//
//
// Builds every section in memory, lays them out one after the other, and then
// opens the result to ask of each token whether merging its own bytes gives it
// back: the encoder takes such words straight from the text table.
//
//===----------------------------------------------------------------------===//

#include "text/TokenizerBuilder.h"

#include "Error.h"
#include "text/TokenizerImpl.h"
#include "text/Utf8.h"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <unordered_map>

namespace quern {
using namespace tokenizer;

/// Slots for `count` entries: three quarters full, never without room.
static size_t slotCount(size_t count) { return count + count / 3 + 1; }

/// Puts `entry` into the first free slot from `slot` on, or over an entry for
/// which `same` holds unless `keep`. Returns the number of steps taken.
template <typename Slot, typename SameFn>
static uint32_t insert(std::vector<Slot> &slots, size_t slot, const Slot &entry,
                       bool keep, SameFn &&same) {
  for (uint32_t probe = 0;; ++probe) {
    Slot &s = slots[slot];
    bool empty = s.id == none;
    if (empty || same(s)) {
      if (empty || !keep)
        s = entry;
      return probe;
    }
    if (++slot == slots.size())
      slot = 0;
  }
}

void Builder::addTexts() {
  size_t n = vocabulary.texts.size(), mergeable = 0, total = 0;
  for (const std::string &text : vocabulary.texts)
    total += text.size();
  if (total > INT32_MAX)
    throw Error("tokenizer.ggml.tokens: more than 2 GiB of text");
  bytes.reserve(total);
  offsets.push_back(0);
  for (size_t i = 0; i < n; ++i) {
    bytes += vocabulary.texts[i];
    offsets.push_back(static_cast<uint32_t>(bytes.size()));
    flags.push_back(static_cast<uint8_t>(vocabulary.types[i]));
    if (!vocabulary.mergeable[i])
      continue;
    flags.back() |= FlagMergeable;
    header.longestPiece = std::max(
        header.longestPiece, static_cast<uint32_t>(vocabulary.texts[i].size()));
    ++mergeable;
  }
  for (int32_t id : ends)
    flags[static_cast<size_t>(id)] |= FlagEnd;

  textSlots.assign(slotCount(mergeable), {0, none});
  for (uint32_t i = 0; i < n; ++i) {
    if (!vocabulary.mergeable[i])
      continue;
    // Of equal texts the last one wins, as in llama.cpp.
    uint64_t hash = hashText(vocabulary.texts[i]);
    auto low = static_cast<uint32_t>(hash);
    uint32_t probes = insert(textSlots, firstSlot(hash, textSlots.size()),
                             TextSlot{low, i}, false, [&](const TextSlot &s) {
                               return s.hash == low && vocabulary.texts[s.id] ==
                                                           vocabulary.texts[i];
                             });
    header.textProbes = std::max(header.textProbes, probes);
  }
}

void Builder::addMerges() {
  std::unordered_map<std::string_view, uint32_t> ids;
  ids.reserve(source.tokens.size());
  for (uint32_t i = 0; i < source.tokens.size(); ++i)
    ids[source.tokens[i]] = i;
  if (source.merges.size() > INT32_MAX)
    throw Error("tokenizer.ggml.merges: more than 2^31 entries");

  mergeSlots.assign(slotCount(source.merges.size()), {0, 0, 0, none});
  std::string joined;
  for (uint32_t rank = 0; rank < source.merges.size(); ++rank) {
    std::string_view merge = source.merges[rank];
    auto fail = [&](const std::string &what) {
      throw Error("tokenizer.ggml.merges[" + std::to_string(rank) + "]: '" +
                  std::string(merge.substr(0, 80)) + "' " + what);
    };
    // The first byte belongs to the left part even if it is a space.
    size_t space = merge.find(' ', 1);
    if (space == merge.npos || space + 1 == merge.size())
      fail("is not two tokens with a space between them");
    std::string_view left = merge.substr(0, space);
    std::string_view right = merge.substr(space + 1);
    joined.assign(left);
    joined += right;
    auto l = ids.find(left), r = ids.find(right), both = ids.find(joined);
    if (l == ids.end() || r == ids.end())
      fail("has a part that is no token");
    if (both == ids.end())
      fail("makes no token");
    if (vocabulary.types[l->second] == TokenType::Byte ||
        vocabulary.types[r->second] == TokenType::Byte)
      fail("merges a byte token, which is not supported");
    // Text must not be able to spell a control token.
    if (vocabulary.types[both->second] == TokenType::Control)
      continue;
    MergeSlot entry{l->second, r->second, rank, both->second};
    uint32_t probes =
        insert(mergeSlots,
               firstSlot(hashPair(entry.left, entry.right), mergeSlots.size()),
               entry, true, [&](const MergeSlot &s) {
                 return s.left == entry.left && s.right == entry.right;
               });
    header.mergeProbes = std::max(header.mergeProbes, probes);
  }
}

void Builder::addRanks() {
  size_t n = source.scores.size();
  for (size_t i = 0; i < n; ++i)
    if (std::isnan(source.scores[i]))
      throw Error("tokenizer.ggml.scores[" + std::to_string(i) +
                  "]: not a number");
  if (header.model == Model::Unigram)
    return addScores();
  // Merging only compares scores, so their order is all that it needs.
  std::vector<uint32_t> order(n);
  std::iota(order.begin(), order.end(), 0u);
  std::stable_sort(order.begin(), order.end(), [&](uint32_t a, uint32_t b) {
    return source.scores[a] > source.scores[b];
  });
  ranks.resize(n);
  for (size_t i = 0; i < n; ++i) {
    bool same = i > 0 && source.scores[order[i]] == source.scores[order[i - 1]];
    ranks[order[i]] = same ? ranks[order[i - 1]] : static_cast<uint32_t>(i);
  }
}

void Builder::addScores() {
  double worst = 0;
  for (size_t i = 0; i < source.scores.size(); ++i) {
    if (std::isinf(source.scores[i]))
      throw Error("tokenizer.ggml.scores[" + std::to_string(i) +
                  "]: not finite");
    bool counts = source.rules || vocabulary.types[i] == TokenType::Normal;
    if (counts)
      worst = std::min(worst, source.scores[i]);
  }
  // SentencePiece's penalty for what it does not know.
  header.unknownScore = worst - 10;
  scores = source.scores;
  prefixes = buildPrefixes(vocabulary);
  header.prefixProbes = prefixes.probes;
  header.prefixSeed = prefixes.seed;
}

void Builder::addBridges() {
  std::vector<std::pair<char32_t, char32_t>> pairs;
  for (size_t i = 0; i < vocabulary.texts.size(); ++i) {
    // User-defined tokens may be what a merge makes.
    if (!vocabulary.mergeable[i] &&
        vocabulary.types[i] != TokenType::UserDefined)
      continue;
    std::string_view text = vocabulary.texts[i];
    char32_t previous = 0;
    for (size_t pos = 0; pos < text.size();) {
      utf8::Char c = utf8::decode(text.substr(pos));
      if (pos > 0)
        pairs.push_back({previous, c.code});
      previous = c.code;
      pos += c.size;
    }
  }
  std::sort(pairs.begin(), pairs.end());
  pairs.erase(std::unique(pairs.begin(), pairs.end()), pairs.end());
  // At least 16 bits a pair: one cut in sixteen is missed, which costs little.
  uint32_t bits = 1024;
  while (bits < pairs.size() * 16 && bits < (1u << 30))
    bits *= 2;
  header.bridgeMask = bits - 1;
  bridges.resize(bits / 8);
  for (auto [left, right] : pairs) {
    uint32_t bit = bridgeBit(left, right, header.bridgeMask);
    bridges[bit / 8] |= static_cast<uint8_t>(1u << (bit % 8));
  }
}

std::vector<uint8_t> Builder::assemble() {
  struct Part {
    const void *data;
    size_t count, elementSize;
  };
  auto part = [](const auto &v) {
    return Part{v.data(), v.size(), sizeof(*v.data())};
  };
  // In the order of SectionId.
  const Part parts[SectionCount] = {
      part(offsets),  part(bytes),   part(flags),          part(textSlots),
      part(ranks),    part(scores),  part(prefixes.slots), part(mergeSlots),
      part(bridges),  part(nodes),   part(edges),          part(ends),
      part(stepRefs), part(stepText)};
  uint64_t end = sizeof(Header);
  for (uint32_t i = 0; i < SectionCount; ++i) {
    header.sections[i] = {end, parts[i].count};
    end += (parts[i].count * parts[i].elementSize + 7) / 8 * 8;
  }
  header.bytes = end;
  std::vector<uint8_t> table(end);
  std::memcpy(table.data(), &header, sizeof(header));
  for (uint32_t i = 0; i < SectionCount; ++i)
    if (parts[i].count)
      std::memcpy(table.data() + header.sections[i].offset, parts[i].data,
                  parts[i].count * parts[i].elementSize);
  return table;
}

/// These models look every part of a text up that could be a piece: with pieces
/// of a megabyte that is work without end.
void Builder::checkPieces() {
  constexpr size_t kMost = 1024;
  if (header.model != Model::SentencePiece && header.model != Model::Unigram)
    return;
  for (size_t i = 0; i < vocabulary.texts.size(); ++i) {
    if (!vocabulary.mergeable[i] || vocabulary.texts[i].size() <= kMost)
      continue;
    if (vocabulary.types[i] != TokenType::UserDefined)
      throw Error("token " + std::to_string(i) + " has " +
                  std::to_string(vocabulary.texts[i].size()) +
                  " bytes, more than the " + std::to_string(kMost) +
                  " that a piece may have");
    vocabulary.mergeable[i] = false; // found in the text before anything else
  }
}

void Builder::markWhole(std::vector<uint8_t> &table) const {
  TableView view(table);
  EncodeScratch scratch;
  uint8_t *tokenFlags = table.data() + header.sections[TokenFlags].offset;
  for (uint32_t i = 0; i < vocabulary.texts.size(); ++i) {
    if (!vocabulary.mergeable[i] || vocabulary.types[i] == TokenType::Unused)
      continue;
    bool ignore =
        source.rules ? source.rules->ignoreMerges : pre && pre->ignoreMerges;
    bool whole = ignore && header.model == Model::ByteBpe;
    if (!whole) {
      scratch.score = 0;
      mergeWord(view, vocabulary.texts[i], scratch);
      whole = scratch.symbols.size() == 1 && scratch.symbols[0].id == i;
    }
    if (whole && header.model == Model::Unigram) {
      // By a margin that no rounding of sums takes away.
      scratch.score = 0;
      scratch.excluded = i;
      mergeWord(view, vocabulary.texts[i], scratch);
      scratch.excluded = none;
      whole = scratch.score < scores[i] - 1e-3;
    }
    if (whole)
      tokenFlags[i] |= FlagWhole;
  }
}

std::vector<uint8_t> Builder::build() {
  chooseModel();
  vocabulary = readVocabulary(source, header.model, header.flags & FlagMarked);
  checkPieces();
  std::copy(std::begin(vocabulary.byteToken), std::end(vocabulary.byteToken),
            header.byteToken);
  ends = findEndTokens(source, vocabulary);
  addTexts();
  addSteps();
  addSpecials();
  bool merges =
      header.model == Model::ByteBpe || header.model == Model::CharacterBpe;
  if (merges)
    addMerges();
  else
    addRanks();
  if (header.model != Model::ByteBpe)
    addBridges();
  std::vector<uint8_t> table = assemble();
  markWhole(table);
  return table;
}

std::vector<uint8_t> buildTokenizer(const TokenizerSource &source) {
  return Builder(source).build();
}

} // namespace quern
