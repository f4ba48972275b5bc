//===- TemplateText.cpp - What template values look like --------*- C++ -*-===//
//
// Python's str(), repr() and json.dumps(), and its string functions.
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

/// Calls `each` for all characters; invalid bytes are copied as they are.
template <typename EachFn>
static std::string mapped(std::string_view text, EachFn &&each) {
  std::string out;
  out.reserve(text.size());
  while (!text.empty()) {
    utf8::Char c = utf8::decode(text);
    if (c.valid)
      each(out, c.code);
    else
      out += text.substr(0, c.size);
    text.remove_prefix(c.size);
  }
  return out;
}

static void appendUpper(std::string &out, char32_t code) {
  if (code == 0xdf)
    out += "SS";
  else
    utf8::append(out, static_cast<char32_t>(
                          utf8proc_toupper(static_cast<int32_t>(code))));
}

static void appendLower(std::string &out, char32_t code) {
  utf8::append(out, static_cast<char32_t>(
                        utf8proc_tolower(static_cast<int32_t>(code))));
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
  return utf8proc_category(static_cast<int32_t>(code)) ==
         UTF8PROC_CATEGORY_ND;
}

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

static void appendHex(std::string &out, const char *prefix, uint32_t code,
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
  bool first = true;
  auto separate = [&] {
    if (!std::exchange(first, false))
      out += ", ";
  };
  switch (v.kind()) {
  case Kind::String:
    return appendRepr(out, v.asString());
  case Kind::Array:
    out += '[';
    for (const Value &item : v.asArray())
      separate(), appendRepr(out, item, in);
    out += ']';
    return;
  case Kind::Object:
    out += '{';
    for (const auto &[key, value] : v.asObject()) {
      separate(), appendRepr(out, key), out += ": ";
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

namespace {
/// json.dumps().
class JsonWriter {
public:
  JsonWriter(Interpreter &in, const Arguments &options);
  void write(const Value &v, unsigned level);
  std::string out;

private:
  void string(std::string_view text);
  void object(const Value &v, unsigned level);
  void newline(unsigned level);

  Interpreter &in;
  bool ascii = false, sorted = false, indented = false;
  std::string indent, comma = ", ", colon = ": ";
};
} // namespace

JsonWriter::JsonWriter(Interpreter &interpreter, const Arguments &options)
    : in(interpreter) {
  if (const Value *v = options.get(SIZE_MAX, "ensure_ascii"))
    ascii = in.truth(*v);
  if (const Value *v = options.get(SIZE_MAX, "sort_keys"))
    sorted = in.truth(*v);
  if (const Value *v = options.get(0, "indent"); v && !v->isNull()) {
    indented = true;
    comma.assign(1, ',');
    if (v->isString())
      indent = v->asString();
    else
      indent.assign(static_cast<size_t>(std::clamp<int64_t>(
                        in.wantInt(*v, "indent"), 0, 64)),
                    ' ');
  }
  if (const Value *v = options.get(SIZE_MAX, "separators");
      v && v->isArray() && v->asArray().size() == 2) {
    comma = in.wantString(v->asArray()[0], "a separator");
    colon = in.wantString(v->asArray()[1], "a separator");
  }
}

void JsonWriter::newline(unsigned level) {
  if (!indented)
    return;
  out += '\n';
  for (unsigned i = 0; i < level; ++i)
    out += indent;
}

void JsonWriter::string(std::string_view text) {
  in.charge(text.size() / 16);
  out += '"';
  out += mapped(text, [&](std::string &to, char32_t code) {
    constexpr std::string_view plain = "\"\\\n\r\t\f\b", letter = "\"\\nrtfb";
    size_t at = code < 0x80 ? plain.find(static_cast<char>(code)) : plain.npos;
    if (at != plain.npos)
      to += '\\', to += letter[at];
    else if (code < 0x20 || (ascii && code >= 0x7f && code < 0x10000))
      code == 0x7f ? to += '\x7f' : (appendHex(to, "\\u", code, 4), to);
    else if (ascii && code >= 0x10000) {
      appendHex(to, "\\u", 0xd800 + ((code - 0x10000) >> 10), 4);
      appendHex(to, "\\u", 0xdc00 + ((code - 0x10000) & 0x3ff), 4);
    } else {
      utf8::append(to, code);
    }
  });
  out += '"';
}

void JsonWriter::object(const Value &v, unsigned level) {
  std::vector<const Value::Member *> members;
  for (const Value::Member &member : v.asObject())
    members.push_back(&member);
  if (sorted)
    std::sort(members.begin(), members.end(), [](const auto *a, const auto *b) {
      return a->first < b->first;
    });
  out += '{';
  for (size_t i = 0; i < members.size(); ++i) {
    if (i > 0)
      out += comma;
    newline(level + 1);
    string(members[i]->first);
    out += colon;
    write(members[i]->second, level + 1);
  }
  if (!members.empty())
    newline(level);
  out += '}';
}

void JsonWriter::write(const Value &v, unsigned level) {
  in.charge(1);
  // One value may occur many times, so its text may be far larger than it.
  in.charge(indented ? level * indent.size() / 32 : 0);
  switch (v.kind()) {
  case Kind::Null:
    out += "null";
    return;
  case Kind::Bool:
    out += v.asBool() ? "true" : "false";
    return;
  case Kind::Float: {
    std::string text = floatText(v.asFloat());
    out += text == "nan"    ? "NaN"
           : text == "inf"  ? "Infinity"
           : text == "-inf" ? "-Infinity"
                            : text;
    return;
  }
  case Kind::Int:
    out += in.text(v);
    return;
  case Kind::String:
    return string(v.asString());
  case Kind::Object:
    return object(v, level);
  case Kind::Array: {
    out += '[';
    bool first = true;
    for (const Value &item : v.asArray()) {
      if (!std::exchange(first, false))
        out += comma;
      newline(level + 1);
      write(item, level + 1);
    }
    if (!first)
      newline(level);
    out += ']';
    return;
  }
  default:
    in.fail(std::string("object of type ") + Interpreter::typeName(v) +
            " is not JSON serializable");
  }
}

std::string Interpreter::json(const Value &v, const Arguments &options) {
  JsonWriter writer(*this, options);
  writer.write(v, 0);
  return std::move(writer.out);
}

} // namespace quern::chat
