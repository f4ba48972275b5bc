//===- TemplateText.cpp - What template values look like --------*- C++ -*-===//
//
// Python's str() and repr(), and its string functions.
//
//===----------------------------------------------------------------------===//

#include "text/TemplateText.h"

#include "text/TemplateRender.h"
#include "text/Utf8.h"

#include <utf8proc.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <utility>

namespace quern::chat {

using Kind = Value::Kind;

static void appendUpper(std::string &out, char32_t code) {
  if (code == 0xdf)
    out += "SS";
  else
    utf8::append(out, static_cast<char32_t>(
                          utf8proc_toupper(static_cast<int32_t>(code))));
}

static void appendLower(std::string &out, char32_t code) {
  utf8::append(
      out, static_cast<char32_t>(utf8proc_tolower(static_cast<int32_t>(code))));
}

std::string upper(std::string_view text) { return mapped(text, appendUpper); }
std::string lower(std::string_view text) { return mapped(text, appendLower); }

std::string capitalize(std::string_view text) {
  bool first = true;
  return mapped(text, [&](std::string &out, char32_t code) {
    first ? appendUpper(out, code) : appendLower(out, code);
    first = false;
  });
}

std::string title(std::string_view text) {
  bool inWord = false;
  return mapped(text, [&](std::string &out, char32_t code) {
    inWord ? appendLower(out, code) : appendUpper(out, code);
    inWord = isCased(code);
  });
}

bool isCased(char32_t code) {
  auto category = utf8proc_category(static_cast<int32_t>(code));
  return category == UTF8PROC_CATEGORY_LU || category == UTF8PROC_CATEGORY_LL ||
         category == UTF8PROC_CATEGORY_LT;
}

bool isLetter(char32_t code) {
  auto category = utf8proc_category(static_cast<int32_t>(code));
  return category >= UTF8PROC_CATEGORY_LU && category <= UTF8PROC_CATEGORY_LO;
}

bool isDigit(char32_t code) {
  return utf8proc_category(static_cast<int32_t>(code)) == UTF8PROC_CATEGORY_ND;
}

bool isNumeric(char32_t code) {
  auto category = utf8proc_category(static_cast<int32_t>(code));
  return category >= UTF8PROC_CATEGORY_ND && category <= UTF8PROC_CATEGORY_NO;
}

bool isAlphanumeric(char32_t code) { return isLetter(code) || isNumeric(code); }

std::string_view strip(std::string_view text, const Value *set, bool left,
                       bool right) {
  if (!set || set->isNull()) {
    if (left)
      text = utf8::trimLeft(text);
    return right ? utf8::trimRight(text) : text;
  }
  std::string_view characters = set->asString();
  auto has = [&](std::string_view c) {
    return characters.find(c) != characters.npos;
  };
  while (left && !text.empty()) {
    size_t size = utf8::decode(text).size;
    if (!has(text.substr(0, size)))
      break;
    text.remove_prefix(size);
  }
  while (right && !text.empty()) {
    size_t start = text.size() - 1;
    while (start > 0 && (static_cast<uint8_t>(text[start]) & 0xc0) == 0x80)
      --start;
    if (!has(text.substr(start)))
      break;
    text = text.substr(0, start);
  }
  return text;
}

std::string replaceAll(std::string_view text, std::string_view from,
                       std::string_view to, int64_t count) {
  std::string out;
  size_t pos = 0;
  while (count != 0) {
    size_t at = text.find(from, pos);
    // An empty string is found before every character and at the end.
    if (at == text.npos)
      break;
    out += text.substr(pos, at - pos);
    out += to;
    pos = at + from.size();
    --count;
    if (from.empty()) {
      if (pos == text.size())
        break;
      size_t size = utf8::decode(text.substr(pos)).size;
      out += text.substr(pos, size);
      pos += size;
    }
  }
  return out += text.substr(std::min(pos, text.size()));
}

std::vector<std::string_view> splitLines(std::string_view text) {
  std::vector<std::string_view> out;
  while (!text.empty()) {
    size_t end = std::min(text.find_first_of("\r\n"), text.size());
    out.push_back(text.substr(0, end));
    text.remove_prefix(end);
    if (!text.empty())
      text.remove_prefix(text.starts_with("\r\n") ? 2 : 1);
  }
  return out;
}

std::string floatText(double value) {
  if (std::isnan(value))
    return "nan";
  if (std::isinf(value))
    return value < 0 ? "-inf" : "inf";
  char buffer[40];
  auto shortest = std::to_chars(buffer, buffer + sizeof(buffer), value,
                                std::chars_format::scientific);
  std::string_view text(buffer, static_cast<size_t>(shortest.ptr - buffer));
  size_t e = text.find('e');
  int exponent = 0;
  std::string_view power = text.substr(e + (text[e + 1] == '+' ? 2 : 1));
  std::from_chars(power.data(), power.data() + power.size(), exponent);
  // Python goes to exponents below 1e-4 and from 1e16 on.
  if (exponent < -4 || exponent >= 16)
    return std::string(text);
  auto fixed = std::to_chars(buffer, buffer + sizeof(buffer), value,
                             std::chars_format::fixed);
  std::string out(buffer, fixed.ptr);
  return out.find('.') == out.npos ? out + ".0" : out;
}

void appendHex(std::string &out, const char *prefix, uint32_t code,
               unsigned digits) {
  out += prefix;
  for (unsigned i = digits; i-- > 0;)
    out += "0123456789abcdef"[code >> (4 * i) & 15];
}

static void appendRepr(std::string &out, std::string_view text) {
  bool single = text.find('\'') != text.npos && text.find('"') == text.npos;
  char quote = single ? '"' : '\'';
  out += quote;
  out += mapped(text, [&](std::string &to, char32_t code) {
    if (code == static_cast<char32_t>(quote) || code == '\\')
      to += '\\', to += static_cast<char>(code);
    else if (code == '\n')
      to += "\\n";
    else if (code == '\r')
      to += "\\r";
    else if (code == '\t')
      to += "\\t";
    else if (auto category = utf8proc_category(static_cast<int32_t>(code));
             code != ' ' && (category == UTF8PROC_CATEGORY_CN ||
                             category >= UTF8PROC_CATEGORY_ZS)) {
      if (code < 0x100)
        appendHex(to, "\\x", code, 2);
      else if (code < 0x10000)
        appendHex(to, "\\u", code, 4);
      else
        appendHex(to, "\\U", code, 8);
    } else {
      utf8::append(to, code);
    }
  });
  out += quote;
}

/// repr() of a value, which has a bounded depth.
static void appendRepr(std::string &out, const Value &v, Interpreter &in) {
  in.charge(1 + out.size() / 4096);
  in.bound(out);
  bool first = true;
  auto separate = [&] {
    if (!std::exchange(first, false))
      out += ", ";
  };
  switch (v.kind()) {
  case Kind::String:
    return appendRepr(out, v.asString());
  case Kind::Array: {
    static constexpr std::string_view before[] =
        {"[", "(", "(", "", "dict_keys([", "dict_values([", "dict_items(["},
                                      after[] = {"]",  ")",  ")", "",
                                                 "])", "])", "])"};
    auto what = static_cast<size_t>(v.sequence());
    if (v.sequence() == Value::Sequence::Range ||
        v.sequence() == Value::Sequence::Iterator)
      in.fail(std::string("a '") + in.typeName(v) + "' object has no text");
    out += before[what];
    for (const Value &item : v.asArray())
      separate(), appendRepr(out, item, in);
    if (v.sequence() == Value::Sequence::Tuple && v.asArray().size() == 1)
      out += ',';
    out += after[what];
    return;
  }
  case Kind::Object:
    out += '{';
    for (const auto &[key, value] : v.asObject()) {
      separate(), appendRepr(out, Interpreter::keyValue(key), in), out += ": ";
      appendRepr(out, value, in);
    }
    out += '}';
    return;
  case Kind::Undefined:
    out += "Undefined";
    return;
  default:
    out += in.text(v);
  }
}

/// For HTML.
std::string Interpreter::escape(const std::string &text) {
  std::string out;
  for (char ch : text) {
    switch (ch) {
    case '&':
      out += "&amp;";
      break;
    case '<':
      out += "&lt;";
      break;
    case '>':
      out += "&gt;";
      break;
    case '"':
      out += "&#34;";
      break;
    case '\'':
      out += "&#39;";
      break;
    default:
      out += ch;
    }
  }
  charge(out.size() / 32);
  bound(out);
  return out;
}

std::string Interpreter::repr(const Value &v) {
  std::string out;
  appendRepr(out, v, *this);
  return out;
}

std::string Interpreter::text(const Value &v) {
  switch (v.kind()) {
  case Kind::Null:
    return "None";
  case Kind::Bool:
    return v.asBool() ? "True" : "False";
  case Kind::Int:
    return std::to_string(v.asInt());
  case Kind::Float:
    return floatText(v.asFloat());
  case Kind::String:
    charge(v.asString().size() / 32);
    return v.asString();
  case Kind::Undefined:
    return {};
  case Kind::Array:
  case Kind::Object: {
    std::string out;
    appendRepr(out, v, *this);
    return out;
  }
  default:
    fail(std::string("a '") + typeName(v) + "' object has no text");
  }
}

} // namespace quern::chat
