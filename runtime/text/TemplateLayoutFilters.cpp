//===- TemplateLayoutFilters.cpp - Filters for layout and markup -*- C++ -*-===//
//
// Filters that lay out text or lists, or write for HTML and URLs. Widths and
// counts come from templates, so that work is counted before it is done.
//
//===----------------------------------------------------------------------===//

#include "text/TemplateFilters.h"
#include "text/TemplateText.h"
#include "text/Utf8.h"

#include <algorithm>
#include <cmath>
#include <cstdio>

namespace quern::chat {

using Kind = Value::Kind;

static int64_t integerOr(const FilterCall &c, size_t index,
                         std::string_view name, int64_t missing) {
  const Value *value = c.get(index, name);
  return value ? c.in.wantInt(*value, "an argument") : missing;
}

Value centered(const FilterCall &c) {
  return c.in.padded(c.text(), integerOr(c, 0, "width", 80), " ",
                     Interpreter::Align::Center);
}

/// Runs of letters, digits and underscores.
Value wordCount(const FilterCall &c) {
  std::string text = c.text();
  int64_t count = 0;
  bool inside = false;
  for (std::string_view rest = text; !rest.empty();) {
    utf8::Char ch = utf8::decode(rest);
    bool word = ch.valid && (ch.code == '_' || isAlphanumeric(ch.code));
    count += word && !inside;
    inside = word;
    rest.remove_prefix(ch.size);
  }
  return count;
}

Value truncated(const FilterCall &c) {
  int64_t length = integerOr(c, 0, "length", 255);
  const Value *end = c.get(2, "end"), *slack = c.get(3, "leeway");
  std::string tail = end ? c.in.wantString(*end, "an end") : "...";
  int64_t leeway =
      slack && !slack->isNull() ? c.in.wantInt(*slack, "leeway") : 5;
  auto tailLength = static_cast<int64_t>(utf8::length(tail));
  if (length < tailLength || leeway < 0)
    c.in.fail("filter 'truncate' is given lengths that do not fit");
  int64_t size = c.in.length(c.v);
  if (size <= length || size - length <= leeway)
    return c.v;
  std::string_view text = c.in.wantString(c.v, "what 'truncate' shortens");
  text = text.substr(
      0, utf8::offsetOf(text, static_cast<size_t>(length - tailLength)));
  if (!c.flag(1, "killwords"))
    text = text.substr(0, std::min(text.rfind(' '), text.size()));
  return c.in.makeString(std::string(text) + tail);
}

Value batched(const FilterCall &c) {
  const Value *count = c.get(0, "linecount"), *fill = c.get(1, "fill_with");
  if (!count)
    c.in.fail("filter 'batch' needs the length of a line");
  int64_t most = c.in.wantInt(*count, "the length of a line");
  Value::Array out, line;
  auto full = [&] { return static_cast<int64_t>(line.size()) == most; };
  for (const Value &item : c.in.iterate(c.v)) {
    if (full())
      out.push_back(c.in.makeArray(std::exchange(line, {})));
    line.push_back(item);
  }
  if (!line.empty()) {
    auto size = static_cast<int64_t>(line.size());
    if (fill && !fill->isNull() && size < most) {
      c.in.charge(static_cast<uint64_t>(most - size));
      line.resize(static_cast<size_t>(most), *fill);
    }
    out.push_back(c.in.makeArray(std::move(line)));
  }
  return c.in.makeArray(std::move(out), Value::Sequence::Iterator);
}

Value sliced(const FilterCall &c) {
  const Value *count = c.get(0, "slices"), *fill = c.get(1, "fill_with");
  if (!count)
    c.in.fail("filter 'slice' needs a number of slices");
  int64_t slices = c.in.wantInt(*count, "the number of slices");
  if (slices == 0)
    c.in.fail("division by zero");
  Value::Array items = c.in.iterate(c.v), out;
  auto size = static_cast<int64_t>(items.size());
  int64_t at = 0;
  c.in.charge(static_cast<uint64_t>(std::max<int64_t>(slices, 0)));
  for (int64_t i = 0; i < slices; ++i) {
    bool longer = i < size % slices;
    int64_t end = at + size / slices + (longer ? 1 : 0);
    Value::Array part(items.begin() + at, items.begin() + end);
    if (fill && !fill->isNull() && !longer)
      part.push_back(*fill);
    out.push_back(c.in.makeArray(std::move(part)));
    at = end;
  }
  return c.in.makeArray(std::move(out), Value::Sequence::Iterator);
}

/// A member of what has members only: `loop` and namespaces. Methods, and all
/// that Python keeps in names with underscores, do not exist as values.
Value attributeOf(const FilterCall &c) {
  const Value *name = c.get(0, "name");
  if (!name)
    c.in.fail("filter 'attr' needs a name");
  std::string text = c.in.text(*name);
  if (c.v.isUndefined() && !text.starts_with("__"))
    c.in.fail("'" + c.v.undefinedName() + "' is undefined");
  if (c.v.kind() == Kind::Namespace)
    return c.in.member(c.v, text);
  return Value::undefined(text);
}

Value forceEscaped(const FilterCall &c) {
  return Value::markup(c.in.escape(c.text()));
}

static std::string quoted(const FilterCall &c, const Value &v, bool query) {
  std::string text = c.in.text(v), out;
  c.in.charge(text.size() / 8);
  for (char ch : text) {
    bool plain = (ch >= 'a' && ch <= 'z') || (ch >= 'A' && ch <= 'Z') ||
                 (ch >= '0' && ch <= '9') ||
                 std::string_view("_.-~").find(ch) != std::string_view::npos;
    if (plain || (ch == '/' && !query))
      out += ch;
    else if (ch == ' ' && query)
      out += '+';
    else
      (out += '%') += {"0123456789ABCDEF"[static_cast<uint8_t>(ch) >> 4],
                       "0123456789ABCDEF"[ch & 15]};
  }
  c.in.bound(out);
  return out;
}

Value urlEncoded(const FilterCall &c) {
  bool pairs = c.v.isArray() || c.v.isObject() || c.v.isUndefined();
  if (!pairs)
    return c.in.makeString(quoted(c, c.v, false));
  std::string out;
  auto add = [&](const Value &key, const Value &value) {
    out += out.empty() ? "" : "&";
    out += quoted(c, key, true) + "=" + quoted(c, value, true);
    c.in.bound(out);
  };
  if (c.v.kind() == Kind::Object)
    for (const auto &[key, value] : c.v.asObject())
      add(Interpreter::keyValue(key), value);
  else
    for (const Value &item : c.in.iterate(c.v)) {
      Value::Array pair = c.in.iterate(item);
      if (pair.size() != 2)
        c.in.fail("filter 'urlencode' needs pairs");
      add(pair[0], pair[1]);
    }
  return c.in.makeString(std::move(out));
}

Value xmlAttributes(const FilterCall &c) {
  if (c.v.kind() != Kind::Object)
    c.in.fail("filter 'xmlattr' needs a dict");
  const Value *space = c.get(0, "autospace");
  std::string out;
  for (const auto &[key, value] : c.v.asObject()) {
    if (value.isNull() || value.isUndefined())
      continue;
    std::string name = c.in.text(Interpreter::keyValue(key));
    if (name.find_first_of(" \t\n\r\f\v/>=") != name.npos)
      c.in.fail("invalid character in attribute name");
    out += out.empty() && space && !c.in.truth(*space) ? "" : " ";
    std::string text = c.in.text(value);
    out += c.in.escape(name) + "=\"" +
           (value.isMarkup() ? text : c.in.escape(text)) + '"';
    c.in.bound(out);
  }
  return c.in.makeString(std::move(out));
}

Value fileSize(const FilterCall &c) {
  bool binary = c.flag(0, "binary");
  double bytes = c.in.applyFilter("float", c.v, {}).asFloat();
  double base = binary ? 1024 : 1000;
  if (bytes == 1)
    return "1 Byte";
  if (std::isnan(bytes) || std::isinf(bytes))
    c.in.fail("filter 'filesizeformat' needs a finite number");
  char buffer[400];
  if (bytes < base) {
    std::snprintf(buffer, sizeof(buffer), "%.0f Bytes", std::trunc(bytes));
    return buffer[0] == '-' && buffer[1] == '0' ? buffer + 1 : buffer;
  }
  static constexpr const char letters[] = "KMGTPEZY";
  double unit = base;
  size_t i = 0;
  while (i + 1 < sizeof(letters) - 1 && bytes >= unit * base)
    unit *= base, ++i;
  char letter = i == 0 && !binary ? 'k' : letters[i];
  std::snprintf(buffer, sizeof(buffer), "%.1f %c%s", bytes / unit, letter,
                binary ? "iB" : "B");
  return buffer;
}

} // namespace quern::chat
