//===- TokenizerTable.cpp - Opening a tokenizer's table ---------*- C++ -*-===//
//
// The bytes come from an artifact on a disk and are not trusted: everything
// that is later used as an index is checked here, once.
//
//===----------------------------------------------------------------------===//

#include "text/TokenizerTable.h"

#include "Error.h"
#include "text/PreTokenizer.h"

#include <algorithm>

namespace quern::tokenizer {

[[noreturn]] static void corrupt(const char *what) {
  throw Error(std::string("tokenizer table: ") + what);
}

static constexpr size_t elementSize[SectionCount] = {sizeof(uint32_t),
                                                     1,
                                                     1,
                                                     sizeof(TextSlot),
                                                     sizeof(uint32_t),
                                                     sizeof(double),
                                                     sizeof(PrefixSlot),
                                                     sizeof(MergeSlot),
                                                     1,
                                                     sizeof(TrieNode),
                                                     sizeof(uint32_t),
                                                     sizeof(int32_t),
                                                     sizeof(StepRef),
                                                     1};

std::string unmarkSpaces(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  size_t from = 0, at;
  while ((at = text.find(spaceMarker, from)) != text.npos) {
    out += text.substr(from, at - from);
    out += ' ';
    from = at + spaceMarker.size();
  }
  out += text.substr(from);
  return out;
}

template <typename T>
std::span<const T> TableView::section(SectionId id) const {
  const Section &s = head->sections[id];
  return {reinterpret_cast<const T *>(table.data() + s.offset),
          static_cast<size_t>(s.count)};
}

TableView::TableView(std::span<const uint8_t> data) : table(data) {
  if (data.size() < sizeof(Header))
    corrupt("cut short");
  if (reinterpret_cast<uintptr_t>(data.data()) % 8 != 0)
    corrupt("not aligned to 8 bytes");
  head = reinterpret_cast<const Header *>(data.data());
  checkHeader();
  offsets = section<uint32_t>(TokenOffsets).data();
  bytes = section<char>(TokenBytes).data();
  tokenFlags = section<uint8_t>(TokenFlags).data();
  ranks = section<uint32_t>(TokenRanks).data();
  scores = section<double>(TokenScores).data();
  prefixSlots = section<PrefixSlot>(PrefixSlots).data();
  prefixCount = section<PrefixSlot>(PrefixSlots).size();
  bridges = section<uint8_t>(Bridges).data();
  textSlots = section<TextSlot>(TextSlots).data();
  textCount = section<TextSlot>(TextSlots).size();
  mergeSlots = section<MergeSlot>(MergeSlots).data();
  mergeCount = section<MergeSlot>(MergeSlots).size();
  trie = section<TrieNode>(TrieNodes).data();
  trieCount = section<TrieNode>(TrieNodes).size();
  edges = section<uint32_t>(TrieEdges).data();
  edgeCount = section<uint32_t>(TrieEdges).size();
  ends = section<int32_t>(EndTokens);
  checkTokens();
  checkSlots();
  checkTrie();
  for (bool normalized : {false, true}) {
    if (normalized && head->normalizedRoot == 0)
      break;
    const TrieNode &root = trie[normalized ? head->normalizedRoot : 0];
    for (uint32_t e = 0; e < root.edgeCount; ++e) {
      uint32_t edge = edges[root.firstEdge + e];
      starts[normalized][1][edge & 0xff] = true;
      starts[normalized][0][edge & 0xff] = trie[edge >> 8].alwaysBelow != 0;
    }
  }
}

void TableView::checkHeader() const {
  if (std::memcmp(head->magic, tableMagic, sizeof(tableMagic)) != 0)
    corrupt("wrong magic number");
  if (head->bytes != table.size())
    corrupt("size differs from its header's");
  for (uint32_t i = 0; i < SectionCount; ++i) {
    const Section &s = head->sections[i];
    if (s.offset % 8 != 0 || s.offset > table.size() ||
        s.count > (table.size() - s.offset) / elementSize[i])
      corrupt("section out of range");
  }
  uint64_t n = head->tokenCount;
  auto count = [&](SectionId id) { return head->sections[id].count; };
  if (head->model > Model::CharacterBpe)
    corrupt("unknown model");
  bool pieces = head->model != Model::ByteBpe;
  bool unigram = head->model == Model::Unigram;
  bool merges =
      head->model == Model::ByteBpe || head->model == Model::CharacterBpe;
  if (n == 0 || n > INT32_MAX || count(TokenOffsets) != n + 1 ||
      count(TokenFlags) != n || count(TextSlots) == 0 || count(TrieNodes) == 0)
    corrupt("wrong section size");
  if ((merges && count(MergeSlots) == 0) ||
      (unigram && (count(TokenScores) != n || count(PrefixSlots) == 0)) ||
      (!merges && !unigram && count(TokenRanks) != n) ||
      head->normalizedRoot >= count(TrieNodes))
    corrupt("wrong section size");
  uint64_t bits = uint64_t{head->bridgeMask} + 1;
  if (pieces &&
      ((bits & (bits - 1)) != 0 || bits % 8 != 0 || count(Bridges) != bits / 8))
    corrupt("wrong section size");
  for (uint32_t id : head->byteToken)
    if (id != none && id >= n)
      corrupt("byte token out of range");
  for (int32_t id : {head->bos, head->eos, head->unknown, head->padding})
    if (id < -1 || id >= static_cast<int64_t>(n))
      corrupt("special token out of range");
}

void TableView::checkTokens() const {
  // One bad bit is enough to refuse, so collect them without branches.
  uint32_t bad = 0;
  size_t n = size();
  for (size_t i = 0; i < n; ++i)
    bad |= offsets[i] > offsets[i + 1];
  if (bad || offsets[n] > head->sections[TokenBytes].count)
    corrupt("token text out of range");
  for (int32_t id : ends)
    if (id < 0 || static_cast<size_t>(id) >= n)
      corrupt("end token out of range");
}

void TableView::checkSlots() const {
  uint32_t bad = 0, n = head->tokenCount;
  for (size_t i = 0; i < textCount; ++i)
    bad |= textSlots[i].id != none && textSlots[i].id >= n;
  for (size_t i = 0; i < mergeCount; ++i)
    bad |= mergeSlots[i].id != none && mergeSlots[i].id >= n;
  for (size_t i = 0; i < prefixCount; ++i)
    bad |= prefixSlots[i].id < vacant && prefixSlots[i].id >= n;
  if (bad)
    corrupt("hash table entry out of range");
  if (head->textProbes > textCount || head->mergeProbes > mergeCount ||
      head->prefixProbes > prefixCount)
    corrupt("probe length out of range");
}

void TableView::checkTrie() const {
  for (size_t i = 0; i < trieCount; ++i) {
    const TrieNode &node = trie[i];
    if (node.token != none && node.token >= head->tokenCount)
      corrupt("trie token out of range");
    if (node.firstEdge > edgeCount ||
        node.edgeCount > edgeCount - node.firstEdge)
      corrupt("trie edge out of range");
    for (uint32_t e = 0; e < node.edgeCount; ++e) {
      uint32_t target = edges[node.firstEdge + e] >> 8;
      if (target <= i || target >= trieCount)
        corrupt("trie node out of range");
    }
  }
  if (head->sections[Steps].count > mostSteps)
    corrupt("too many steps");
  uint64_t text = head->sections[StepText].count;
  bool cutting = false;
  for (const StepRef &s : section<StepRef>(Steps)) {
    if (s.pattern > text || s.patternSize > text - s.pattern ||
        s.content > text || s.contentSize > text - s.content)
      corrupt("step text out of range");
    if (s.kind >= StepKind::Count || (cutting && isNormalizing(s.kind)))
      corrupt("unknown step");
    cutting = !isNormalizing(s.kind);
  }
}

uint32_t TableView::child(uint32_t node, uint8_t byte) const {
  const uint32_t *first = edges + trie[node].firstEdge;
  const uint32_t *last = first + trie[node].edgeCount;
  // Most nodes have one edge; the root has the most, a few dozen.
  for (; first != last; ++first)
    if ((*first & 0xff) == byte)
      return *first >> 8;
  return none;
}

SpecialMatch TableView::matchSpecial(std::string_view rest, bool all,
                                     bool normalized) const {
  uint32_t node = normalized ? head->normalizedRoot : 0, size = 0;
  SpecialMatch best;
  for (char c : rest) {
    node = child(node, static_cast<uint8_t>(c));
    if (node == none || !(all || trie[node].alwaysBelow))
      break;
    ++size;
    uint32_t token = trie[node].token;
    if (token != none && (all || type(token) == TokenType::UserDefined))
      best = {token, size, trie[node].added};
  }
  return best;
}

uint32_t TableView::findSpecial(std::string_view key) const {
  for (uint32_t root : {uint32_t{0}, head->normalizedRoot}) {
    uint32_t node = root;
    for (char c : key)
      if ((node = child(node, static_cast<uint8_t>(c))) == none)
        break;
    if (node != none && trie[node].token != none)
      return trie[node].token;
  }
  return none;
}

std::vector<TextStep> TableView::steps(bool normalizing) const {
  std::vector<TextStep> out;
  auto text = section<char>(StepText);
  for (const StepRef &s : section<StepRef>(Steps))
    if (isNormalizing(s.kind) == normalizing)
      out.push_back({s.kind,
                     s.flags,
                     {text.data() + s.pattern, s.patternSize},
                     {text.data() + s.content, s.contentSize}});
  return out;
}

} // namespace quern::tokenizer
