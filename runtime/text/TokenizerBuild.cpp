//===- TokenizerBuild.cpp - From a vocabulary to a flat table ---*- C++ -*-===//
//
// Builds every section in memory, lays them out one after the other, and then
// opens the result to ask of each token whether merging its own bytes gives it
// back: the encoder takes such words straight from the text table.
//
//===----------------------------------------------------------------------===//

#include "text/TokenizerBuild.h"

#include "Error.h"
#include "text/CharsMap.h"
#include "text/PreTokenizer.h"
#include "text/TokenizerImpl.h"
#include "text/TokenizerRules.h"
#include "text/Utf8.h"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <unordered_map>

namespace quern {
using namespace tokenizer;

namespace {
class Builder {
public:
  explicit Builder(const TokenizerSource &source) : source(source) {}
  std::vector<uint8_t> build();

private:
  void chooseModel();
  void chooseFamily();
  void readRules();
  void addSteps();
  void addSpecials();
  void addTexts();
  void addMerges();
  void addRanks();
  void addScores();
  void addBridges();
  std::vector<uint8_t> assemble();
  void markWhole(std::vector<uint8_t> &table) const;

  const TokenizerSource &source;
  Vocabulary vocabulary;
  const PreTokenizer *pre = nullptr;
  std::vector<TextStep> steps;

  Header header{};
  std::vector<uint32_t> offsets, ranks, edges;
  std::vector<double> scores;
  PrefixTable prefixes;
  std::string bytes, stepText;
  std::vector<uint8_t> flags, bridges;
  std::vector<TextSlot> textSlots;
  std::vector<MergeSlot> mergeSlots;
  std::vector<TrieNode> nodes;
  std::vector<int32_t> ends;
  std::vector<StepRef> stepRefs;
};
} // namespace

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

void Builder::chooseFamily() {
  pre = findPreTokenizer(source.pre);
  if (pre)
    return;
  std::string known;
  for (std::string_view name : preTokenizerNames())
    if (!name.empty())
      known += (known.empty() ? "" : ", ") + std::string(name);
  throw Error("tokenizer.ggml.pre: unknown pre-tokenizer '" + source.pre +
              "', expected one of " + known);
}

void Builder::chooseModel() {
  std::memcpy(header.magic, tableMagic, sizeof(tableMagic));
  if (source.model == "gpt2") {
    header.model = Model::ByteBpe;
    if (!source.rules || !source.pre.empty())
      chooseFamily();
    if (pre && pre->characters)
      header.model = Model::CharacterBpe;
  } else if (source.model == "llama") {
    header.model = Model::SentencePiece;
  } else if (source.model == "t5") {
    header.model = Model::Unigram;
  } else if (source.model == "bpe") {
    header.model = Model::CharacterBpe;
  } else if ((pre = findPreTokenizer(source.model)) && pre->characters) {
    header.model = Model::CharacterBpe;
  } else {
    throw Error("tokenizer.ggml.model: unknown tokenizer '" + source.model +
                "'");
  }
  header.flags =
      (source.addBos ? FlagAddBos : 0u) | (source.addEos ? FlagAddEos : 0u);
  if (source.rules) {
    readRules();
  } else if (header.model != Model::ByteBpe) {
    // Byte BPE has no marker for a space to put in front of text.
    header.flags |= FlagMarked;
    if (source.addSpacePrefix)
      header.flags |= FlagSpacePrefix | FlagDropSpace;
    if (source.removeExtraSpaces)
      header.flags |= FlagMergeSpaces;
  }
  header.tokenCount = static_cast<uint32_t>(source.tokens.size());
  header.bos = source.bos;
  header.eos = source.eos;
  header.unknown = source.unknown;
  header.padding = source.padding;
}

void Builder::readRules() {
  const TokenizerRules &rules = *source.rules;
  bool literal =
      std::any_of(rules.added.begin(), rules.added.end(), [](uint8_t bits) {
        return (bits & AddedNormalized) && (bits & (AddedLStrip | AddedRStrip));
      });
  TextRules text = readTextRules(rules.normalizer, rules.preTokenizer,
                                 rules.decoder, !pre, literal);
  bool byteBpe = header.model == Model::ByteBpe;
  if (text.byteLevel != byteBpe)
    throw Error(std::string("tokenizer.json: key 'pre_tokenizer' has ") +
                (byteBpe ? "no" : "a") +
                " ByteLevel, which is not supported with this model");
  if (byteBpe && text.markedSpaces)
    throw Error("tokenizer.json: key 'pre_tokenizer' has a ByteLevel and "
                "U+2581 for spaces, which is not supported");
  header.flags |= FlagRules;
  if (text.markedSpaces)
    header.flags |= FlagMarked;
  if (text.dropsFirstSpace)
    header.flags |= FlagDropSpace;
  if (text.dropsSpaces)
    header.flags |= FlagDropSpaces;
  if (!rules.fuseUnknown && header.model != Model::Unigram)
    header.flags |= FlagEachUnknown;
  if (byteBpe && source.unknown >= 0)
    header.flags |= FlagUnknownBytes;
  if (rules.ignoreMerges && header.model == Model::CharacterBpe)
    header.flags |= FlagIgnoreMerges;
  steps = std::move(text.steps);
}

void Builder::addSteps() {
  if (!source.rules && !source.charsMap.empty()) {
    try {
      CharsMap::check(source.charsMap);
    } catch (const Error &error) {
      throw Error(std::string("tokenizer.ggml.precompiled_charsmap: ") +
                  error.what());
    }
    steps.push_back({StepKind::CharsLongest, 0, "", source.charsMap});
  }
  if (pre)
    for (std::string_view pattern : pre->patterns)
      steps.push_back({StepKind::Split, Isolated, std::string(pattern), ""});
  for (const TextStep &step : steps) {
    auto add = [&](const std::string &text) {
      auto at = static_cast<uint32_t>(stepText.size());
      stepText += text;
      return at;
    };
    if (step.pattern.size() > (1u << 28) || step.content.size() > (1u << 28) ||
        stepText.size() > (1u << 30))
      throw Error("tokenizer: more than 2^30 bytes of rules");
    uint32_t pattern = add(step.pattern), content = add(step.content);
    stepRefs.push_back({step.kind, step.flags, pattern,
                        static_cast<uint32_t>(step.pattern.size()), content,
                        static_cast<uint32_t>(step.content.size())});
  }
}

void Builder::addSpecials() {
  std::vector<TextStep> changes;
  for (const TextStep &step : steps)
    if (isNormalizing(step.kind))
      changes.push_back(step);
  TextNormalizer normalizer(changes);
  Pattern::Scratch scratch;
  std::deque<std::string> texts;
  std::vector<SpecialKey> keys[2];
  for (uint32_t i = 0; i < vocabulary.texts.size(); ++i) {
    TokenType type = vocabulary.types[i];
    bool user = type == TokenType::UserDefined;
    if (!user && type != TokenType::Control && type != TokenType::Unknown)
      continue;
    uint8_t added = source.rules && !source.rules->added.empty()
                        ? source.rules->added[i]
                        : 0;
    bool normalized = added & AddedNormalized;
    texts.emplace_back(source.rules ? std::string(source.tokens[i])
                                    : vocabulary.texts[i]);
    if (normalized)
      normalizer.apply(texts.back(), scratch);
    if (!texts.back().empty())
      keys[normalized].push_back({texts.back(), i, added, user});
  }
  buildTrie(std::move(keys[0]), nodes, edges);
  if (!keys[1].empty())
    header.normalizedRoot = buildTrie(std::move(keys[1]), nodes, edges);
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
