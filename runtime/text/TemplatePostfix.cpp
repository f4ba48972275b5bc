//===- TemplatePostfix.cpp - Parsing what follows a value -------*- C++ -*-===//
//
// Members, subscripts, calls and their arguments, filters and tests.
//
//===----------------------------------------------------------------------===//

#include "text/TemplateParser.h"

namespace quern::chat {

uint32_t Parser::postfix(uint32_t value, const Token &start) {
  while (true) {
    Token at = peek();
    if (acceptOperator(".")) {
      Token member = take();
      if (member.kind == TokenKind::Integer)
        value = add(Op::Index, at, value, integer(member));
      else if (member.kind == TokenKind::Name)
        value = add(Op::Member, member, value, writer.string(member.text));
      else
        unexpected(member);
    } else if (acceptOperator("[")) {
      value = subscript(value, at);
    } else if (isOperator("(")) {
      uint32_t list = arguments();
      value = add(Op::Call, start, value, list);
    } else {
      return value;
    }
  }
}

uint32_t Parser::subscript(uint32_t value, const Token &at) {
  uint32_t bounds[3] = {none, none, none};
  unsigned part = 0;
  bool slice = false;
  while (!isOperator("]")) {
    if (acceptOperator(":")) {
      slice = true;
      if (++part > 2)
        fail(at, "slice has more than three parts");
      continue;
    }
    if (bounds[part] != none)
      unexpected(peek());
    bounds[part] = expression();
  }
  take();
  if (slice) {
    uint32_t parts = add(Op::Bounds, at, bounds[0], bounds[1], bounds[2]);
    return add(Op::Slice, at, value, parts);
  }
  if (bounds[0] == none)
    fail(at, "empty subscript");
  return add(Op::Index, at, value, bounds[0]);
}

Parser::Nodes Parser::argumentItems() {
  expectOperator("(");
  Nodes items;
  bool keywords = false, first = true;
  while (!acceptOperator(")")) {
    if (!first) {
      expectOperator(",");
      if (acceptOperator(")"))
        break;
    }
    first = false;
    Token at = peek();
    if (acceptOperator("**")) {
      keywords = true;
      items.push_back(add(Op::SpreadKeywords, at, expression()));
      continue;
    }
    if (acceptOperator("*")) {
      items.push_back(add(Op::Spread, at, expression()));
      continue;
    }
    if (at.kind == TokenKind::Name && isOperator("=", 1)) {
      take(), take();
      keywords = true;
      uint32_t value = expression();
      items.push_back(add(Op::Keyword, at, writer.string(at.text), value));
      continue;
    }
    if (keywords)
      fail(at, "positional argument after a keyword argument");
    items.push_back(expression());
  }
  return items;
}

uint32_t Parser::filters(uint32_t value) {
  while (true) {
    if (acceptOperator("|"))
      value = apply(filterPart(), value);
    else if (isName("is"))
      value = test(value);
    else if (isOperator("("))
      value = postfix(value, Token(peek()));
    else
      return value;
  }
}

/// Jinja looks up what runs for sure when it compiles, and the rest later.
void Parser::unknownName(const Token &at, const char *what) {
  if (soft || !unknown.empty())
    return;
  unknown = std::string("unknown ") + what + " '" + at.text + "'";
  unknownAt = at;
}

Parser::FilterPart Parser::filterPart() {
  Token at = expectName();
  if (!isFilter(at.text))
    unknownName(at, "filter");
  return {at, isOperator("(") ? arguments() : none};
}

std::vector<Parser::FilterPart> Parser::filterChain() {
  std::vector<FilterPart> out = {filterPart()};
  while (acceptOperator("|"))
    out.push_back(filterPart());
  return out;
}

uint32_t Parser::apply(const FilterPart &part, uint32_t value) {
  return add(Op::Filter, part.at, value, writer.string(part.at.text),
             part.list);
}

/// Whether an argument without parentheses follows a test: "is divisibleby 3".
bool Parser::startsArgument() const {
  const Token &t = peek();
  switch (t.kind) {
  case TokenKind::Integer:
  case TokenKind::Float:
  case TokenKind::String:
    return true;
  case TokenKind::Operator:
    return t.text == "[" || t.text == "{";
  case TokenKind::Name:
    for (std::string_view word : {"else", "or", "and", "if", "is", "in", "not"})
      if (t.text == word)
        return false;
    return true;
  default:
    return false;
  }
}

uint32_t Parser::test(uint32_t value) {
  take();
  bool negated = acceptName("not");
  Token at = expectName();
  if (!isTest(at.text))
    unknownName(at, "test");
  uint32_t list = none;
  if (isOperator("(")) {
    list = arguments();
  } else if (startsArgument()) {
    Token start = peek();
    uint32_t argument = postfix(primary(), start);
    list = writer.list({argument});
  }
  uint32_t result = add(Op::Test, at, value, writer.string(at.text), list);
  return negated ? add(Op::Not, at, result) : result;
}

} // namespace quern::chat
