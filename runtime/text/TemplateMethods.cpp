//===- TemplateMethods.cpp - Methods of template values ---------*- C++ -*-===//
//
// Python's methods that templates call. Those that change a list or dict do not
// exist here, as in Jinja's immutable sandbox.
//
//===----------------------------------------------------------------------===//

#include "text/TemplateMethods.h"
#include "text/TemplateText.h"
#include "text/Utf8.h"

#include <algorithm>

namespace quern::chat {

using Kind = Value::Kind;

namespace {
/// The pieces that a string is cut into, each of which is a string: counted
/// before they are made.
struct Pieces {
  Interpreter &in;
  Value::Array items = {};

  void add(std::string_view piece) {
    in.charge(4);
    items.push_back(piece);
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
  size_t begin;
  std::string_view text = c.part(1, begin);
  auto has = [&](const Value &v) {
    std::string_view affix = c.in.wantString(v, "an argument");
    return begin != text.npos &&
           (start ? text.starts_with(affix) : text.ends_with(affix));
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
  Pieces out{c.in};
  std::string_view rest = utf8::trimLeft(c.self());
  while (!rest.empty()) {
    size_t end = 0;
    while (end < rest.size()) {
      utf8::Char ch = utf8::decode(rest.substr(end));
      if (ch.valid && utf8::isSpace(ch.code))
        break;
      end += ch.size;
    }
    if (limit >= 0 && static_cast<int64_t>(out.items.size()) == limit) {
      out.add(utf8::trimRight(rest));
      break;
    }
    out.add(rest.substr(0, end));
    rest = utf8::trimLeft(rest.substr(end));
  }
  return c.in.makeArray(std::move(out.items));
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
  Pieces out{c.in};
  std::string_view rest = c.self();
  for (size_t at; limit != 0 && (at = rest.find(by)) != rest.npos; --limit) {
    out.add(rest.substr(0, at));
    rest.remove_prefix(at + by.size());
  }
  out.add(rest);
  return c.in.makeArray(std::move(out.items));
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
  Pieces out{c.in};
  std::string_view rest = c.self();
  c.in.charge(rest.size() / 8);
  for (size_t at; limit != 0 && (at = rest.rfind(by)) != rest.npos; --limit) {
    out.add(rest.substr(at + by.size()));
    rest = rest.substr(0, at);
  }
  out.add(rest);
  std::reverse(out.items.begin(), out.items.end());
  return c.in.makeArray(std::move(out.items));
}

static Value lines(const MethodCall &c) {
  Pieces out{c.in};
  chargeLines(c.in, c.self());
  for (std::string_view line : splitLines(c.self()))
    out.add(line);
  return c.in.makeArray(std::move(out.items));
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
  std::string_view sought = c.needString(0, "sub");
  size_t begin;
  std::string_view text = c.part(1, begin);
  size_t at = begin == text.npos ? text.npos
              : last             ? text.rfind(sought)
                                 : text.find(sought);
  c.in.charge(c.self().size() / 16);
  if (at == std::string_view::npos)
    return -1;
  return static_cast<int64_t>(utf8::length(c.self().substr(0, begin + at)));
}

/// As find(), but what is not there is an error.
static Value indexOfText(const MethodCall &c, bool last) {
  Value at = findText(c, last);
  if (at.asInt() < 0)
    c.in.fail("substring not found");
  return at;
}

static Value countText(const MethodCall &c) {
  std::string_view sought = c.needString(0, "sub");
  size_t begin;
  std::string_view text = c.part(1, begin);
  c.in.charge(c.self().size() / 8);
  if (sought.empty())
    return begin == text.npos ? 0
                              : static_cast<int64_t>(utf8::length(text) + 1);
  int64_t count = 0;
  for (size_t at = 0; (at = text.find(sought, at)) != text.npos;
       at += sought.size())
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
    c.in.bound(out);
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
    {"index", [](const MethodCall &c) { return indexOfText(c, false); }},
    {"rindex", [](const MethodCall &c) { return indexOfText(c, true); }},
    {"partition", [](const MethodCall &c) { return partition(c, false); }},
    {"rpartition", [](const MethodCall &c) { return partition(c, true); }},
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
    {"isalnum",
     [](const MethodCall &c) { return allCharacters(c, isAlphanumeric); }},
    {"isdecimal",
     [](const MethodCall &c) { return allCharacters(c, isDigit); }},
    {"isnumeric",
     [](const MethodCall &c) { return allCharacters(c, isNumeric); }},
    {"isascii",
     [](const MethodCall &c) {
       return Value(std::all_of(c.self().begin(), c.self().end(),
                                [](char ch) { return !(ch & 0x80); }));
     }},
    {"islower", [](const MethodCall &c) { return allCased(c, false); }},
    {"isupper", [](const MethodCall &c) { return allCased(c, true); }},
    {"ljust",
     [](const MethodCall &c) {
       return padMethod(c, Interpreter::Align::Left);
     }},
    {"rjust",
     [](const MethodCall &c) {
       return padMethod(c, Interpreter::Align::Right);
     }},
    {"center",
     [](const MethodCall &c) {
       return padMethod(c, Interpreter::Align::Center);
     }},
    {"zfill", zeroFill},
    {"swapcase", swapCase},
    {"expandtabs", expandTabs},
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
