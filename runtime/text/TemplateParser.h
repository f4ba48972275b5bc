//===- TemplateParser.h - From tokens to a program -------------*- C++ -*-===//
//
// Recursive descent with Jinja's precedence, loosest first: inline if, or, and,
// not, comparisons, + and -, ~, * / // %, **, unary, then filters and tests,
// which bind tightest. Nodes are written as they are parsed, operands first,
// which is the order that a program needs.
//
//===----------------------------------------------------------------------===//
#pragma once

#include "text/TemplateLexer.h"
#include "text/TemplateProgram.h"

#include <algorithm>
#include <initializer_list>
#include <unordered_set>
#include <utility>

namespace quern::chat {

/// Whether there is such a filter or test; unknown ones fail at compile time.
bool isFilter(std::string_view name);
bool isTest(std::string_view name);

class Parser {
public:
  Parser(std::vector<Token> tokens, std::string_view name);
  std::vector<uint8_t> run();

private:
  using Nodes = std::vector<uint32_t>;

  // TemplateStatements.cpp
  Nodes body(std::initializer_list<std::string_view> ends);
  uint32_t statement();
  uint32_t ifStatement(const Token &at);
  uint32_t forStatement(const Token &at);
  uint32_t setStatement(const Token &at);
  uint32_t macroStatement(const Token &at);
  uint32_t generation(const Token &at);
  uint32_t withStatement(const Token &at);
  uint32_t blockStatement(const Token &at);
  uint32_t filterStatement(const Token &at);
  uint32_t callStatement(const Token &at);
  uint32_t macroBody(Op op, const Token &at, std::string_view called,
                     const Nodes &parameters);
  Nodes parameterList();
  Nodes innerBody(std::initializer_list<std::string_view> ends);
  uint32_t target();
  uint32_t oneTarget(bool members);
  void endBlock();
  void finish(std::string_view end);

  // TemplateExpressions.cpp
  uint32_t tuple(bool choose = true);
  uint32_t expression(bool choose = true);
  uint32_t orExpression();
  uint32_t andExpression();
  uint32_t notExpression();
  uint32_t comparison();
  uint32_t sum();
  uint32_t concatenation();
  uint32_t product();
  uint32_t power();
  uint32_t unary(bool filters = true);
  uint32_t primary();

  // TemplatePostfix.cpp
  /// `start`: where errors of calling `value` are reported.
  uint32_t postfix(uint32_t value, const Token &start);
  uint32_t filters(uint32_t value);
  /// A filter without the value that it is applied to.
  struct FilterPart {
    Token at;
    uint32_t list;
  };
  FilterPart filterPart();
  std::vector<FilterPart> filterChain();
  uint32_t apply(const FilterPart &part, uint32_t value);
  void unknownName(const Token &at, const char *what);
  uint32_t test(uint32_t value);
  uint32_t subscript(uint32_t value, const Token &at);
  Nodes argumentItems(); ///< from '(' on
  uint32_t arguments() { return writer.list(argumentItems()); }
  bool startsArgument() const;

  uint32_t listLiteral(const Token &at);
  uint32_t dictLiteral(const Token &at);
  uint32_t integer(const Token &at);
  uint32_t real(const Token &at);

  // TemplateParser.cpp

  const Token &peek(size_t ahead = 0) const {
    return tokens[std::min(pos + ahead, tokens.size() - 1)];
  }
  Token take() {
    Token out = peek();
    if (pos + 1 < tokens.size())
      ++pos;
    return out;
  }
  bool isOperator(std::string_view text, size_t ahead = 0) const {
    const Token &t = peek(ahead);
    return t.kind == TokenKind::Operator && t.text == text;
  }
  bool isName(std::string_view text, size_t ahead = 0) const {
    const Token &t = peek(ahead);
    return t.kind == TokenKind::Name && t.text == text;
  }
  bool acceptOperator(std::string_view text);
  bool acceptName(std::string_view text);
  void expectOperator(std::string_view text);
  Token expectName();
  [[noreturn]] void fail(const Token &at, const std::string &what) const;
  [[noreturn]] void unexpected(const Token &at) const;
  uint32_t add(Op op, const Token &at, uint32_t a = none, uint32_t b = none,
               uint32_t c = none) {
    return writer.add(op, at.line, at.column, a, b, c);
  }

  /// Bounds the recursion of the parser.
  struct Deeper {
    explicit Deeper(Parser &parser);
    ~Deeper() { --parser.depth; }
    Parser &parser;
  };

  std::vector<Token> tokens;
  std::string name;
  ProgramWriter writer;
  size_t pos = 0;
  unsigned depth = 0, loops = 0;
  uint8_t used = 0; ///< MacroFlags of the names in this macro so far
  /// In an {% if %}, where Jinja finds unknown filters only when they run.
  bool soft = false;
  std::string unknown; ///< the first unknown filter or test elsewhere
  Token unknownAt;
  std::unordered_set<std::string> blocks; ///< their names
};

} // namespace quern::chat
