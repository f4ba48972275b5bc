//===- OnigPattern.cpp - Oniguruma's patterns in PCRE2's syntax -*- C++ -*-===//

#include "text/OnigPattern.h"

#include "Error.h"
#include "text/PreTokenizer.h"
#include "text/Utf8.h"

#include <vector>

namespace quern::tokenizer {

static constexpr std::string_view spaceItems = QUERN_SPACE;
static constexpr std::string_view wordItems =
    "\\p{Alphabetic}\\p{M}\\p{Nd}\\p{Pc}\\x{b2}\\x{b3}\\x{b9}\\x{bc}-\\x{be}";

namespace {
class Translator {
public:
  explicit Translator(std::string_view in) : in(in) {}
  std::string translate();

private:
  /// Items of a class, and what has to be matched besides them: [^...] of
  /// something cannot be put into another class.
  struct Items {
    std::string inside;
    std::vector<std::string_view> complements;
  };

  [[noreturn]] void refuse(size_t at, std::string_view what) const {
    throw Error("offset " + std::to_string(at) + ": '" + std::string(what) +
                "' is not supported");
  }
  [[noreturn]] void refuse(size_t at, size_t size) const {
    refuse(at, in.substr(at, size));
  }
  char peek(size_t ahead = 0) const {
    return pos + ahead < in.size() ? in[pos + ahead] : '\0';
  }
  bool starts(std::string_view with) const {
    return in.substr(pos).starts_with(with);
  }

  void token();
  void group();
  void escape();
  void quantifier();
  void characterClass();
  void classItems(Items &items, unsigned depth);
  bool sharedEscape(std::string &to);
  void classEscape(Items &items);
  void literal(std::string &to, bool inClass);
  /// Everything from `out[atom]` on is what a quantifier applies to.
  void atom(std::string_view text) {
    last = out.size();
    out += text;
  }

  std::string_view in;
  size_t pos = 0;
  std::string out;
  size_t last = 0; ///< where the last atom begins in `out`
  struct Group {
    size_t begin; ///< in `out`
    size_t end;   ///< how many ")" close it there
  };
  std::vector<Group> groups; ///< those that are open
  size_t options = 0;        ///< groups made of (?i) outside of any
};
} // namespace

/// One character, escaped where PCRE2 gives it a meaning.
void Translator::literal(std::string &to, bool inClass) {
  utf8::Char c = utf8::decode(in.substr(pos, 4));
  std::string_view bytes = in.substr(pos, c.size);
  constexpr std::string_view special = "\\[]{}()^$.|?*+-#&~";
  if (bytes.size() == 1 && special.find(bytes[0]) != special.npos &&
      (inClass ? bytes != "-" : true))
    to += '\\';
  to += bytes;
  pos += bytes.size();
}

/// Escapes that mean the same inside and outside of a class.
bool Translator::sharedEscape(std::string &to) {
  char c = peek(1);
  constexpr std::string_view controls = "nrtfae";
  if (controls.find(c) != controls.npos && c) {
    to += {'\\', c};
    pos += 2;
    return true;
  }
  if (c == 'v') {
    to += "\\x0b";
    pos += 2;
    return true;
  }
  if (c == 'p' || c == 'P') {
    size_t close = in.find('}', pos);
    if (peek(2) != '{' || close == in.npos)
      refuse(pos, 2);
    to += in.substr(pos, close + 1 - pos);
    pos = close + 1;
    return true;
  }
  if (c == 'u' || c == 'x') {
    size_t digits = 0, from = pos + 2;
    bool braces = c == 'x' && peek(2) == '{';
    from += braces;
    while (from + digits < in.size() && isxdigit(uint8_t(in[from + digits])))
      ++digits;
    size_t want = c == 'u' ? 4 : 2;
    if (!braces && digits > want)
      digits = want;
    bool ok = braces ? digits > 0 && digits <= 6 && in.size() > from + digits &&
                           in[from + digits] == '}'
                     : digits == want;
    // Two digits beyond 7f would be a byte.
    if (!ok || (c == 'x' && !braces && in[from] > '7'))
      refuse(pos, 2);
    to += "\\x{" + std::string(in.substr(from, digits)) + "}";
    pos = from + digits + braces;
    return true;
  }
  if (isalnum(static_cast<uint8_t>(c)) || !c || static_cast<uint8_t>(c) >= 0x80)
    return false;
  to += {'\\', c};
  pos += 2;
  return true;
}

void Translator::escape() {
  size_t before = out.size();
  auto set = [&](std::string_view items, bool negated) {
    out += negated ? "[^" : "[";
    out += items;
    out += ']';
    pos += 2;
  };
  switch (peek(1)) {
  case 's':
    set(spaceItems, false);
    break;
  case 'S':
    set(spaceItems, true);
    break;
  case 'w':
    set(wordItems, false);
    break;
  case 'W':
    set(wordItems, true);
    break;
  case 'd':
    set("\\p{Nd}", false);
    break;
  case 'D':
    set("\\p{Nd}", true);
    break;
  case 'h':
    set("0-9a-fA-F", false);
    break;
  case 'H':
    set("0-9a-fA-F", true);
    break;
  case 'A':
  case 'z':
  case 'Z':
    out += in.substr(pos, 2);
    pos += 2;
    break;
  case 'b':
  case 'B': {
    // Between a part of a word and something else.
    std::string w = "[" + std::string(wordItems) + "]";
    bool same = peek(1) == 'B';
    out += "(?:(?<=" + w + ")(?" + (same ? "=" : "!") + w + ")|(?<!" + w +
           ")(?" + (same ? "!" : "=") + w + "))";
    pos += 2;
    break;
  }
  default:
    if (!sharedEscape(out))
      refuse(pos, 2);
  }
  last = before;
}

void Translator::classEscape(Items &items) {
  auto add = [&](std::string_view more) {
    items.inside += more;
    pos += 2;
  };
  auto addComplement = [&](std::string_view of) {
    items.complements.push_back(of);
    pos += 2;
  };
  switch (peek(1)) {
  case 's':
    return add(spaceItems);
  case 'w':
    return add(wordItems);
  case 'd':
    return add("\\p{Nd}");
  case 'h':
    return add("0-9a-fA-F");
  case 'S':
    return addComplement(spaceItems);
  case 'W':
    return addComplement(wordItems);
  case 'D':
    return add("\\P{Nd}");
  default:
    if (!sharedEscape(items.inside))
      refuse(pos, 2);
  }
}

/// From behind '[' or "[^" to behind ']'.
void Translator::classItems(Items &items, unsigned depth) {
  size_t start = pos;
  if (depth > 16)
    refuse(pos, "[");
  for (bool first = true; pos < in.size(); first = false) {
    if (peek() == ']' && !first) {
      ++pos;
      return;
    }
    if (starts("[:") || starts("&&"))
      refuse(pos, 2);
    if (peek() == '\\') {
      classEscape(items);
    } else if (peek() == '[') {
      if (peek(1) == '^')
        refuse(pos, 2);
      ++pos;
      classItems(items, depth + 1);
    } else {
      literal(items.inside, /*inClass=*/true);
    }
  }
  refuse(start, "[ without ]");
}

void Translator::characterClass() {
  bool negated = peek(1) == '^';
  pos += negated ? 2 : 1;
  Items items;
  classItems(items, 0);
  if (items.complements.empty())
    return atom((negated ? "[^" : "[") + items.inside + "]");
  // In any of: the items, or the complement of something.
  std::string text;
  for (std::string_view of : items.complements)
    text += (text.empty() ? "[^" : "|[^") + std::string(of) + "]";
  if (!items.inside.empty())
    text += "|[" + items.inside + "]";
  atom(negated ? "(?:(?!" + text + ")(?s:.))" : "(?:" + text + ")");
}

void Translator::group() {
  size_t start = out.size();
  constexpr std::string_view kinds[] = {
      "(?:", "(?=", "(?!", "(?<=", "(?<!", "(?>", "(?i:", "(?-i:"};
  groups.push_back({start, 1});
  for (std::string_view kind : kinds)
    if (starts(kind)) {
      out += kind;
      pos += kind.size();
      return;
    }
  if (starts("(?i)")) {
    // A group of all that follows in the one that it stands in, "|" included,
    // which for PCRE2 would end no more than an alternative.
    groups.pop_back();
    ++(groups.empty() ? options : groups.back().end);
    out += "(?i:";
    pos += 4;
    return;
  }
  if (peek(1) == '?' || peek(1) == '*')
    refuse(pos, 3);
  out += "(?:";
  ++pos;
}

void Translator::quantifier() {
  if (peek() != '{') {
    // One sign, and a second that makes it lazy or possessive.
    out += in[pos++];
    if (peek() == '?' || peek() == '+')
      out += in[pos++];
    return;
  }
  size_t close = in.find('}', pos);
  std::string_view body =
      in.substr(pos + 1, close == in.npos ? 0 : close - pos - 1);
  size_t comma = body.find(',');
  std::string_view least = body.substr(0, comma);
  std::string_view most = comma == body.npos ? least : body.substr(comma + 1);
  auto isNumber = [](std::string_view s) {
    return s.size() < 5 && s.find_first_not_of("0123456789") == s.npos;
  };
  if (close == in.npos || !isNumber(least) || !isNumber(most) ||
      (least.empty() && most.empty()))
    return literal(out, false);
  out += "{" + std::string(least.empty() ? "0" : least);
  if (comma != body.npos)
    out += "," + std::string(most);
  out += '}';
  pos = close + 1;
  if (peek() == '?' && comma != body.npos) {
    out += in[pos++];
  } else if (peek() == '+' || peek() == '?') {
    // A quantifier of what has one: the group keeps PCRE2 from reading both as
    // one.
    out.insert(last, "(?:");
    out += ')';
    out += in[pos++];
  }
}

void Translator::token() {
  switch (peek()) {
  case '\\':
    return escape();
  case '[':
    return characterClass();
  case '(':
    return group();
  case ')':
    if (groups.empty())
      refuse(pos, ") without (");
    last = groups.back().begin;
    out.append(groups.back().end, ')');
    groups.pop_back();
    ++pos;
    return;
  case '^':
  case '$':
    atom(peek() == '^' ? "(?m:^)" : "(?m:$)");
    ++pos;
    return;
  case '.':
    atom("[^\\n]");
    ++pos;
    return;
  case '|':
    out += '|';
    ++pos;
    return;
  case '*':
  case '+':
  case '?':
  case '{':
    return quantifier();
  default:
    last = out.size();
    return literal(out, false);
  }
}

std::string Translator::translate() {
  if (utf8::validPrefix(in) != in.size())
    throw Error("not valid UTF-8");
  while (pos < in.size())
    token();
  if (!groups.empty())
    refuse(in.size(), "( without )");
  out.append(options, ')');
  return std::move(out);
}

std::string translateOnigPattern(std::string_view pattern) {
  return Translator(pattern).translate();
}

std::string literalPattern(std::string_view text) {
  std::string out;
  for (char c : text) {
    if (static_cast<unsigned char>(c) < 0x80 && !isalnum(uint8_t(c)) &&
        static_cast<unsigned char>(c) > 0x20)
      out += '\\';
    out += c;
  }
  return out;
}

} // namespace quern::tokenizer
