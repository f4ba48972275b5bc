//===- Text.cpp - Prose of the command line ---------------------*- C++ -*-===//
#include "cli/Text.h"
#include <algorithm>
#include <cstdio>
#include <utility>

namespace quern::cli {

std::string formatBytes(uint64_t bytes) {
  const char *units[] = {"bytes", "KiB", "MiB", "GiB", "TiB"};
  double value = double(bytes);
  unsigned unit = 0;
  for (; value >= 1024 && unit < 4; ++unit)
    value /= 1024;
  if (unit == 0)
    return std::to_string(bytes) + (bytes == 1 ? " byte" : " bytes");
  char text[32];
  std::snprintf(text, sizeof(text), "%.1f %s", value, units[unit]);
  return text;
}

std::vector<std::string> splitLines(std::string_view text) {
  std::vector<std::string> lines;
  while (!text.empty()) {
    size_t end = std::min(text.find('\n'), text.size());
    lines.emplace_back(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return lines;
}

std::vector<Block> parseBlocks(std::string_view text) {
  std::vector<Block> blocks;
  bool open = false; // whether the last block can go on
  for (const std::string &line : splitLines(text)) {
    if (line.empty()) {
      open = false;
      continue;
    }
    bool verbatim = line.starts_with("  ");
    Block::Kind kind = verbatim ? Block::Verbatim : Block::Paragraph;
    std::string content = verbatim ? line.substr(2) : line;
    if (!verbatim && !open && line.back() == ':') {
      blocks.push_back({Block::Heading, line.substr(0, line.size() - 1)});
      continue;
    }
    if (open && blocks.back().kind == kind)
      blocks.back().text += (verbatim ? '\n' : ' ') + content;
    else
      blocks.push_back({kind, content});
    open = true;
  }
  return blocks;
}

std::string fill(std::string_view text, size_t column, size_t indent,
                 size_t width) {
  std::string out;
  bool first = true;
  while (!text.empty()) {
    size_t begin = text.find_first_not_of(" \n");
    if (begin == std::string_view::npos)
      break;
    text.remove_prefix(begin);
    std::string_view word = text.substr(0, text.find_first_of(" \n"));
    text.remove_prefix(word.size());
    if (!first && column + 1 + word.size() > width) {
      out += '\n' + std::string(indent, ' ');
      column = indent;
    } else if (!first) {
      out += ' ';
      ++column;
    }
    out += word;
    column += word.size();
    first = false;
  }
  return out;
}

std::string join(const std::vector<std::string> &words,
                 std::string_view separator, std::string_view last) {
  std::string out;
  for (size_t i = 0; i < words.size(); ++i) {
    if (i)
      out += i + 1 == words.size() ? last : separator;
    out += words[i];
  }
  return out;
}

std::string join(const std::vector<std::string> &words,
                 std::string_view separator) {
  return join(words, separator, separator);
}

std::string replaced(std::string text, std::string_view from,
                     std::string_view to) {
  for (size_t at = 0; (at = text.find(from, at)) != std::string::npos;
       at += to.size())
    text.replace(at, from.size(), to);
  return text;
}

/// Insertions, deletions, changes and swaps of neighbours from `a` to `b`
/// (optimal string alignment).
static size_t distance(std::string_view a, std::string_view b) {
  std::vector<size_t> before, last, row(b.size() + 1);
  for (size_t j = 0; j <= b.size(); ++j)
    row[j] = j;
  for (size_t i = 1; i <= a.size(); ++i) {
    before = std::exchange(last, row);
    row[0] = i;
    for (size_t j = 1; j <= b.size(); ++j) {
      row[j] = std::min(
          {last[j] + 1, row[j - 1] + 1, last[j - 1] + (a[i - 1] != b[j - 1])});
      if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
        row[j] = std::min(row[j], before[j - 2] + 1);
    }
  }
  return row[b.size()];
}

std::string nearest(std::string_view wrong,
                    const std::vector<std::string> &names) {
  std::string best;
  size_t least = SIZE_MAX;
  if (wrong.size() > 64) // nobody's typing error
    return best;
  auto letters = [](std::string_view name) {
    return name.substr(std::min(name.find_first_not_of('-'), name.size()));
  };
  std::string_view typed = letters(wrong);
  for (const std::string &name : names) {
    std::string_view other = letters(name);
    size_t d = distance(typed, other);
    size_t most = std::max<size_t>(1, std::min(typed.size(), other.size()) / 3);
    // Half a name, or a longer form of it, is meant as well.
    if (std::min(typed.size(), other.size()) >= 3 &&
        (other.starts_with(typed) || typed.starts_with(other)))
      d = std::min(d, most);
    if (d <= most && d < least)
      least = d, best = name;
  }
  return best;
}

} // namespace quern::cli
