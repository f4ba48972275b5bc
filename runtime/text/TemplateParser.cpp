//===- TemplateParser.cpp - From tokens to a program ------------*- C++ -*-===//
//
// Taking tokens and refusing them; what the other files of the parser share.
//
//===----------------------------------------------------------------------===//

#include "text/TemplateParser.h"

#include "text/Template.h"

namespace quern {
namespace chat {

/// Templates nest a dozen levels at most; this many still fit any stack.
static constexpr unsigned maxNesting = 150;

Parser::Parser(std::vector<Token> t, std::string_view n)
    : tokens(std::move(t)), name(n) {}

Parser::Deeper::Deeper(Parser &p) : parser(p) {
  if (++parser.depth > maxNesting)
    parser.fail(parser.peek(), "nested too deeply");
}

void Parser::fail(const Token &at, const std::string &what) const {
  failAt(name, at.line, at.column, what);
}

void Parser::unexpected(const Token &at) const {
  switch (at.kind) {
  case TokenKind::PrintEnd:
  case TokenKind::BlockEnd:
    fail(at, "unexpected end of the tag");
  case TokenKind::End:
    fail(at, "unexpected end of the template");
  default:
    fail(at, "unexpected '" + at.text + "'");
  }
}

bool Parser::acceptOperator(std::string_view text) {
  if (!isOperator(text))
    return false;
  take();
  return true;
}

bool Parser::acceptName(std::string_view text) {
  if (!isName(text))
    return false;
  take();
  return true;
}

void Parser::expectOperator(std::string_view text) {
  if (!acceptOperator(text)) {
    if (peek().kind == TokenKind::Operator || peek().kind == TokenKind::Name)
      fail(peek(),
           "expected '" + std::string(text) + "', not '" + peek().text + "'");
    fail(peek(), "expected '" + std::string(text) + "'");
  }
}

Token Parser::expectName() {
  if (peek().kind != TokenKind::Name)
    unexpected(peek());
  return take();
}

void Parser::endBlock() {
  if (peek().kind != TokenKind::BlockEnd)
    unexpected(peek());
  take();
}

std::vector<uint8_t> Parser::run() {
  Token start = peek();
  Nodes all = body({});
  if (!unknown.empty())
    fail(unknownAt, unknown);
  uint32_t root = add(Op::Group, start, writer.list(all));
  return writer.finish(root, writer.string(name));
}

} // namespace chat

std::vector<uint8_t> compileTemplate(std::string_view source,
                                     std::string_view name) {
  return chat::Parser(chat::tokenizeTemplate(source, name), name).run();
}

} // namespace quern
