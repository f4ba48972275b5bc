//===- Sequences.h - Slots, and the pages of their keys --------*- C++ -*-===//
//
// A sequence is a slot, a length, and for each KV group a page table: which
// physical page holds the keys and values of its positions. This class hands
// out slots and page numbers; what is in a page is the kernels' business.
//
//   positions  0 .. 15   16 .. 31   32 .. 47  ...          (16 tokens a page)
//   table row     3         0          7                   physical pages
//
// Groups of full attention keep all pages until the sequence closes. A group
// whose layers see a window of W keys keeps what the next row can see, that is
// the last W - 1 positions: pages before those go back to the free list when a
// step ends, and are handed out again first, so that a long sequence lives in
// the same few pages. Nothing is allocated after construction.
//
//===----------------------------------------------------------------------===//
#pragma once
#include "PlanView.h"
#include <vector>

namespace quern {

/// Pages that one sequence holds at the end of a step whose rows are at
/// positions [begin, end).
uint64_t kvPagesHeld(uint32_t window, uint32_t pageTokens, uint64_t begin,
                     uint64_t end);

class Sequences {
public:
  /// Page tables are written into `arena`; both must outlive this. No sequence
  /// grows beyond `context`, which is at most the plan's.
  Sequences(const PlanView &plan, std::byte *arena, uint32_t context);

  uint32_t slots() const { return uint32_t(lengths.size()); }
  uint32_t context() const { return limit; }

  /// Takes a free slot; its sequence is empty. Throws Error if all are taken.
  uint32_t open();
  /// Gives the slot and its pages back.
  void close(uint32_t slot);
  /// Empties a sequence, which stays open.
  void clear(uint32_t slot);

  bool isOpen(uint32_t slot) const {
    return slot < opened.size() && opened[slot];
  }
  /// Tokens whose keys and values are stored (or, within a step, will be).
  uint32_t length(uint32_t slot) const { return lengths[slot]; }

  /// Makes room for `rows` more tokens. Throws Error, leaving all as it was, if
  /// the context or the pool is full.
  void extend(uint32_t slot, uint32_t rows);
  /// After the step: lets go of pages which no later row can see.
  void trim(uint32_t slot);

private:
  /// Physical pages of a group that nobody uses: those given back, and those
  /// from `fresh` on, which were never touched.
  struct Group {
    const plan::KvGroup *shape;
    int32_t *table;
    std::vector<int32_t> returned;
    uint32_t fresh = 0;
    /// By slot: logical pages [first, end) are in the table.
    std::vector<uint32_t> first, end;

    uint32_t available() const {
      return shape->pages - fresh + uint32_t(returned.size());
    }
    int32_t take();
  };
  void release(Group &group, uint32_t slot, uint32_t firstKept);

  uint32_t limit, pageTokens;
  std::vector<uint32_t> lengths;
  std::vector<bool> opened;
  std::vector<Group> groups;
};

} // namespace quern
