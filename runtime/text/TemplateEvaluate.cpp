//===- TemplateEvaluate.cpp - Expressions of chat templates -----*- C++ -*-===//

#include "text/TemplateRender.h"

#include <algorithm>
#include <bit>
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

Value Interpreter::evaluate(uint32_t id) {
  Deeper deeper(*this);
  Node node = program.node(id);
  at = id;
  charge(1);
  auto bits = [&] { return uint64_t{node.b} << 32 | node.a; };
  switch (node.op) {
  case Op::Null:
    return {};
  case Op::True:
    return true;
  case Op::False:
    return false;
  case Op::Int:
    return static_cast<int64_t>(bits());
  case Op::Float:
    return std::bit_cast<double>(bits());
  case Op::String:
    return program.string(node.a);
  case Op::Name:
    return name(program.string(node.a));
  case Op::And: {
    Value left = evaluate(node.a);
    return truth(left) ? evaluate(node.b) : left;
  }
  case Op::Or: {
    Value left = evaluate(node.a);
    return truth(left) ? left : evaluate(node.b);
  }
  case Op::Choose:
    if (truth(evaluate(node.a)))
      return evaluate(node.b);
    return node.c == none ? Value::undefined() : evaluate(node.c);
  case Op::Call:
    return call(node, id);
  case Op::Compare:
    return compare(node, id);
  default:
    return evaluateOperator(node, id);
  }
}

Value Interpreter::evaluateOperator(const Node &node, uint32_t id) {
  switch (node.op) {
  case Op::Not:
    return !truth(evaluate(node.a));
  case Op::Negate:
  case Op::Plus: {
    Value value = evaluate(node.a);
    at = id;
    return node.op == Op::Negate ? negate(value) : negate(negate(value));
  }
  case Op::Member:
  case Op::Index:
  case Op::Slice:
    return evaluateSubscript(node, id);
  case Op::Filter: {
    Value value = evaluate(node.a);
    Arguments arguments = evaluateArguments(node.c);
    at = id;
    return applyFilter(program.string(node.b), value, arguments);
  }
  case Op::Test: {
    Value value = evaluate(node.a);
    Arguments arguments = evaluateArguments(node.c);
    at = id;
    return applyTest(program.string(node.b), value, arguments);
  }
  case Op::Add:
  case Op::Subtract:
  case Op::Multiply:
  case Op::Divide:
  case Op::FloorDivide:
  case Op::Modulo:
  case Op::Power: {
    Value left = evaluate(node.a), right = evaluate(node.b);
    at = id;
    return arithmetic(node.op, left, right);
  }
  case Op::Concat:
    return concatenate(node, id);
  case Op::List:
  case Op::Tuple: {
    Value::Array items;
    for (uint32_t i = 0, n = program.listSize(node.a); i < n; ++i)
      items.push_back(evaluate(program.item(node.a, i)));
    at = id;
    return makeArray(std::move(items), node.op == Op::Tuple
                                           ? Value::Sequence::Tuple
                                           : Value::Sequence::List);
  }
  case Op::Dict:
    return dict(node, id);
  case Op::Caller:
    return Value::callable(id + firstMacro, scopes.size() - 1);
  case Op::Body: {
    enter();
    std::string text = capture(node.a);
    scopes.pop_back();
    at = id;
    return makeString(std::move(text));
  }
  default:
    fail("a statement stands where a value should");
  }
}

Value Interpreter::evaluateSubscript(const Node &node, uint32_t id) {
  Value value = evaluate(node.a);
  if (node.op == Op::Member) {
    at = id;
    return member(value, program.string(node.b));
  }
  if (node.op == Op::Index) {
    Value key = evaluate(node.b);
    at = id;
    return index(value, key);
  }
  Node bounds = program.node(node.b);
  auto bound = [&](uint32_t b) { return b == none ? Value() : evaluate(b); };
  Value start = bound(bounds.a), stop = bound(bounds.b);
  Value step = bound(bounds.c);
  at = id;
  return slice(value, start, stop, step);
}

Value Interpreter::concatenate(const Node &node, uint32_t id) {
  std::string out;
  for (uint32_t i = 0, n = program.listSize(node.a); i < n; ++i) {
    Value part = evaluate(program.item(node.a, i));
    at = id;
    out += text(part);
    if (out.size() > limits.output)
      fail("string of more than " + std::to_string(limits.output) + " bytes");
  }
  return makeString(std::move(out));
}

Value Interpreter::dict(const Node &node, uint32_t id) {
  Value::Object object;
  for (uint32_t i = 0, n = program.listSize(node.a); i < n; ++i) {
    Node pair = program.node(program.item(node.a, i));
    Value key = evaluate(pair.a), value = evaluate(pair.b);
    at = id;
    std::string name = keyText(key);
    charge(object.size());
    // The last of equal keys wins, in the place of the first.
    auto known = std::find_if(object.begin(), object.end(),
                              [&](const auto &m) { return m.first == name; });
    if (known != object.end())
      known->second = std::move(value);
    else
      object.emplace_back(name, std::move(value));
  }
  return makeObject(std::move(object));
}

Value Interpreter::compare(const Node &node, uint32_t id) {
  Value left = evaluate(node.a);
  for (uint32_t i = 0, n = program.listSize(node.b); i < n; ++i) {
    Node next = program.node(program.item(node.b, i));
    Value right = evaluate(next.a);
    at = id;
    bool holds;
    switch (next.op) {
    case Op::Equal:
      holds = equal(left, right);
      break;
    case Op::NotEqual:
      holds = !equal(left, right);
      break;
    case Op::Less:
      holds = order(left, right) < 0;
      break;
    case Op::LessEqual:
      holds = order(left, right) <= 0;
      break;
    case Op::Greater:
      holds = order(left, right) > 0;
      break;
    case Op::GreaterEqual:
      holds = order(left, right) >= 0;
      break;
    case Op::In:
      holds = contains(right, left);
      break;
    case Op::NotIn:
      holds = !contains(right, left);
      break;
    default:
      fail("wrong comparison");
    }
    if (!holds)
      return false;
    left = std::move(right);
  }
  return true;
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
    return Value::nameSpace(dictOf(arguments).asObject());
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
  for (const auto &[key, value] : arguments.named)
    members.emplace_back(key, value);
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
  Value::Array out;
  for (int64_t i = start; step > 0 ? i < stop : i > stop;) {
    charge(1);
    out.push_back(i);
    if (__builtin_add_overflow(i, step, &i))
      break;
  }
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
