//===- Sequences.cpp - Slots, and the pages of their keys -------*- C++ -*-===//
#include "Sequences.h"
#include "Error.h"
#include <algorithm>
#include <fmt/format.h>

using namespace quern;

/// The first position that the row at `position` sees.
static uint64_t firstSeen(uint32_t window, uint64_t position) {
  return window == 0 || position < window ? 0 : position - window + 1;
}

uint64_t quern::kvPagesHeld(uint32_t window, uint32_t pageTokens,
                            uint64_t begin, uint64_t end) {
  if (end == 0)
    return 0;
  uint64_t first = firstSeen(window, begin) / pageTokens;
  return (end - 1) / pageTokens + 1 - first;
}

Sequences::Sequences(const PlanView &plan, std::byte *arena, uint32_t context)
    : limit(std::min(context, plan->context)), pageTokens(plan->pageTokens),
      lengths(plan->maxSequences), opened(plan->maxSequences) {
  groups.reserve(plan.groups().size());
  for (const plan::KvGroup &shape : plan.groups()) {
    Group &group = groups.emplace_back();
    group.shape = &shape;
    group.table = reinterpret_cast<int32_t *>(arena + shape.tableOffset);
    group.returned.reserve(shape.pages);
    group.first.resize(slots());
    group.end.resize(slots());
  }
}

int32_t Sequences::Group::take() {
  if (returned.empty())
    return int32_t(fresh++);
  int32_t page = returned.back();
  returned.pop_back();
  return page;
}

uint32_t Sequences::open() {
  auto free = std::find(opened.begin(), opened.end(), false);
  if (free == opened.end())
    throw Error(fmt::format("all {} sequences are in use", slots()));
  *free = true;
  return uint32_t(free - opened.begin());
}

void Sequences::close(uint32_t slot) {
  clear(slot);
  opened[slot] = false;
}

void Sequences::clear(uint32_t slot) {
  for (Group &group : groups) {
    release(group, slot, group.end[slot]);
    group.first[slot] = group.end[slot] = 0;
  }
  lengths[slot] = 0;
}

void Sequences::extend(uint32_t slot, uint32_t rows) {
  uint64_t length = uint64_t(lengths[slot]) + rows;
  if (length > limit)
    throw Error(fmt::format("a sequence of {} tokens is longer than the "
                            "context of {}",
                            length, limit));
  uint32_t end = uint32_t((length + pageTokens - 1) / pageTokens);
  for (const Group &group : groups)
    if (end > group.end[slot] && end - group.end[slot] > group.available())
      throw Error(fmt::format("all {} KV pages of group {} are in use",
                              group.shape->pages, &group - groups.data()));
  for (Group &group : groups) {
    int32_t *table = group.table + size_t(slot) * group.shape->pagesPerSequence;
    for (; group.end[slot] < end; ++group.end[slot])
      table[group.end[slot]] = group.take();
  }
  lengths[slot] = uint32_t(length);
}

void Sequences::trim(uint32_t slot) {
  for (Group &group : groups)
    if (group.shape->window)
      release(
          group, slot,
          uint32_t(firstSeen(group.shape->window, lengths[slot]) / pageTokens));
}

void Sequences::release(Group &group, uint32_t slot, uint32_t firstKept) {
  int32_t *table = group.table + size_t(slot) * group.shape->pagesPerSequence;
  uint32_t end = std::min(firstKept, group.end[slot]);
  for (uint32_t &page = group.first[slot]; page < end; ++page) {
    group.returned.push_back(table[page]);
    table[page] = 0; // a real page, should a kernel look at it
  }
}
