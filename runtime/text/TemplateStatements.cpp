//===- TemplateStatements.cpp - Parsing statements --------------*- C++ -*-===//

#include "text/TemplateParser.h"

namespace quern::chat {

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
  if (at.text == "with")
    return withStatement(at);
  if (at.text == "block")
    return blockStatement(at);
  if (at.text == "filter")
    return filterStatement(at);
  if (at.text == "call")
    return callStatement(at);
  if (at.text == "break" || at.text == "continue") {
    if (loops == 0)
      fail(at, "'" + at.text + "' outside of a loop");
    endBlock();
    return add(at.text == "break" ? Op::Break : Op::Continue, at);
  }
  if (at.text.starts_with("end") || at.text == "else" || at.text == "elif")
    fail(at, "'" + at.text + "' closes nothing");
  for (std::string_view tag : {"include", "import", "from", "extends"})
    if (at.text == tag)
      fail(at, "tag '" + at.text +
                   "' needs other files, which templates of "
                   "models do not have");
  fail(at, "tag '" + at.text + "' is not supported");
}

uint32_t Parser::ifStatement(const Token &at) {
  Deeper deeper(*this);
  bool outer = std::exchange(soft, true);
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
  soft = outer;
  uint32_t first = writer.list(then);
  return add(Op::If, at, condition, first, writer.list(otherwise));
}

uint32_t Parser::forStatement(const Token &at) {
  uint32_t variable = target();
  if (!acceptName("in"))
    fail(peek(), "expected 'in'");
  uint32_t iterable = tuple(false);
  bool outer = std::exchange(soft, false);
  uint32_t condition = acceptName("if") ? expression() : none;
  bool recursive = acceptName("recursive");
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
  soft = outer;
  uint32_t first = writer.list(inside);
  uint32_t parts =
      add(Op::ForParts, at, first, writer.list(otherwise), condition);
  return add(recursive ? Op::Recursive : Op::For, at, variable, iterable,
             parts);
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
  std::vector<FilterPart> chain;
  if (acceptOperator("|"))
    chain = filterChain();
  endBlock();
  Nodes inside = innerBody({"endset"});
  finish("endset");
  if (chain.empty())
    return add(Op::Capture, at, variable, writer.list(inside));
  uint32_t value = add(Op::Body, at, writer.list(inside));
  for (const FilterPart &part : chain)
    value = apply(part, value);
  return add(Op::Set, at, variable, value);
}

/// A body that loops and conditions outside do not reach into.
Parser::Nodes Parser::innerBody(std::initializer_list<std::string_view> ends) {
  bool outerSoft = std::exchange(soft, false);
  unsigned outerLoops = std::exchange(loops, 0);
  Nodes out = body(ends);
  soft = outerSoft;
  loops = outerLoops;
  return out;
}

Parser::Nodes Parser::parameterList() {
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
  return parameters;
}

uint32_t Parser::macroStatement(const Token &at) {
  Token macro = expectName();
  Nodes parameters = parameterList();
  endBlock();
  return macroBody(Op::Macro, at, macro.text, parameters);
}

/// From behind the parameters of a macro or a {% call %} to its end.
uint32_t Parser::macroBody(Op op, const Token &at, std::string_view called,
                           const Nodes &parameters) {
  uint8_t outer = std::exchange(used, 0);
  std::string_view end = op == Op::Macro ? "endmacro" : "endcall";
  Nodes inside = innerBody({end});
  finish(end);
  uint32_t list = writer.list(parameters);
  uint32_t out = add(op, at, writer.string(called), list, writer.list(inside));
  writer.setFlags(out, used);
  used |= outer;
  return out;
}

/// {% call(a, b) f(x) %}: the body is a macro that `f` knows as `caller`.
uint32_t Parser::callStatement(const Token &at) {
  Nodes parameters;
  if (isOperator("("))
    parameters = parameterList();
  Token start = peek();
  uint32_t callee = primary();
  Nodes items;
  while (true) {
    Token here = peek();
    if (acceptOperator(".")) {
      Token member = expectName();
      callee = add(Op::Member, member, callee, writer.string(member.text));
    } else if (isOperator("(")) {
      items = argumentItems();
      break;
    } else {
      fail(here, "expected a call");
    }
  }
  endBlock();
  uint32_t caller = macroBody(Op::Caller, at, "caller", parameters);
  items.push_back(add(Op::Keyword, at, writer.string("caller"), caller));
  uint32_t call = add(Op::Call, start, callee, writer.list(items));
  return add(Op::Print, at, call);
}

/// {% filter upper|trim %}...{% endfilter %}
uint32_t Parser::filterStatement(const Token &at) {
  std::vector<FilterPart> chain = filterChain();
  endBlock();
  Nodes inside = innerBody({"endfilter"});
  finish("endfilter");
  uint32_t value = add(Op::Body, at, writer.list(inside));
  for (const FilterPart &part : chain)
    value = apply(part, value);
  return add(Op::Print, at, value);
}

uint32_t Parser::withStatement(const Token &at) {
  Nodes sets;
  while (peek().kind != TokenKind::BlockEnd) {
    if (!sets.empty())
      expectOperator(",");
    Token here = peek();
    uint32_t variable = oneTarget(false);
    expectOperator("=");
    sets.push_back(add(Op::Set, here, variable, expression()));
  }
  endBlock();
  bool outer = std::exchange(soft, false);
  Nodes inside = body({"endwith"});
  soft = outer;
  finish("endwith");
  uint32_t list = writer.list(sets);
  return add(Op::With, at, list, writer.list(inside));
}

uint32_t Parser::blockStatement(const Token &at) {
  Token block = expectName();
  if (!blocks.insert(block.text).second)
    fail(block, "block '" + block.text + "' is defined twice");
  bool scoped = acceptName("scoped");
  endBlock();
  Nodes inside = innerBody({"endblock"});
  take();
  acceptName(block.text);
  endBlock();
  uint32_t list = writer.list(inside);
  return scoped ? add(Op::With, at, none, list) : add(Op::Block, at, list);
}

/// {% generation %} marks what the model wrote, for training: it prints as is,
/// and what is set inside stays there.
uint32_t Parser::generation(const Token &at) {
  endBlock();
  Nodes inside = innerBody({"endgeneration"});
  finish("endgeneration");
  return add(Op::With, at, none, writer.list(inside));
}

uint32_t Parser::oneTarget(bool members) {
  Deeper deeper(*this);
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

} // namespace quern::chat
