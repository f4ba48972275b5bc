//===- Merge.h - The merge loop of byte-pair encoding ----------*- C++ -*-===//
//
// Repeatedly merges the neighbouring pair of lowest rank, the leftmost of
// equals, until no pair merges. What a pair becomes is the caller's business.
//
// Two ways to the same result. Words are short, and for those finding the
// minimum by looking at all pairs beats any data structure; long ones (text
// without spaces) take a heap of candidate pairs over a linked list, O(n log
// n). A heap entry is out of date when one of its symbols has merged since;
// entries are not removed then but skipped when they surface, as their sizes
// tell.
//
//===----------------------------------------------------------------------===//
#pragma once

#include <algorithm>
#include <cstdint>
#include <vector>

namespace quern::tokenizer {

/// A piece of text being merged: bytes [begin, end), token `id` or none.
struct Symbol {
  uint32_t begin, end, id;
};

/// What two symbols may become; `id == UINT32_MAX`: nothing.
struct Merged {
  uint32_t rank, id;
};

/// Memory of a merge, kept from word to word.
struct MergeScratch {
  struct Entry {
    uint64_t key; ///< rank << 32 | left: the order of merging
    uint32_t left, right, size, id;
  };
  struct Link {
    uint32_t previous, next;
  };
  std::vector<Merged> pairs;
  std::vector<Entry> heap;
  std::vector<Link> links;
};

inline constexpr size_t shortWord = 40;

/// Merges by looking at all pairs for each merge: O(n^2), n small.
template <typename PairFn>
void mergeShort(std::vector<Symbol> &symbols, PairFn &&pairOf,
                MergeScratch &scratch) {
  auto &pairs = scratch.pairs;
  size_t n = symbols.size();
  pairs.resize(n);
  for (size_t i = 0; i + 1 < n; ++i)
    pairs[i] = pairOf(symbols[i], symbols[i + 1]);
  while (n > 1) {
    size_t best = n;
    uint32_t rank = UINT32_MAX;
    for (size_t i = 0; i + 1 < n; ++i)
      if (pairs[i].id != UINT32_MAX && (best == n || pairs[i].rank < rank))
        best = i, rank = pairs[i].rank;
    if (best == n)
      break;
    symbols[best] = {symbols[best].begin, symbols[best + 1].end,
                     pairs[best].id};
    std::copy(symbols.begin() + best + 2, symbols.begin() + n,
              symbols.begin() + best + 1);
    std::copy(pairs.begin() + best + 2, pairs.begin() + n,
              pairs.begin() + best + 1);
    --n;
    if (best > 0)
      pairs[best - 1] = pairOf(symbols[best - 1], symbols[best]);
    if (best + 1 < n)
      pairs[best] = pairOf(symbols[best], symbols[best + 1]);
  }
  symbols.resize(n);
}

/// Merges with a heap: O(n log n).
template <typename PairFn>
void mergeLong(std::vector<Symbol> &symbols, PairFn &&pairOf,
               MergeScratch &scratch) {
  using Entry = MergeScratch::Entry;
  constexpr uint32_t end = UINT32_MAX;
  auto later = [](const Entry &a, const Entry &b) { return a.key > b.key; };
  auto &heap = scratch.heap;
  auto &links = scratch.links;
  auto n = static_cast<uint32_t>(symbols.size());
  heap.clear();
  links.resize(n);

  auto entryOf = [&](uint32_t left, uint32_t right, Entry &entry) {
    Merged merged = pairOf(symbols[left], symbols[right]);
    entry = {uint64_t{merged.rank} << 32 | left, left, right,
             symbols[right].end - symbols[left].begin, merged.id};
    return merged.id != UINT32_MAX;
  };
  Entry entry;
  for (uint32_t i = 0; i < n; ++i) {
    links[i] = {i == 0 ? end : i - 1, i + 1 == n ? end : i + 1};
    if (i + 1 < n && entryOf(i, i + 1, entry))
      heap.push_back(entry);
  }
  std::make_heap(heap.begin(), heap.end(), later);
  auto push = [&](uint32_t left, uint32_t right) {
    if (left == end || right == end || !entryOf(left, right, entry))
      return;
    heap.push_back(entry);
    std::push_heap(heap.begin(), heap.end(), later);
  };

  while (!heap.empty()) {
    Entry top = heap.front();
    std::pop_heap(heap.begin(), heap.end(), later);
    heap.pop_back();
    Symbol &left = symbols[top.left], &right = symbols[top.right];
    // A symbol that was merged away is empty (begin == end), and one that grew
    // makes the pair longer than it was.
    if (left.begin == left.end || right.begin == right.end ||
        right.end - left.begin != top.size)
      continue;
    left.end = right.end;
    left.id = top.id;
    right.begin = right.end;
    uint32_t next = links[top.right].next;
    links[top.left].next = next;
    if (next != end)
      links[next].previous = top.left;
    push(links[top.left].previous, top.left);
    push(top.left, next);
  }
  std::erase_if(symbols, [](const Symbol &s) { return s.begin == s.end; });
}

template <typename PairFn>
void mergeSymbols(std::vector<Symbol> &symbols, PairFn &&pairOf,
                  MergeScratch &scratch) {
  if (symbols.size() <= shortWord)
    mergeShort(symbols, pairOf, scratch);
  else
    mergeLong(symbols, pairOf, scratch);
}

} // namespace quern::tokenizer
