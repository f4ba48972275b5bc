//===- TemplateTests.cpp - Tests of chat templates --------------*- C++ -*-===//

#include "text/TemplateParser.h"
#include "text/TemplateRender.h"
#include "text/TemplateText.h"
#include "text/Utf8.h"

namespace quern::chat {

using Kind = Value::Kind;

namespace {
struct TestCall {
  Interpreter &in;
  const Value &v;
  const Arguments &arguments;

  const Value &other() const {
    if (arguments.positional.empty())
      in.fail("test needs an argument");
    return arguments.positional[0];
  }
};

struct KnownTest {
  std::string_view name;
  bool (*holds)(const TestCall &);
};
} // namespace

static bool isSequence(const TestCall &c) {
  // Undefined is an empty sequence, so it has a length and items, too.
  return c.v.isString() || c.v.kind() == Kind::Object || c.v.isUndefined() ||
         (c.v.isArray() && c.v.sequence() <= Value::Sequence::Range);
}

static bool isIterable(const TestCall &c) {
  return c.v.isArray() || isSequence(c);
}

static bool hasCase(const TestCall &c, std::string (*map)(std::string_view)) {
  std::string text = c.in.text(c.v);
  for (std::string_view rest = text; !rest.empty();) {
    utf8::Char ch = utf8::decode(rest);
    if (ch.valid && isCased(ch.code))
      return text == map(text);
    rest.remove_prefix(ch.size);
  }
  return false;
}

static bool divides(const TestCall &c, const Value &by) {
  return c.in.equal(c.in.arithmetic(Op::Modulo, c.v, by), 0);
}

static bool isOdd(const TestCall &c) {
  return c.in.equal(c.in.arithmetic(Op::Modulo, c.v, 2), 1);
}

static bool isEqual(const TestCall &c) { return c.in.equal(c.v, c.other()); }
static bool isUnequal(const TestCall &c) { return !isEqual(c); }
static bool isLess(const TestCall &c) { return c.in.order(c.v, c.other()) < 0; }
static bool isAtMost(const TestCall &c) {
  return c.in.order(c.v, c.other()) <= 0;
}
static bool isGreater(const TestCall &c) {
  return c.in.order(c.v, c.other()) > 0;
}
static bool isAtLeast(const TestCall &c) {
  return c.in.order(c.v, c.other()) >= 0;
}

static bool isSame(const TestCall &c) {
  const Value &o = c.other();
  if (c.v.kind() != o.kind())
    return false;
  if (c.v.isArray())
    return &c.v.asArray() == &o.asArray();
  if (c.v.isObject())
    return &c.v.asObject() == &o.asObject();
  return c.in.equal(c.v, o);
}

static constexpr KnownTest tests[] = {
    {"defined", [](const TestCall &c) { return !c.v.isUndefined(); }},
    {"escaped", [](const TestCall &c) { return c.v.isMarkup(); }},
    {"filter",
     [](const TestCall &c) {
       return c.v.isString() && isFilter(c.v.asString());
     }},
    {"test",
     [](const TestCall &c) {
       return c.v.isString() && isTest(c.v.asString());
     }},
    {"undefined", [](const TestCall &c) { return c.v.isUndefined(); }},
    {"none", [](const TestCall &c) { return c.v.isNull(); }},
    {"string", [](const TestCall &c) { return c.v.isString(); }},
    {"mapping", [](const TestCall &c) { return c.v.kind() == Kind::Object; }},
    {"sequence", isSequence},
    {"iterable", isIterable},
    {"number", [](const TestCall &c) { return c.v.isNumber(); }},
    {"integer", [](const TestCall &c) { return c.v.isInt(); }},
    {"float", [](const TestCall &c) { return c.v.isFloat(); }},
    {"boolean", [](const TestCall &c) { return c.v.isBool(); }},
    {"true", [](const TestCall &c) { return c.v.isBool() && c.v.asBool(); }},
    {"false", [](const TestCall &c) { return c.v.isBool() && !c.v.asBool(); }},
    {"callable",
     [](const TestCall &c) { return c.v.kind() == Kind::Callable; }},
    {"odd", isOdd},
    {"even", [](const TestCall &c) { return divides(c, 2); }},
    {"divisibleby", [](const TestCall &c) { return divides(c, c.other()); }},
    {"lower", [](const TestCall &c) { return hasCase(c, lower); }},
    {"upper", [](const TestCall &c) { return hasCase(c, upper); }},
    {"in", [](const TestCall &c) { return c.in.contains(c.other(), c.v); }},
    {"sameas", isSame},
    {"eq", isEqual},
    {"equalto", isEqual},
    {"==", isEqual},
    {"ne", isUnequal},
    {"!=", isUnequal},
    {"lt", isLess},
    {"lessthan", isLess},
    {"<", isLess},
    {"le", isAtMost},
    {"<=", isAtMost},
    {"gt", isGreater},
    {"greaterthan", isGreater},
    {">", isGreater},
    {"ge", isAtLeast},
    {">=", isAtLeast},
};

static const KnownTest *findTest(std::string_view name) {
  for (const KnownTest &test : tests)
    if (test.name == name)
      return &test;
  return nullptr;
}

bool isTest(std::string_view name) { return findTest(name) != nullptr; }

bool Interpreter::applyTest(std::string_view name, const Value &v,
                            const Arguments &arguments) {
  const KnownTest *test = findTest(name);
  if (!test)
    fail("unknown test '" + std::string(name) + "'");
  return test->holds({*this, v, arguments});
}

} // namespace quern::chat
