//===- Text.h - Prose of the command line ----------------------*- C++ -*-===//
//
// Descriptions and footers of commands are written in a small markup, so that
// one text serves a terminal, a manual page and Markdown:
//
//   Examples:          a line of its own that ends in a colon is a heading
//     quern compile    lines that begin with two spaces are kept as they are
//   anything else      is a paragraph, filled anew; a blank line ends it
//
//===----------------------------------------------------------------------===//
#pragma once
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace quern::cli {

struct Block {
  enum Kind { Heading, Paragraph, Verbatim } kind;
  /// Without the heading's colon, without the verbatim lines' two spaces.
  std::string text;
};

/// "1.5 GiB", "1 byte"
std::string formatBytes(uint64_t bytes);

std::vector<Block> parseBlocks(std::string_view text);
std::vector<std::string> splitLines(std::string_view text);

/// Fills `text` into lines of at most `width` columns, each after the first
/// with `indent` spaces before it; `column` is where the first begins. No
/// newline at the end.
std::string fill(std::string_view text, size_t column, size_t indent,
                 size_t width = 80);

/// "a, b or c"
std::string join(const std::vector<std::string> &words,
                 std::string_view separator, std::string_view last);
std::string join(const std::vector<std::string> &words,
                 std::string_view separator);

/// `text` with every `from` replaced.
std::string replaced(std::string text, std::string_view from,
                     std::string_view to);

/// The name among `names` that was likely meant by `wrong`, or "".
std::string nearest(std::string_view wrong,
                    const std::vector<std::string> &names);

} // namespace quern::cli
