//===- TemplateStatements.cpp - Parsing statements --------------*- C++ -*-===//

#include "text/Template.h"
#include "text/TemplateParser.h"

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

/// Takes the tag that closes a statement, e.g. {% endfor %}.
void Parser::finish(std::string_view end) {
  if (!isName(end))
    fail(peek(), "expected '" + std::string(end) + "'");
  take();
  endBlock();
}

/// Parses until a tag that starts with one of `ends`, and takes "{%" of it.
/// With no `ends`, until the end of the template.
Parser::Nodes Parser::body(std::initializer_list<std::string_view> ends) {
  Deeper deeper(*this);
  Nodes out;
  while (true) {
    Token at = peek();
    switch (at.kind) {
    case TokenKind::Data:
      take();
      out.push_back(add(Op::Text, at, writer.string(at.text)));
      break;
    case TokenKind::PrintBegin: {
      take();
      uint32_t value = tuple();
      if (peek().kind != TokenKind::PrintEnd)
        unexpected(peek());
      take();
      out.push_back(add(Op::Print, at, value));
      break;
    }
    case TokenKind::BlockBegin:
      take();
      for (std::string_view end : ends)
        if (isName(end))
          return out;
      out.push_back(statement());
      break;
    case TokenKind::End:
      if (ends.size() == 0)
        return out;
      fail(at, "expected '" + std::string(*(ends.end() - 1)) +
                   "' before the end of the template");
    default:
      unexpected(at);
    }
  }
}

uint32_t Parser::statement() {
  Token at = expectName();
  if (at.text == "if")
    return ifStatement(at);
  if (at.text == "for")
    return forStatement(at);
  if (at.text == "set")
    return setStatement(at);
  if (at.text == "macro")
    return macroStatement(at);
  if (at.text == "generation")
    return generation(at);
  if (at.text == "break" || at.text == "continue") {
    if (loops == 0)
      fail(at, "'" + at.text + "' outside of a loop");
    endBlock();
    return add(at.text == "break" ? Op::Break : Op::Continue, at);
  }
  if (at.text.starts_with("end") || at.text == "else" || at.text == "elif")
    fail(at, "'" + at.text + "' closes nothing");
  fail(at, "tag '" + at.text + "' is not supported");
}

uint32_t Parser::ifStatement(const Token &at) {
  Deeper deeper(*this);
  uint32_t condition = tuple(false);
  endBlock();
  Nodes then = body({"elif", "else", "endif"});
  Nodes otherwise;
  Token next = take();
  if (next.text == "elif") {
    otherwise = {ifStatement(next)}; // takes endif
  } else if (next.text == "else") {
    endBlock();
    otherwise = body({"endif"});
    finish("endif");
  } else {
    endBlock();
  }
  uint32_t first = writer.list(then);
  return add(Op::If, at, condition, first, writer.list(otherwise));
}

uint32_t Parser::forStatement(const Token &at) {
  uint32_t variable = target();
  if (!acceptName("in"))
    fail(peek(), "expected 'in'");
  uint32_t iterable = tuple(false);
  uint32_t condition = acceptName("if") ? expression() : none;
  if (isName("recursive"))
    fail(peek(), "recursive loops are not supported");
  endBlock();
  ++loops;
  Nodes inside = body({"else", "endfor"});
  --loops;
  Nodes otherwise;
  if (acceptName("else")) {
    endBlock();
    otherwise = body({"endfor"});
  }
  finish("endfor");
  uint32_t first = writer.list(inside);
  uint32_t parts =
      add(Op::ForParts, at, first, writer.list(otherwise), condition);
  return add(Op::For, at, variable, iterable, parts);
}

uint32_t Parser::setStatement(const Token &at) {
  uint32_t variable;
  if (peek().kind == TokenKind::Name && isOperator(".", 1))
    variable = oneTarget(true);
  else
    variable = target();
  if (acceptOperator("=")) {
    uint32_t value = tuple();
    endBlock();
    return add(Op::Set, at, variable, value);
  }
  endBlock();
  Nodes inside = body({"endset"});
  finish("endset");
  return add(Op::Capture, at, variable, writer.list(inside));
}

uint32_t Parser::macroStatement(const Token &at) {
  Token macro = expectName();
  expectOperator("(");
  Nodes parameters;
  bool defaults = false;
  while (!acceptOperator(")")) {
    if (!parameters.empty())
      expectOperator(",");
    Token parameter = expectName();
    uint32_t value = none;
    if (acceptOperator("="))
      value = expression(), defaults = true;
    else if (defaults)
      fail(parameter, "parameter without a default after one with");
    parameters.push_back(
        add(Op::Parameter, parameter, writer.string(parameter.text), value));
  }
  endBlock();
  unsigned outer = std::exchange(loops, 0);
  Nodes inside = body({"endmacro"});
  loops = outer;
  finish("endmacro");
  uint32_t list = writer.list(parameters);
  return add(Op::Macro, at, writer.string(macro.text), list,
             writer.list(inside));
}

/// {% generation %} marks what the model wrote, for training: it prints as is.
uint32_t Parser::generation(const Token &at) {
  endBlock();
  Nodes inside = body({"endgeneration"});
  finish("endgeneration");
  return add(Op::Group, at, writer.list(inside));
}

uint32_t Parser::oneTarget(bool members) {
  Token at = peek();
  if (acceptOperator("(")) {
    uint32_t inner = target();
    expectOperator(")");
    return inner;
  }
  at = expectName();
  if (members && acceptOperator(".")) {
    Token member = expectName();
    uint32_t object = writer.string(at.text);
    return add(Op::TargetMember, at, object, writer.string(member.text));
  }
  for (std::string_view word : {"true", "false", "none", "loop"})
    if (at.text == word)
      fail(at, "'" + at.text + "' cannot be assigned");
  return add(Op::Name, at, writer.string(at.text));
}

uint32_t Parser::target() {
  Deeper deeper(*this);
  Token at = peek();
  Nodes items = {oneTarget(false)};
  if (!isOperator(","))
    return items[0];
  while (acceptOperator(",")) {
    if (peek().kind != TokenKind::Name && !isOperator("("))
      break;
    items.push_back(oneTarget(false));
  }
  return add(Op::TargetTuple, at, writer.list(items));
}

std::vector<uint8_t> Parser::run() {
  Token start = peek();
  Nodes all = body({});
  uint32_t root = add(Op::Group, start, writer.list(all));
  return writer.finish(root, writer.string(name));
}

} // namespace chat

std::vector<uint8_t> compileTemplate(std::string_view source,
                                     std::string_view name) {
  return chat::Parser(chat::tokenizeTemplate(source, name), name).run();
}

} // namespace quern
