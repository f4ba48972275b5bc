//===- StopStrings.cpp - Ends an answer at given texts ----------*- C++ -*-===//
#include "StopStrings.h"
#include <algorithm>
#include <utility>

using namespace quern;

StopStrings::StopStrings(std::vector<std::string> given)
    : stops(std::move(given)) {
  std::erase(stops, "");
}

std::string StopStrings::push(std::string_view text) {
  if (found)
    return {};
  held += text;
  // What ends first counts, however much text came at once.
  size_t first = held.npos, end = held.npos, keep = 0;
  for (const std::string &stop : stops) {
    size_t at = held.find(stop);
    if (at != held.npos &&
        std::pair(at + stop.size(), at) < std::pair(end, first))
      first = at, end = at + stop.size();
    // The longest end of the text that a stop string begins with.
    size_t length = std::min(stop.size() - 1, held.size());
    while (length > keep && !std::string_view(held).ends_with(
                                std::string_view(stop).substr(0, length)))
      --length;
    keep = std::max(keep, length);
  }
  found = first != held.npos;
  size_t sure = found ? first : held.size() - keep;
  std::string out = held.substr(0, sure);
  held.erase(0, found ? held.size() : sure);
  return out;
}

std::string StopStrings::finish() { return std::exchange(held, {}); }
