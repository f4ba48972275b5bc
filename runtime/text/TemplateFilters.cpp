//===- TemplateFilters.cpp - Filters of chat templates ----------*- C++ -*-===//
//
// Filters on single values, and the table of all filters.
//
//===----------------------------------------------------------------------===//

#include "text/TemplateFilters.h"
#include "text/TemplateParser.h"
#include "text/TemplateText.h"
#include "text/Utf8.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstdio>

namespace quern::chat {

using Kind = Value::Kind;

static Value trimmed(const FilterCall &c) {
  std::string text = c.text();
  bool markup = c.v.isMarkup();
  const Value *set = c.get(0, "chars");
  if (set && !set->isNull())
    c.in.charge(text.size() * c.in.wantString(*set, "chars").size() / 16);
  text = strip(text, set, true, true);
  return markup ? Value::markup(std::move(text))
                : c.in.makeString(std::move(text));
}

/// Jinja's own: capitalizes after white space, '-', and opening brackets.
static Value titled(const FilterCall &c) {
  std::string out, word;
  auto flush = [&] {
    out += capitalize(word);
    word.clear();
  };
  std::string text = c.text();
  for (std::string_view rest = text; !rest.empty();) {
    utf8::Char ch = utf8::decode(rest);
    std::string_view bytes = rest.substr(0, ch.size);
    bool splits =
        (ch.valid && utf8::isSpace(ch.code)) ||
        std::string_view("-({[<").find(bytes) != std::string_view::npos;
    if (splits) {
      flush();
      out += bytes;
    } else {
      word += bytes;
    }
    rest.remove_prefix(ch.size);
  }
  flush();
  return c.in.makeString(std::move(out));
}

static Value defaulted(const FilterCall &c) {
  const Value *other = c.get(0, "default_value");
  bool missing =
      c.v.isUndefined() || (c.flag(1, "boolean") && !c.in.truth(c.v));
  return !missing ? c.v : other ? *other : Value("");
}

static Value replaced(const FilterCall &c) {
  const Value *from = c.get(0, "old"), *to = c.get(1, "new");
  const Value *count = c.get(2, "count");
  if (!from || !to)
    c.in.fail("filter 'replace' needs two arguments");
  std::string text = c.text(), old = c.in.text(*from), by = c.in.text(*to);
  uint64_t places = text.size() / std::max<size_t>(old.size(), 1) + 1;
  c.in.charge((places * by.size() + text.size()) / 32);
  int64_t limit =
      count && !count->isNull() ? c.in.wantInt(*count, "count") : -1;
  return c.in.makeString(replaceAll(text, old, by, limit));
}

static Value toInteger(const FilterCall &c) {
  const Value *missing = c.get(0, "default");
  const Value *base = c.get(1, "base");
  if (c.v.isInt() || c.v.isBool())
    return c.v.asInt();
  double real = 0;
  bool valid = false;
  if (c.v.isFloat()) {
    real = c.v.asFloat(), valid = true;
  } else if (c.v.isString()) {
    std::string_view text = strip(c.v.asString(), nullptr, true, true);
    if (text.starts_with('+'))
      text.remove_prefix(1);
    const char *end = text.data() + text.size();
    int64_t out = 0;
    auto radix = static_cast<int>(
        std::clamp<int64_t>(base ? c.in.wantInt(*base, "base") : 10, 2, 36));
    auto whole = std::from_chars(text.data(), end, out, radix);
    if (whole.ec == std::errc() && whole.ptr == end)
      return out;
    auto part = std::from_chars(text.data(), end, real);
    valid = part.ec == std::errc() && part.ptr == end;
  }
  if (valid && std::fabs(real) < 9.2e18)
    return static_cast<int64_t>(real);
  if (valid && std::isfinite(real))
    c.in.fail("integer overflow");
  if (c.v.isUndefined())
    c.in.fail("'" + c.v.undefinedName() + "' is undefined");
  return missing ? *missing : Value(0);
}

static Value toFloat(const FilterCall &c) {
  const Value *missing = c.get(0, "default");
  if (c.v.isNumber())
    return c.v.asFloat();
  if (c.v.isString()) {
    std::string_view text = strip(c.v.asString(), nullptr, true, true);
    double real = 0;
    auto part = std::from_chars(text.data(), text.data() + text.size(), real);
    if (part.ec == std::errc() && part.ptr == text.data() + text.size())
      return real;
  }
  if (c.v.isUndefined())
    c.in.fail("'" + c.v.undefinedName() + "' is undefined");
  return missing ? *missing : Value(0.0);
}

static Value absolute(const FilterCall &c) {
  if (!c.v.isNumber())
    c.in.fail("filter 'abs' needs a number");
  if (c.v.asFloat() < 0)
    return c.in.negate(c.v);
  return c.v.isFloat() ? c.v : Value(c.v.asInt());
}

static Value rounded(const FilterCall &c) {
  const Value *precision = c.get(0, "precision"), *method = c.get(1, "method");
  if (!c.v.isNumber())
    c.in.fail("filter 'round' needs a number");
  auto digits = static_cast<int>(std::clamp<int64_t>(
      precision ? c.in.wantInt(*precision, "precision") : 0, 0, 30));
  std::string how = method ? c.in.text(*method) : "common";
  if (how == "common" && !c.v.isFloat())
    return c.v.asInt();
  double value = c.v.asFloat(), scale = std::pow(10.0, digits);
  if (how == "ceil")
    return std::ceil(value * scale) / scale;
  if (how == "floor")
    return std::floor(value * scale) / scale;
  if (how != "common")
    c.in.fail("method must be common, ceil or floor");
  // Through decimal digits, as Python rounds, since 2.675 is less than that.
  char buffer[400];
  int size = std::snprintf(buffer, sizeof(buffer), "%.*f", digits, value);
  double out = value;
  std::from_chars(buffer, buffer + std::max(size, 0), out);
  return out;
}

static Value indented(const FilterCall &c) {
  const Value *width = c.get(0, "width");
  if (width && width->isInt() && width->asInt() > 1000)
    c.in.fail("indent is too wide");
  std::string by =
      width && width->isString()
          ? width->asString()
          : std::string(
                static_cast<size_t>(std::clamp<int64_t>(
                    width ? c.in.wantInt(*width, "width") : 4, 0, 1000)),
                ' ');
  bool blank = c.flag(2, "blank"), first = true;
  std::string text = c.in.wantString(c.v, "what 'indent' indents") + "\n";
  std::string out = c.flag(1, "first") ? by : "";
  chargeLines(c.in, text);
  for (std::string_view line : splitLines(text)) {
    if (!std::exchange(first, false)) {
      out += '\n';
      if (blank || !line.empty())
        out += by;
      c.in.charge(1 + by.size() / 32);
      c.in.bound(out);
    }
    out += line;
  }
  return c.in.makeString(std::move(out));
}

static Value escaped(const FilterCall &c) {
  return c.v.isMarkup() ? c.v : Value::markup(c.in.escape(c.text()));
}

/// A format by % and its arguments, all by place or all by name.
static Value formatted(const FilterCall &c) {
  if (!c.arguments.named.empty())
    c.in.fail("filter 'format' takes no names");
  return c.in.percentText(c.text(), Value::tuple(c.arguments.positional));
}

/// Text that `+` joins with other text by escaping that.
static Value marked(const FilterCall &c) { return Value::markup(c.text()); }

static Value textOf(const FilterCall &c) {
  return c.v.isString() ? c.v : c.in.makeString(c.text());
}
static Value lengthOf(const FilterCall &c) { return c.in.length(c.v); }

static constexpr KnownFilter filterTable[] = {
    {"abs", absolute},
    {"attr", attributeOf},
    {"batch", batched},
    {"center", centered},
    {"filesizeformat", fileSize},
    {"forceescape", forceEscaped},
    {"groupby", grouped},
    {"slice", sliced},
    {"truncate", truncated},
    {"urlencode", urlEncoded},
    {"wordcount", wordCount},
    {"xmlattr", xmlAttributes},
    {"capitalize",
     [](const FilterCall &c) { return c.in.makeString(capitalize(c.text())); }},
    {"count", lengthOf},
    {"d", defaulted},
    {"default", defaulted},
    {"dictsort", sortedDict},
    {"e", escaped},
    {"escape", escaped},
    {"format", formatted},
    {"first", [](const FilterCall &c) { return endItem(c, false); }},
    {"float", toFloat},
    {"indent", indented},
    {"int", toInteger},
    {"items", itemsOf},
    {"join", joined},
    {"last", [](const FilterCall &c) { return endItem(c, true); }},
    {"length", lengthOf},
    {"list",
     [](const FilterCall &c) { return c.in.makeArray(c.in.iterate(c.v)); }},
    {"lower",
     [](const FilterCall &c) { return c.in.makeString(lower(c.text())); }},
    {"map", mapItems},
    {"max", [](const FilterCall &c) { return extreme(c, 1); }},
    {"min", [](const FilterCall &c) { return extreme(c, -1); }},
    {"reject", [](const FilterCall &c) { return selected(c, false, false); }},
    {"rejectattr",
     [](const FilterCall &c) { return selected(c, true, false); }},
    {"replace", replaced},
    {"reverse", reversed},
    {"round", rounded},
    {"safe", marked},
    {"select", [](const FilterCall &c) { return selected(c, false, true); }},
    {"selectattr", [](const FilterCall &c) { return selected(c, true, true); }},
    {"sort", sorted},
    {"string", textOf},
    {"sum", summed},
    {"title", titled},
    {"tojson",
     [](const FilterCall &c) {
       return c.in.makeString(c.in.json(c.v, c.arguments));
     }},
    {"trim", trimmed},
    {"unique", uniqueItems},
    {"upper",
     [](const FilterCall &c) { return c.in.makeString(upper(c.text())); }},
};

static const KnownFilter *findFilter(std::string_view name) {
  for (const KnownFilter &filter : filterTable)
    if (filter.name == name)
      return &filter;
  return nullptr;
}

bool isFilter(std::string_view name) { return findFilter(name) != nullptr; }

Value Interpreter::applyFilter(std::string_view name, const Value &v,
                               const Arguments &arguments) {
  const KnownFilter *filter = findFilter(name);
  if (!filter)
    fail("unknown filter '" + std::string(name) + "'");
  charge(1);
  // One level a filter: map('map', ...) applies filters from within.
  Deeper deeper(*this);
  return filter->run({*this, v, arguments});
}

} // namespace quern::chat
