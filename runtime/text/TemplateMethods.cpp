//===- TemplateMethods.cpp - Methods of strings, lists and dicts -*- C++
//-*-===//
//
// Python's methods that templates call. Those that change a list or dict do not
// exist here, as in Jinja's immutable sandbox.
//
//===----------------------------------------------------------------------===//

#include "text/TemplateRender.h"
#include "text/TemplateText.h"
#include "text/Utf8.h"

#include <algorithm>

namespace quern::chat {

using Kind = Value::Kind;

namespace {
/// A call of a method on `v`.
struct MethodCall {
  Interpreter &in;
  const Value &v;
  const Arguments &arguments;

  std::string_view self() const { return v.asString(); }
  const Value *get(size_t index, std::string_view name) const {
    return arguments.get(index, name);
  }
  const Value &need(size_t index, std::string_view name) const {
    const Value *value = get(index, name);
    if (!value)
      in.fail("method needs argument '" + std::string(name) + "'");
    return *value;
  }
  std::string_view needString(size_t index, std::string_view name) const {
    return in.wantString(need(index, name), "an argument");
  }
  int64_t integerOr(size_t index, std::string_view name,
                    int64_t missing) const {
    const Value *value = get(index, name);
    return value ? in.wantInt(*value, "an argument") : missing;
  }
};

struct Method {
  std::string_view name;
  Value (*run)(const MethodCall &);
};
} // namespace

static Value stripped(const MethodCall &c, bool left, bool right) {
  const Value *set = c.get(0, "chars");
  if (set && !set->isNull())
    c.in.charge(c.self().size() * c.in.wantString(*set, "an argument").size() /
                16);
  return c.in.makeString(std::string(strip(c.self(), set, left, right)));
}

/// Whether the text starts (or ends) with the argument or with one of a list.
static Value affixed(const MethodCall &c, bool start) {
  auto has = [&](const Value &v) {
    std::string_view part = c.in.wantString(v, "an argument");
    return start ? c.self().starts_with(part) : c.self().ends_with(part);
  };
  const Value &affix = c.need(0, "prefix");
  if (!affix.isSequence(Value::Sequence::Tuple))
    return has(affix);
  for (const Value &v : affix.asArray())
    if (has(v))
      return true;
  return false;
}

static Value splitSpaces(const MethodCall &c, int64_t limit) {
  Value::Array out;
  std::string_view rest = utf8::trimLeft(c.self());
  while (!rest.empty()) {
    size_t end = 0;
    while (end < rest.size()) {
      utf8::Char ch = utf8::decode(rest.substr(end));
      if (ch.valid && utf8::isSpace(ch.code))
        break;
      end += ch.size;
    }
    if (limit >= 0 && static_cast<int64_t>(out.size()) == limit) {
      out.push_back(utf8::trimRight(rest));
      break;
    }
    out.push_back(rest.substr(0, end));
    rest = utf8::trimLeft(rest.substr(end));
  }
  return c.in.makeArray(std::move(out));
}

static Value split(const MethodCall &c) {
  const Value *separator = c.get(0, "sep");
  int64_t limit = c.integerOr(1, "maxsplit", -1);
  c.in.charge(c.self().size() / 8);
  if (!separator || separator->isNull())
    return splitSpaces(c, limit);
  std::string_view by = c.in.wantString(*separator, "a separator");
  if (by.empty())
    c.in.fail("empty separator");
  Value::Array out;
  std::string_view rest = c.self();
  for (size_t at; limit != 0 && (at = rest.find(by)) != rest.npos; --limit) {
    out.push_back(rest.substr(0, at));
    rest.remove_prefix(at + by.size());
  }
  out.push_back(rest);
  return c.in.makeArray(std::move(out));
}

static Value splitRight(const MethodCall &c) {
  const Value *separator = c.get(0, "sep");
  int64_t limit = c.integerOr(1, "maxsplit", -1);
  if (!separator || separator->isNull()) {
    if (limit >= 0)
      c.in.fail("rsplit at white space takes no maxsplit");
    return splitSpaces(c, -1);
  }
  std::string_view by = c.in.wantString(*separator, "a separator");
  if (by.empty())
    c.in.fail("empty separator");
  Value::Array out;
  std::string_view rest = c.self();
  c.in.charge(rest.size() / 8);
  for (size_t at; limit != 0 && (at = rest.rfind(by)) != rest.npos; --limit) {
    out.push_back(rest.substr(at + by.size()));
    rest = rest.substr(0, at);
  }
  out.push_back(rest);
  std::reverse(out.begin(), out.end());
  return c.in.makeArray(std::move(out));
}

static Value lines(const MethodCall &c) {
  Value::Array out;
  for (std::string_view line : splitLines(c.self()))
    out.push_back(line);
  return c.in.makeArray(std::move(out));
}

static Value replace(const MethodCall &c) {
  std::string_view from = c.needString(0, "old"), to = c.needString(1, "new");
  int64_t count = c.integerOr(2, "count", -1);
  // What it would be at most, before any of it is made.
  uint64_t places = c.self().size() / std::max<size_t>(from.size(), 1) + 1;
  c.in.charge((places * to.size() + c.self().size()) / 32);
  return c.in.makeString(replaceAll(c.self(), from, to, count));
}

static Value findText(const MethodCall &c, bool last) {
  std::string_view part = c.needString(0, "sub");
  size_t at = last ? c.self().rfind(part) : c.self().find(part);
  c.in.charge(c.self().size() / 16);
  if (at == std::string_view::npos)
    return -1;
  return static_cast<int64_t>(utf8::length(c.self().substr(0, at)));
}

static Value countText(const MethodCall &c) {
  std::string_view part = c.needString(0, "sub");
  c.in.charge(c.self().size() / 8);
  if (part.empty())
    return static_cast<int64_t>(utf8::length(c.self()) + 1);
  int64_t count = 0;
  for (size_t at = 0; (at = c.self().find(part, at)) != std::string_view::npos;
       at += part.size())
    ++count;
  return count;
}

static Value joinText(const MethodCall &c) {
  std::string out;
  bool first = true;
  for (const Value &item : c.in.iterate(c.need(0, "iterable"))) {
    if (!std::exchange(first, false))
      out += c.self();
    out += c.in.wantString(item, "an item to join");
    c.in.charge(1 + c.self().size() / 32);
  }
  return c.in.makeString(std::move(out));
}

/// Whether the text has characters and all satisfy `holds`.
template <typename HoldsFn>
static Value allCharacters(const MethodCall &c, HoldsFn &&holds) {
  std::string_view rest = c.self();
  if (rest.empty())
    return false;
  while (!rest.empty()) {
    utf8::Char ch = utf8::decode(rest);
    if (!ch.valid || !holds(ch.code))
      return false;
    rest.remove_prefix(ch.size);
  }
  return true;
}

static Value removeAffix(const MethodCall &c, bool prefix) {
  std::string_view text = c.self(), part = c.needString(0, "affix");
  if (prefix ? text.starts_with(part) : text.ends_with(part))
    text = prefix ? text.substr(part.size())
                  : text.substr(0, text.size() - part.size());
  return c.in.makeString(std::string(text));
}

static constexpr Method stringMethods[] = {
    {"strip", [](const MethodCall &c) { return stripped(c, true, true); }},
    {"lstrip", [](const MethodCall &c) { return stripped(c, true, false); }},
    {"rstrip", [](const MethodCall &c) { return stripped(c, false, true); }},
    {"startswith", [](const MethodCall &c) { return affixed(c, true); }},
    {"endswith", [](const MethodCall &c) { return affixed(c, false); }},
    {"split", split},
    {"rsplit", splitRight},
    {"splitlines", lines},
    {"replace", replace},
    {"find", [](const MethodCall &c) { return findText(c, false); }},
    {"rfind", [](const MethodCall &c) { return findText(c, true); }},
    {"count", countText},
    {"join", joinText},
    {"format",
     [](const MethodCall &c) {
       return c.in.formatText(c.self(), c.arguments);
     }},
    {"upper",
     [](const MethodCall &c) { return c.in.makeString(upper(c.self())); }},
    {"lower",
     [](const MethodCall &c) { return c.in.makeString(lower(c.self())); }},
    {"title",
     [](const MethodCall &c) { return c.in.makeString(title(c.self())); }},
    {"capitalize",
     [](const MethodCall &c) { return c.in.makeString(capitalize(c.self())); }},
    {"removeprefix", [](const MethodCall &c) { return removeAffix(c, true); }},
    {"removesuffix", [](const MethodCall &c) { return removeAffix(c, false); }},
    {"isdigit", [](const MethodCall &c) { return allCharacters(c, isDigit); }},
    {"isalpha", [](const MethodCall &c) { return allCharacters(c, isLetter); }},
    {"isspace",
     [](const MethodCall &c) { return allCharacters(c, utf8::isSpace); }},
};

static Value pairs(const MethodCall &c) {
  Value::Array out;
  c.in.charge(c.v.asObject().size());
  for (const auto &[key, value] : c.v.asObject())
    out.push_back(Value::tuple({Interpreter::keyValue(key), value}));
  return c.in.makeArray(std::move(out), Value::Sequence::Items);
}

static Value keys(const MethodCall &c) {
  return c.in.makeArray(c.in.iterate(c.v), Value::Sequence::Keys);
}

static Value values(const MethodCall &c) {
  Value::Array out;
  for (const auto &[key, value] : c.v.asObject())
    out.push_back(value);
  return c.in.makeArray(std::move(out), Value::Sequence::Values);
}

static Value getMember(const MethodCall &c) {
  const Value &key = c.need(0, "key");
  c.in.charge(c.v.asObject().size() / 8);
  if (key.isArray() || key.isObject())
    c.in.fail(std::string("a '") + Interpreter::typeName(key) +
              "' cannot be a key");
  if (key.isString() || key.isInt() || key.isNull())
    if (const Value *found = c.v.find(c.in.keyText(key)))
      return *found;
  const Value *missing = c.get(1, "default");
  return missing ? *missing : Value();
}

static constexpr Method dictMethods[] = {
    {"items", pairs},
    {"keys", keys},
    {"values", values},
    {"get", getMember},
    {"copy", [](const MethodCall &c) { return c.v; }},
};

static Value countItems(const MethodCall &c) {
  int64_t count = 0;
  for (const Value &item : c.v.asArray())
    count += c.in.equal(item, c.need(0, "value"));
  return count;
}

static Value indexOf(const MethodCall &c) {
  const Value::Array &items = c.v.asArray();
  for (size_t i = 0; i < items.size(); ++i)
    if (c.in.equal(items[i], c.need(0, "value")))
      return static_cast<int64_t>(i);
  c.in.fail("value is not in the list");
}

static constexpr Method listMethods[] = {
    {"count", countItems},
    {"index", indexOf},
    {"copy", [](const MethodCall &c) { return c.v; }},
};

/// loop.cycle(a, b, ...).
static Value cycle(const MethodCall &c) {
  const Value *index = c.v.find("index0");
  const auto &items = c.arguments.positional;
  if (!index || !c.v.find(loopMark) || items.empty())
    c.in.fail("cycle needs a loop and items");
  return items[static_cast<size_t>(index->asInt()) % items.size()];
}

/// loop.changed(a, ...): whether these differ from the last call's.
static Value changed(const MethodCall &c) {
  if (!c.v.find(loopMark))
    c.in.fail("changed needs a loop");
  Value now = c.in.makeArray(c.arguments.positional);
  const Value *last = c.v.find(loopSeen);
  bool differs = !last || !c.in.equal(*last, now);
  if (differs)
    c.v.setMember(loopSeen, now);
  return differs;
}

static constexpr Method loopMethods[] = {{"cycle", cycle},
                                         {"changed", changed}};

std::optional<Value> Interpreter::callMethod(const Value &v,
                                             std::string_view name,
                                             const Arguments &arguments) {
  std::span<const Method> methods;
  switch (v.kind()) {
  case Kind::String:
    methods = stringMethods;
    break;
  case Kind::Object:
    methods = dictMethods;
    break;
  case Kind::Array:
    methods = listMethods;
    break;
  case Kind::Namespace:
    methods = loopMethods;
    break;
  default:
    break;
  }
  for (const Method &method : methods)
    if (method.name == name)
      return method.run({*this, v, arguments});
  return std::nullopt;
}

} // namespace quern::chat
