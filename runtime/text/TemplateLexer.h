//===- TemplateLexer.h - Tokens of a chat template -------------*- C++ -*-===//
//
// Jinja's lexical rules with trim_blocks and lstrip_blocks on and
// keep_trailing_newline off, which is where most of the surprises of templates
// live: a newline after a tag vanishes, blanks before a tag that starts a line
// vanish, '-' takes all white space on its side and '+' keeps what would go.
//
//===----------------------------------------------------------------------===//
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace quern::chat {

enum class TokenKind : uint8_t {
  Data, ///< text outside of tags, as it will be printed
  PrintBegin,
  PrintEnd,
  BlockBegin,
  BlockEnd,
  Name,
  Integer,
  Float,
  String,
  Operator,
  End,
};

struct Token {
  TokenKind kind;
  std::string text;      ///< of a string: its value
  uint32_t line, column; ///< from 1
};

/// All tokens of `source`. Throws Error located in `name`.
std::vector<Token> tokenizeTemplate(std::string_view source,
                                    std::string_view name);

/// Throws Error "<name>:line:column: what".
[[noreturn]] void failAt(std::string_view name, uint32_t line, uint32_t column,
                         const std::string &what);

} // namespace quern::chat
