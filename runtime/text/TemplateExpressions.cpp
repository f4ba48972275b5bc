//===- TemplateExpressions.cpp - Parsing expressions ------------*- C++ -*-===//

#include "text/TemplateParser.h"

#include <bit>
#include <charconv>
#include <cstdlib>

namespace quern::chat {

uint32_t Parser::tuple(bool choose) {
  Token at = peek();
  uint32_t first = expression(choose);
  if (!isOperator(","))
    return first;
  Nodes items = {first};
  while (acceptOperator(",")) {
    TokenKind kind = peek().kind;
    if (kind == TokenKind::PrintEnd || kind == TokenKind::BlockEnd ||
        isOperator(")"))
      break;
    items.push_back(expression(choose));
  }
  return add(Op::Tuple, at, writer.list(items));
}

uint32_t Parser::expression(bool choose) {
  Deeper deeper(*this);
  std::string unknownBefore = unknown;
  uint32_t value = orExpression();
  while (choose && isName("if")) {
    Token at = take();
    // Only what runs is looked at, as in {% if %}.
    unknown = unknownBefore;
    bool outer = std::exchange(soft, true);
    uint32_t condition = orExpression();
    uint32_t other = acceptName("else") ? expression() : none;
    soft = outer;
    value = add(Op::Choose, at, condition, value, other);
  }
  return value;
}

uint32_t Parser::orExpression() {
  uint32_t left = andExpression();
  while (isName("or")) {
    Token at = take();
    left = add(Op::Or, at, left, andExpression());
  }
  return left;
}

uint32_t Parser::andExpression() {
  uint32_t left = notExpression();
  while (isName("and")) {
    Token at = take();
    left = add(Op::And, at, left, notExpression());
  }
  return left;
}

uint32_t Parser::notExpression() {
  if (!isName("not"))
    return comparison();
  Deeper deeper(*this);
  Token at = take();
  return add(Op::Not, at, notExpression());
}

uint32_t Parser::comparison() {
  struct Known {
    std::string_view text;
    Op op;
  };
  static constexpr Known known[] = {
      {"==", Op::Equal},     {"!=", Op::NotEqual}, {"<", Op::Less},
      {"<=", Op::LessEqual}, {">", Op::Greater},   {">=", Op::GreaterEqual}};
  Token at = peek();
  uint32_t first = sum();
  Nodes rest;
  while (true) {
    Token here = peek();
    Op op = Op::Count_;
    if (here.kind == TokenKind::Operator)
      for (const Known &k : known)
        if (k.text == here.text)
          op = k.op;
    if (acceptName("in"))
      op = Op::In;
    else if (isName("not") && isName("in", 1))
      take(), take(), op = Op::NotIn;
    else if (op != Op::Count_)
      take();
    else
      break;
    rest.push_back(add(op, here, sum()));
  }
  return rest.empty() ? first : add(Op::Compare, at, first, writer.list(rest));
}

uint32_t Parser::sum() {
  uint32_t left = concatenation();
  while (isOperator("+") || isOperator("-")) {
    Token at = take();
    Op op = at.text == "+" ? Op::Add : Op::Subtract;
    left = add(op, at, left, concatenation());
  }
  return left;
}

uint32_t Parser::concatenation() {
  Token at = peek();
  Nodes items = {product()};
  while (acceptOperator("~"))
    items.push_back(product());
  return items.size() == 1 ? items[0] : add(Op::Concat, at, writer.list(items));
}

uint32_t Parser::product() {
  uint32_t left = power();
  while (true) {
    Token at = peek();
    Op op = isOperator("*")    ? Op::Multiply
            : isOperator("/")  ? Op::Divide
            : isOperator("//") ? Op::FloorDivide
            : isOperator("%")  ? Op::Modulo
                               : Op::Count_;
    if (op == Op::Count_)
      return left;
    take();
    left = add(op, at, left, power());
  }
}

uint32_t Parser::power() {
  uint32_t left = unary();
  while (isOperator("**")) {
    Token at = take();
    left = add(Op::Power, at, left, unary());
  }
  return left;
}

uint32_t Parser::unary(bool withFilters) {
  Deeper deeper(*this);
  Token at = peek();
  uint32_t value;
  if (acceptOperator("-"))
    value = add(Op::Negate, at, unary(false));
  else if (acceptOperator("+"))
    value = add(Op::Plus, at, unary(false));
  else
    value = primary();
  value = postfix(value, at);
  return withFilters ? filters(value) : value;
}

uint32_t Parser::primary() {
  Token at = take();
  switch (at.kind) {
  case TokenKind::Integer:
    return integer(at);
  case TokenKind::Float:
    return real(at);
  case TokenKind::String: {
    std::string text = at.text;
    while (peek().kind == TokenKind::String)
      text += take().text;
    return add(Op::String, at, writer.string(text));
  }
  case TokenKind::Name:
    if (at.text == "true" || at.text == "True")
      return add(Op::True, at);
    if (at.text == "false" || at.text == "False")
      return add(Op::False, at);
    if (at.text == "none" || at.text == "None")
      return add(Op::Null, at);
    used |= at.text == "varargs"  ? UsesVarargs
            : at.text == "kwargs" ? UsesKwargs
            : at.text == "caller" ? UsesCaller
                                  : 0;
    return add(Op::Name, at, writer.string(at.text));
  case TokenKind::Operator:
    if (at.text == "(") {
      if (acceptOperator(")"))
        return add(Op::Tuple, at);
      uint32_t value = tuple();
      expectOperator(")");
      return value;
    }
    if (at.text == "[")
      return listLiteral(at);
    if (at.text == "{")
      return dictLiteral(at);
    [[fallthrough]];
  default:
    unexpected(at);
  }
}

uint32_t Parser::integer(const Token &at) {
  std::string_view text = at.text;
  int base = 10;
  if (text.size() > 2 && text[0] == '0') {
    char letter = text[1] | 0x20;
    base = letter == 'x' ? 16 : letter == 'o' ? 8 : letter == 'b' ? 2 : 10;
  }
  if (base != 10)
    text.remove_prefix(2);
  int64_t value = 0;
  auto [end, error] =
      std::from_chars(text.data(), text.data() + text.size(), value, base);
  if (error != std::errc() || end != text.data() + text.size())
    fail(at, "integer '" + at.text + "' is too large");
  auto bits = static_cast<uint64_t>(value);
  return add(Op::Int, at, static_cast<uint32_t>(bits),
             static_cast<uint32_t>(bits >> 32));
}

uint32_t Parser::real(const Token &at) {
  double value = 0;
  const std::string &text = at.text;
  auto [end, error] =
      std::from_chars(text.data(), text.data() + text.size(), value);
  if (error == std::errc::result_out_of_range)
    value = std::strtod(text.c_str(), nullptr); // infinity, or next to zero
  else if (error != std::errc() || end != text.data() + text.size())
    unexpected(at);
  auto bits = std::bit_cast<uint64_t>(value);
  return add(Op::Float, at, static_cast<uint32_t>(bits),
             static_cast<uint32_t>(bits >> 32));
}

uint32_t Parser::listLiteral(const Token &at) {
  Nodes items;
  while (!acceptOperator("]")) {
    if (!items.empty()) {
      expectOperator(",");
      if (acceptOperator("]"))
        break;
    }
    items.push_back(expression());
  }
  return add(Op::List, at, writer.list(items));
}

uint32_t Parser::dictLiteral(const Token &at) {
  Nodes items;
  while (!acceptOperator("}")) {
    if (!items.empty()) {
      expectOperator(",");
      if (acceptOperator("}"))
        break;
    }
    Token here = peek();
    uint32_t key = expression();
    expectOperator(":");
    uint32_t value = expression();
    items.push_back(add(Op::Pair, here, key, value));
  }
  return add(Op::Dict, at, writer.list(items));
}

} // namespace quern::chat
