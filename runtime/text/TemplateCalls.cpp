//===- TemplateCalls.cpp - Calls in chat templates --------------*- C++ -*-===//
//
// Arguments, macros, recursive loops, and the functions that every template may
// call.
//
//===----------------------------------------------------------------------===//

#include "text/TemplateRender.h"

#include <algorithm>
#include <ctime>
#include <utility>

namespace quern::chat {

/// Functions that every template may call, numbered below `firstMacro`.
enum Builtin : uint32_t { Range, Namespace, Dict, Raise, Time, BuiltinCount };
static_assert(BuiltinCount <= firstMacro);

static constexpr std::string_view builtins[] = {
    "range", "namespace", "dict", "raise_exception", "strftime_now"};

Value Interpreter::name(std::string_view name) {
  const Value *value = lookUp(name);
  // The time is the caller's to give, as an integer; templates call it.
  if (value && name == builtins[Time] && value->isInt())
    return Value::callable(Time);
  if (value)
    return *value;
  for (uint32_t i = 0; i < BuiltinCount; ++i)
    if (builtins[i] == name && i != Time)
      return Value::callable(i);
  return Value::undefined(name);
}

Arguments Interpreter::evaluateArguments(uint32_t list) {
  Arguments out;
  for (uint32_t i = 0, n = program.listSize(list); i < n; ++i) {
    Node node = program.node(program.item(list, i));
    if (node.op == Op::Keyword) {
      out.named.emplace_back(program.string(node.a), evaluate(node.b));
    } else if (node.op == Op::Spread) {
      for (const Value &item : iterate(evaluate(node.a)))
        out.positional.push_back(item);
    } else if (node.op == Op::SpreadKeywords) {
      Value members = evaluate(node.a);
      if (members.kind() != Value::Kind::Object)
        fail("argument after ** must be a mapping");
      charge(members.asObject().size());
      for (const auto &[key, value] : members.asObject())
        out.named.emplace_back(key, value);
    } else
      out.positional.push_back(evaluate(program.item(list, i)));
  }
  for (size_t i = 1; i < out.named.size(); ++i) {
    charge(i / 8);
    for (size_t j = 0; j < i; ++j)
      if (out.named[i].first == out.named[j].first)
        fail("more than one value for argument '" + out.named[i].first + "'");
  }
  return out;
}

Value Interpreter::call(const Node &node, uint32_t id) {
  Node callee = program.node(node.a);
  if (callee.op != Op::Member) {
    Value function = evaluate(node.a);
    Arguments arguments = evaluateArguments(node.b);
    at = id;
    return callValue(function, arguments);
  }
  Value object = evaluate(callee.a);
  std::string_view name = program.string(callee.b);
  at = node.a;
  // Fails for what has no members at all, before arguments are looked at.
  Value held = member(object, name);
  Arguments arguments = evaluateArguments(node.b);
  at = node.a;
  if (std::optional<Value> result = callMethod(object, name, arguments))
    return *result;
  if (held.isUndefined())
    fail("'" + std::string(typeName(object)) + " object' has no attribute '" +
         std::string(name) + "'");
  return callValue(held, arguments);
}

Value Interpreter::callValue(const Value &callee, const Arguments &arguments) {
  if (callee.isUndefined())
    fail("'" + callee.undefinedName() + "' is undefined");
  if (callee.kind() == Value::Kind::Namespace && callee.find(loopMark))
    return callLoop(callee, arguments);
  if (callee.kind() != Value::Kind::Callable)
    fail(std::string("'") + typeName(callee) + "' object is not callable");
  uint32_t what = callee.asCallable();
  if (what < firstMacro)
    return callBuiltin(what, arguments);
  return callMacro(callee, arguments);
}

/// Jinja's rules: what is left over goes to `varargs`, `kwargs` and `caller` if
/// the macro uses those names, and is an error otherwise.
void Interpreter::bindArguments(const Node &macro, const Arguments &arguments) {
  uint32_t n = program.listSize(macro.b);
  const auto &positional = arguments.positional;
  if (positional.size() > n && !(macro.flags & UsesVarargs))
    fail("macro '" + std::string(program.string(macro.a)) +
         "' takes not more than " + std::to_string(n) + " arguments");
  std::vector<bool> taken(arguments.named.size());
  auto takeNamed = [&](std::string_view name) -> const Value * {
    charge(taken.size() / 16);
    for (size_t i = 0; i < taken.size(); ++i)
      if (arguments.named[i].first == name)
        return taken[i] = true, &arguments.named[i].second;
    return nullptr;
  };
  bool hasCaller = false;
  for (uint32_t i = 0; i < n; ++i) {
    Node parameter = program.node(program.item(macro.b, i));
    std::string_view name = program.string(parameter.a);
    hasCaller |= name == "caller";
    const Value *given =
        i < positional.size() ? &positional[i] : takeNamed(name);
    define(name, given                 ? *given
                 : parameter.b != none ? evaluate(parameter.b)
                                       : Value::undefined(name));
  }
  if ((macro.flags & UsesCaller) && !hasCaller) {
    const Value *caller = takeNamed("caller");
    define("caller", caller ? *caller : Value::undefined("caller"));
  }
  Value::Object rest;
  for (size_t i = 0; i < taken.size(); ++i)
    if (!taken[i])
      rest.push_back(arguments.named[i]);
  if (!rest.empty() && !(macro.flags & UsesKwargs))
    fail("macro '" + std::string(program.string(macro.a)) +
         "' takes no keyword argument '" + rest[0].first + "'");
  if (macro.flags & UsesKwargs)
    define("kwargs", makeObject(std::move(rest)));
  if (macro.flags & UsesVarargs)
    define("varargs", makeArray({positional.begin() +
                                     std::min<size_t>(n, positional.size()),
                                 positional.end()},
                                Value::Sequence::Tuple));
}

Value Interpreter::callMacro(const Value &callee, const Arguments &arguments) {
  Deeper deeper(*this);
  Node macro = program.node(callee.asCallable() - firstMacro);
  uint32_t caller = at;
  enter(std::min(callee.callableScope(), scopes.size() - 1));
  bindArguments(macro, arguments);
  std::string text = capture(macro.c);
  scopes.pop_back();
  at = caller;
  return makeString(std::move(text));
}

/// loop(items) in a recursive loop.
Value Interpreter::callLoop(const Value &callee, const Arguments &arguments) {
  Deeper deeper(*this);
  auto id = static_cast<uint32_t>(callee.find(loopMark)->asInt());
  if (program.node(id).op != Op::Recursive)
    fail("the loop must have the 'recursive' marker to be called recursively");
  if (arguments.positional.size() != 1)
    fail("a loop is called with one argument");
  uint32_t caller = at;
  auto scope = static_cast<size_t>(callee.find(loopScope)->asInt());
  enter(std::min(scope, scopes.size() - 1));
  std::string outer = std::exchange(out, {});
  captured += outer.size();
  loop(id, arguments.positional[0],
       static_cast<size_t>(callee.find("depth")->asInt()));
  captured -= outer.size();
  std::string text = std::exchange(out, std::move(outer));
  scopes.pop_back();
  at = caller;
  return makeString(std::move(text));
}

Value Interpreter::callBuiltin(uint32_t which, const Arguments &arguments) {
  switch (which) {
  case Range:
    return range(arguments);
  case Namespace:
    if (Value members = dictOf(arguments); !members.find(loopMark))
      return Value::nameSpace(members.asObject());
    fail("a name is not UTF-8");
  case Dict:
    return dictOf(arguments);
  case Raise: {
    const Value *message = arguments.get(0, "message");
    fail(message ? text(*message) : "raise_exception");
  }
  default:
    return formatTime(arguments);
  }
}

Value Interpreter::dictOf(const Arguments &arguments) {
  Value::Object members;
  if (const Value *first = arguments.get(0, ""))
    if (first->isObject())
      members = first->asObject();
  size_t given = members.size();
  for (const auto &[key, value] : arguments.named) {
    if (key.starts_with('\xff'))
      fail("a name is not UTF-8");
    charge(given / 16);
    auto end = members.begin() + static_cast<ptrdiff_t>(given);
    auto old = std::find_if(members.begin(), end,
                            [&](const auto &m) { return m.first == key; });
    if (old != end)
      old->second = value;
    else
      members.emplace_back(key, value);
  }
  return makeObject(std::move(members));
}

Value Interpreter::range(const Arguments &arguments) {
  const auto &given = arguments.positional;
  if (given.empty() || given.size() > 3)
    fail("range takes one to three arguments");
  int64_t start = 0, stop, step = 1;
  stop = wantInt(given[0], "an argument of range");
  if (given.size() > 1) {
    start = stop;
    stop = wantInt(given[1], "an argument of range");
  }
  if (given.size() > 2)
    step = wantInt(given[2], "an argument of range");
  if (step == 0)
    fail("range with a step of zero");
  // In 128 bits, as the difference may not fit into 64.
  __int128 way = __int128(stop) - start, by = step;
  __int128 count = (way + by + (by > 0 ? -1 : 1)) / by;
  count = std::max<__int128>(count, 0);
  charge(static_cast<uint64_t>(std::min<__int128>(count, UINT64_MAX)));
  Value::Array out;
  for (__int128 i = 0; i < count; ++i)
    out.push_back(static_cast<int64_t>(start + i * by));
  return makeArray(std::move(out), Value::Sequence::Range);
}

Value Interpreter::formatTime(const Arguments &arguments) {
  const Value *format = arguments.get(0, "format");
  const Value *now = lookUp(builtins[Time]);
  if (!format || !now)
    fail("strftime_now takes a format");
  std::string pattern = wantString(*format, "a format of time") + " ";
  auto seconds = static_cast<time_t>(now->asInt());
  std::tm parts{};
  if (!gmtime_r(&seconds, &parts))
    fail("time out of range");
  char buffer[256];
  size_t size = std::strftime(buffer, sizeof(buffer), pattern.c_str(), &parts);
  if (size == 0)
    fail("format of time is too long");
  return makeString(std::string(buffer, size - 1));
}

} // namespace quern::chat
