//===- TemplateRender.cpp - Statements of chat templates --------*- C++ -*-===//

#include "text/TemplateRender.h"

#include "text/TemplateLexer.h"

#include <algorithm>

namespace quern {
namespace chat {

const Value *Arguments::get(size_t index, std::string_view name) const {
  if (index < positional.size())
    return &positional[index];
  for (const auto &[key, value] : named)
    if (key == name)
      return &value;
  return nullptr;
}

Arguments Arguments::tail() const {
  Arguments out = *this;
  if (!out.positional.empty())
    out.positional.erase(out.positional.begin());
  return out;
}

Interpreter::Interpreter(const ProgramView &p, const Value &c,
                         const TemplateLimits &l)
    : program(p), context(c), limits(l) {
  at = program.root();
}

Interpreter::Deeper::Deeper(Interpreter &i) : interpreter(i) {
  if (++interpreter.depth > interpreter.limits.depth)
    interpreter.fail("nested deeper than " +
                     std::to_string(interpreter.limits.depth) + " levels");
}

void Interpreter::fail(const std::string &what) const {
  Node node = program.node(at);
  failAt(program.name(), node.line, node.column, what);
}

void Interpreter::charge(uint64_t count) {
  if (count > limits.steps - steps)
    fail("took more than " + std::to_string(limits.steps) + " steps");
  steps += count;
}

Value Interpreter::makeString(std::string text) {
  if (text.size() > limits.output)
    fail("string of more than " + std::to_string(limits.output) + " bytes");
  charge(text.size() / 32);
  return Value(std::move(text));
}

Value Interpreter::makeArray(Value::Array items) {
  charge(items.size());
  for (const Value &item : items)
    if (item.kind() == Value::Kind::Namespace)
      fail("a namespace cannot be kept in a list");
  Value out(std::move(items));
  if (out.depth() > maxValueDepth)
    fail("list nested deeper than " + std::to_string(maxValueDepth) +
         " levels");
  return out;
}

Value Interpreter::makeObject(Value::Object members) {
  charge(members.size());
  for (const auto &[key, value] : members)
    if (value.kind() == Value::Kind::Namespace)
      fail("a namespace cannot be kept in a dict");
  Value out(std::move(members));
  if (out.depth() > maxValueDepth)
    fail("dict nested deeper than " + std::to_string(maxValueDepth) +
         " levels");
  return out;
}

const Value *Interpreter::lookUp(std::string_view name) const {
  auto inScope = [&](const Scope &scope) -> const Value * {
    for (size_t i = scope.size(); i-- > 0;)
      if (scope[i].first == name)
        return &scope[i].second;
    return nullptr;
  };
  for (size_t i = scopes.size(); i-- > std::max<size_t>(frame, 1);)
    if (const Value *value = inScope(scopes[i]))
      return value;
  if (const Value *value = inScope(scopes[0]))
    return value;
  return context.find(name);
}

void Interpreter::define(std::string_view name, Value value) {
  Scope &scope = scopes.back();
  for (auto &[known, old] : scope)
    if (known == name) {
      old = std::move(value);
      return;
    }
  scope.emplace_back(name, std::move(value));
}

void Interpreter::print(std::string_view text) {
  if (text.size() >
      limits.output - std::min(limits.output, captured + out.size()))
    fail("output of more than " + std::to_string(limits.output) + " bytes");
  out += text;
}

/// What executing `list` prints, instead of printing it.
std::string Interpreter::capture(uint32_t list) {
  std::string outer = std::exchange(out, {});
  captured += outer.size();
  execute(list);
  captured -= outer.size();
  return std::exchange(out, std::move(outer));
}

Interpreter::Flow Interpreter::execute(uint32_t list) {
  Deeper deeper(*this);
  for (uint32_t i = 0, n = program.listSize(list); i < n; ++i)
    if (Flow flow = executeNode(program.item(list, i)); flow != Flow::Next)
      return flow;
  return Flow::Next;
}

Interpreter::Flow Interpreter::executeNode(uint32_t id) {
  Node node = program.node(id);
  at = id;
  charge(1);
  switch (node.op) {
  case Op::Text:
    print(program.string(node.a));
    return Flow::Next;
  case Op::Print: {
    Value value = evaluate(node.a);
    at = id;
    print(value.isString() ? value.asString() : text(value));
    return Flow::Next;
  }
  case Op::If:
    return execute(truth(evaluate(node.a)) ? node.b : node.c);
  case Op::For:
    return loop(node);
  case Op::Set: {
    Value value = evaluate(node.b);
    at = id;
    assign(node.a, value);
    return Flow::Next;
  }
  case Op::Capture: {
    scopes.emplace_back();
    std::string text = capture(node.b);
    scopes.pop_back();
    at = id;
    assign(node.a, makeString(std::move(text)));
    return Flow::Next;
  }
  case Op::Macro:
    define(program.string(node.a), Value::callable(id + firstMacro));
    return Flow::Next;
  case Op::Group:
    return execute(node.a);
  case Op::Break:
    return Flow::Break;
  case Op::Continue:
    return Flow::Continue;
  default:
    fail("a value stands where a statement should");
  }
}

void Interpreter::assign(uint32_t target, const Value &value) {
  Node node = program.node(target);
  Deeper deeper(*this);
  charge(1);
  switch (node.op) {
  case Op::Name:
    define(program.string(node.a), value);
    return;
  case Op::TargetMember: {
    const Value *object = lookUp(program.string(node.a));
    if (!object || object->kind() != Value::Kind::Namespace)
      fail("cannot assign attribute on non-namespace object");
    if (value.kind() == Value::Kind::Namespace)
      fail("a namespace cannot be kept in a namespace");
    object->setMember(program.string(node.b), value);
    return;
  }
  case Op::TargetTuple: {
    Value::Array items = iterate(value);
    uint32_t n = program.listSize(node.a);
    if (items.size() != n)
      fail((items.size() < n ? "not enough values to unpack, expected "
                             : "too many values to unpack, expected ") +
           std::to_string(n));
    for (uint32_t i = 0; i < n; ++i)
      assign(program.item(node.a, i), items[i]);
    return;
  }
  default:
    fail("cannot assign to this");
  }
}

/// What a loop runs over, after its `if`.
Value::Array Interpreter::loopItems(const Node &node, const Node &parts) {
  Value over = evaluate(node.b);
  Value::Array items = iterate(over);
  if (parts.c == none)
    return items;
  Value::Array kept;
  scopes.emplace_back();
  for (Value &item : items) {
    scopes.back().clear();
    assign(node.a, item);
    if (truth(evaluate(parts.c)))
      kept.push_back(std::move(item));
  }
  scopes.pop_back();
  return kept;
}

Interpreter::Flow Interpreter::loop(const Node &node) {
  Node parts = program.node(node.c);
  Value::Array items = loopItems(node, parts);
  if (items.empty())
    return execute(parts.b);
  auto count = static_cast<int64_t>(items.size());
  Value loop = Value::nameSpace({{"length", count}});
  Flow result = Flow::Next;
  scopes.emplace_back();
  for (int64_t i = 0; i < count; ++i) {
    auto n = static_cast<size_t>(i);
    charge(10);
    loop.setMember("index", i + 1);
    loop.setMember("index0", i);
    loop.setMember("revindex", count - i);
    loop.setMember("revindex0", count - i - 1);
    loop.setMember("first", i == 0);
    loop.setMember("last", i + 1 == count);
    loop.setMember("previtem", i > 0 ? items[n - 1] : Value::undefined());
    loop.setMember("nextitem",
                   i + 1 < count ? items[n + 1] : Value::undefined());
    // Names set inside last for one round.
    scopes.back().clear();
    define("loop", loop);
    assign(node.a, items[n]);
    Flow flow = execute(parts.a);
    if (flow == Flow::Break)
      break;
  }
  scopes.pop_back();
  return result;
}

std::string Interpreter::run() {
  if (!context.isObject())
    fail("the context is no object");
  if (context.depth() > maxValueDepth)
    fail("the context is nested deeper than " + std::to_string(maxValueDepth) +
         " levels");
  scopes.emplace_back();
  execute(program.node(program.root()).a);
  return std::move(out);
}

} // namespace chat

std::string renderTemplate(std::span<const uint8_t> program,
                           const Value &context, const TemplateLimits &limits) {
  chat::ProgramView view(program);
  return chat::Interpreter(view, context, limits).run();
}

} // namespace quern
