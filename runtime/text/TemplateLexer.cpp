//===- TemplateLexer.cpp - Tokens of a chat template ------------*- C++ -*-===//

#include "text/TemplateLexer.h"

#include "Error.h"
#include "text/Utf8.h"

namespace quern::chat {

void failAt(std::string_view name, uint32_t line, uint32_t column,
            const std::string &what) {
  throw Error(std::string(name) + ":" + std::to_string(line) + ":" +
              std::to_string(column) + ": " + what);
}

static bool isDigit(char c) { return c >= '0' && c <= '9'; }
/// Whether a name may start with `c`. Any character beyond ASCII may.
static bool startsName(char c) {
  return c == '_' || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
         static_cast<uint8_t>(c) >= 0x80;
}

namespace {
class Lexer {
public:
  Lexer(std::string_view source, std::string_view name);
  std::vector<Token> run();

private:
  [[noreturn]] void fail(const std::string &what) {
    failAt(name, line, column, what);
  }
  std::string_view rest() const { return std::string_view(source).substr(pos); }
  void advance(size_t count);
  void skipSpace();
  void add(TokenKind kind, std::string text) {
    tokens.push_back({kind, std::move(text), line, column});
  }
  size_t nextTag() const;
  void data(size_t tag);
  void tag();
  void comment();
  bool raw();
  bool tagEnd(char close, TokenKind kind);
  void closeTag(std::string_view mark, bool trimNewline);
  void expression(char close, TokenKind endKind);
  void number();
  void string();
  void escape(std::string &out);
  void codeEscape(std::string &out, unsigned digits);
  void name_();
  void operator_();

  std::string source, name;
  size_t pos = 0;
  uint32_t line = 1, column = 1;
  /// Whether what came before `pos` ended a line, as Jinja sees it.
  bool lineStarting = true;
  std::string open; ///< brackets that wait to be closed
  std::vector<Token> tokens;
};
} // namespace

Lexer::Lexer(std::string_view text, std::string_view n) : name(n) {
  source.reserve(text.size());
  for (size_t i = 0; i < text.size(); ++i) {
    char c = text[i];
    if (c == '\r') {
      c = '\n';
      if (i + 1 < text.size() && text[i + 1] == '\n')
        ++i;
    }
    source.push_back(c);
  }
  if (source.ends_with('\n'))
    source.pop_back();
}

void Lexer::advance(size_t count) {
  for (; count > 0; --count, ++pos) {
    if (source[pos] == '\n')
      ++line, column = 1;
    else if ((static_cast<uint8_t>(source[pos]) & 0xc0) != 0x80)
      ++column;
  }
}

void Lexer::skipSpace() {
  advance(rest().size() - utf8::trimLeft(rest()).size());
}

size_t Lexer::nextTag() const {
  size_t at = pos;
  while ((at = source.find('{', at)) != source.npos) {
    char next = at + 1 < source.size() ? source[at + 1] : 0;
    if (next == '{' || next == '%' || next == '#')
      return at;
    ++at;
  }
  return source.size();
}

/// Emits the text before a tag, less what the tag strips.
void Lexer::data(size_t tag) {
  std::string_view text = rest().substr(0, tag - pos);
  char sign = tag + 2 < source.size() ? source[tag + 2] : 0;
  bool print = tag + 1 < source.size() && source[tag + 1] == '{';
  std::string_view kept = text;
  if (tag == source.size()) {
    // No tag: nothing to strip.
  } else if (sign == '-') {
    kept = utf8::trimRight(text);
  } else if (sign != '+' && !print) {
    size_t start = text.rfind('\n') + 1; // npos + 1 == 0
    if ((start > 0 || lineStarting) &&
        text.find_first_not_of(" \t", start) == text.npos)
      kept = text.substr(0, start);
  }
  if (!kept.empty())
    add(TokenKind::Data, std::string(kept));
  advance(text.size());
}

/// Takes "-%}", "+%}" or "%}" (`mark` is the last two) and what it strips.
void Lexer::closeTag(std::string_view mark, bool trimNewline) {
  char sign = rest()[0];
  if (sign == '-' || sign == '+')
    advance(1);
  advance(mark.size());
  lineStarting = false;
  size_t before = pos;
  if (sign == '-')
    skipSpace();
  else if (sign != '+' && trimNewline && rest().starts_with('\n'))
    advance(1);
  lineStarting = pos > before && source[pos - 1] == '\n';
}

bool Lexer::tagEnd(char close, TokenKind kind) {
  std::string mark = {close, '}'};
  std::string_view text = rest();
  bool sign = text.starts_with('-') || (text.starts_with('+') && close == '%');
  if (text.substr(sign ? 1 : 0, 2) != mark)
    return false;
  add(kind, {});
  closeTag(mark, close == '%');
  return true;
}

void Lexer::comment() {
  uint32_t l = line, c = column;
  size_t end = source.find("#}", pos + 2);
  if (end == source.npos)
    failAt(name, l, c, "comment is never closed");
  bool sign =
      end > pos + 2 && (source[end - 1] == '-' || source[end - 1] == '+');
  advance(end - (sign ? 1 : 0) - pos);
  closeTag("#}", true);
}

/// Handles {% raw %} ... {% endraw %} if the tag here is one.
bool Lexer::raw() {
  auto matches = [&](size_t at, std::string_view word, size_t &end) {
    at += 2;
    if (at < source.size() && (source[at] == '-' || source[at] == '+'))
      ++at;
    std::string_view text = utf8::trimLeft(std::string_view(source).substr(at));
    if (!text.starts_with(word))
      return false;
    text = utf8::trimLeft(text.substr(word.size()));
    end = source.size() - text.size();
    bool sign = text.starts_with('-') || text.starts_with('+');
    return text.substr(sign ? 1 : 0, 2) == "%}";
  };
  size_t inside;
  if (!matches(pos, "raw", inside))
    return false;
  uint32_t l = line, c = column;
  advance(inside - pos);
  closeTag("%}", false);
  size_t at = pos, end = 0;
  while ((at = source.find("{%", at)) != source.npos &&
         !matches(at, "endraw", end))
    ++at;
  if (at == source.npos)
    failAt(name, l, c, "raw block is never closed");
  data(at);
  advance(end - pos);
  closeTag("%}", true);
  return true;
}

void Lexer::tag() {
  char kind = source[pos + 1];
  if (kind == '#')
    return comment();
  if (kind == '%' && raw())
    return;
  bool print = kind == '{';
  add(print ? TokenKind::PrintBegin : TokenKind::BlockBegin, {});
  advance(2);
  if (pos < source.size() && (source[pos] == '-' || source[pos] == '+'))
    advance(1);
  expression(print ? '}' : '%',
             print ? TokenKind::PrintEnd : TokenKind::BlockEnd);
}

void Lexer::expression(char close, TokenKind endKind) {
  uint32_t l = line, c = column;
  open.clear();
  while (true) {
    skipSpace();
    if (pos == source.size())
      failAt(name, l, c, "tag is never closed");
    // Inside of brackets '}}' closes two dicts and not the tag.
    if (open.empty() && tagEnd(close, endKind))
      return;
    char first = source[pos];
    if (isDigit(first))
      number();
    else if (first == '"' || first == '\'')
      string();
    else if (startsName(first))
      name_();
    else
      operator_();
  }
}

void Lexer::number() {
  std::string_view text = rest();
  auto digits = [&](size_t at, std::string_view set) {
    while (at < text.size() && (set.find(text[at]) != set.npos ||
                                (text[at] == '_' && at + 1 < text.size() &&
                                 set.find(text[at + 1]) != set.npos)))
      ++at;
    return at;
  };
  constexpr std::string_view decimal = "0123456789";
  bool real = false;
  size_t end;
  char base = text.size() > 2 && text[0] == '0' ? text[1] | 0x20 : 0;
  if (base == 'x' || base == 'o' || base == 'b') {
    end = digits(2, base == 'x'   ? "0123456789abcdefABCDEF"
                    : base == 'o' ? "01234567"
                                  : "01");
  } else {
    end = digits(0, decimal);
    if (end + 1 < text.size() && text[end] == '.' &&
        decimal.find(text[end + 1]) != decimal.npos) {
      real = true;
      end = digits(end + 1, decimal);
    }
    size_t power = end;
    if (power < text.size() && (text[power] | 0x20) == 'e') {
      ++power;
      if (power < text.size() && (text[power] == '-' || text[power] == '+'))
        ++power;
      size_t last = digits(power, decimal);
      if (last > power)
        real = true, end = last;
    }
  }
  std::string value;
  for (char c : text.substr(0, end))
    if (c != '_')
      value += c;
  add(real ? TokenKind::Float : TokenKind::Integer, std::move(value));
  advance(end);
}

void Lexer::codeEscape(std::string &out, unsigned digits) {
  char32_t code = 0;
  for (unsigned i = 0; i < digits; ++i) {
    char c = pos < source.size() ? source[pos] : '\0';
    unsigned digit = c >= '0' && c <= '9'   ? c - '0'
                     : c >= 'a' && c <= 'f' ? c - 'a' + 10
                     : c >= 'A' && c <= 'F' ? c - 'A' + 10
                                            : 16;
    if (digit == 16)
      fail("wrong escape in a string");
    code = code * 16 + digit;
    advance(1);
  }
  if (code > 0x10ffff || (code >= 0xd800 && code < 0xe000))
    fail("escape in a string is no character");
  utf8::append(out, code);
}

/// The escape after a backslash, by the rules of Python's strings.
void Lexer::escape(std::string &out) {
  char c = source[pos];
  constexpr std::string_view from = "ntr\\'\"abfv", to = "\n\t\r\\'\"\a\b\f\v";
  size_t simple = from.find(c);
  if (c >= '0' && c <= '7') {
    char32_t code = 0;
    for (unsigned i = 0; i < 3 && pos < source.size() && source[pos] >= '0' &&
                         source[pos] <= '7';
         ++i, advance(1))
      code = code * 8 + static_cast<char32_t>(source[pos] - '0');
    return utf8::append(out, code);
  }
  advance(1);
  if (simple != from.npos)
    out += to[simple];
  else if (c == 'x')
    codeEscape(out, 2);
  else if (c == 'u')
    codeEscape(out, 4);
  else if (c == 'U')
    codeEscape(out, 8);
  else if (c != '\n')
    out += {'\\', c};
}

void Lexer::string() {
  uint32_t l = line, c = column;
  char quote = source[pos];
  advance(1);
  std::string value;
  while (true) {
    if (pos == source.size())
      failAt(name, l, c, "string is never closed");
    char next = source[pos];
    advance(1);
    if (next == quote)
      break;
    if (next == '\\' && pos < source.size())
      escape(value);
    else
      value += next;
  }
  tokens.push_back({TokenKind::String, std::move(value), l, c});
}

void Lexer::name_() {
  size_t end = pos;
  while (end < source.size() &&
         (startsName(source[end]) || isDigit(source[end])))
    ++end;
  add(TokenKind::Name, source.substr(pos, end - pos));
  advance(end - pos);
}

void Lexer::operator_() {
  std::string_view text = rest();
  for (std::string_view two : {"**", "//", "==", "!=", ">=", "<="})
    if (text.starts_with(two)) {
      add(TokenKind::Operator, std::string(two));
      return advance(2);
    }
  char c = text[0];
  if (std::string_view("+-/*%~[](){}<>=.:|,").find(c) == std::string_view::npos)
    fail(std::string("unexpected character '") + c + "'");
  if (c == '(' || c == '[' || c == '{')
    open += c;
  if (c == ')' || c == ']' || c == '}') {
    char want = c == ')' ? '(' : c == ']' ? '[' : '{';
    if (open.empty() || open.back() != want)
      fail(std::string("'") + c + "' closes nothing");
    open.pop_back();
  }
  add(TokenKind::Operator, std::string(1, c));
  advance(1);
}

std::vector<Token> Lexer::run() {
  while (pos < source.size()) {
    size_t at = nextTag();
    data(at);
    if (at < source.size())
      tag();
  }
  add(TokenKind::End, {});
  return std::move(tokens);
}

std::vector<Token> tokenizeTemplate(std::string_view source,
                                    std::string_view name) {
  return Lexer(source, name).run();
}

} // namespace quern::chat
