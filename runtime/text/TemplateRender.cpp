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

void Interpreter::bound(const std::string &text) const { boundMore(text, 0); }

void Interpreter::boundMore(const std::string &text, uint64_t more) const {
  if (more > limits.output || text.size() > limits.output - more)
    fail("string of more than " + std::to_string(limits.output) + " bytes");
}

Value Interpreter::makeString(std::string text) {
  bound(text);
  charge(text.size() / 32);
  return Value(std::move(text));
}

Value Interpreter::makeArray(Value::Array items, Value::Sequence what) {
  charge(items.size());
  for (const Value &item : items)
    if (item.kind() == Value::Kind::Namespace)
      fail("a namespace cannot be kept in a list");
  Value out = Value::sequence(std::move(items), what);
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

const Value *Interpreter::lookUp(std::string_view name) {
  auto inScope = [&](const Scope &scope) -> const Value * {
    charge(scope.names.size() / 16);
    for (const auto &[known, value] : scope.names)
      if (known == name)
        return &value;
    return nullptr;
  };
  for (size_t i = scopes.size() - 1;; i = scopes[i].parent) {
    if (const Value *value = inScope(scopes[i]))
      return value;
    if (i == 0)
      return context.find(name);
  }
}

void Interpreter::define(std::string_view name, Value value) {
  auto &names = scopes.back().names;
  charge(names.size() / 16);
  for (auto &[known, old] : names)
    if (known == name) {
      old = std::move(value);
      return;
    }
  names.emplace_back(name, std::move(value));
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
  case Op::Recursive: {
    Value over = evaluate(node.b);
    at = id;
    return loop(id, over, 0);
  }
  case Op::Set: {
    Value value = evaluate(node.b);
    at = id;
    assign(node.a, value);
    return Flow::Next;
  }
  case Op::Capture: {
    enter();
    std::string text = capture(node.b);
    scopes.pop_back();
    at = id;
    assign(node.a, makeString(std::move(text)));
    return Flow::Next;
  }
  case Op::Macro:
    define(program.string(node.a),
           Value::callable(id + firstMacro, scopes.size() - 1));
    return Flow::Next;
  case Op::Group:
    return execute(node.a);
  case Op::With:
    return with(node);
  case Op::Block: {
    enter(0);
    Flow flow = execute(node.a);
    scopes.pop_back();
    return flow;
  }
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
    if (object->find(loopMark))
      fail("cannot assign attribute on non-namespace object");
    // Names that only the interpreter gives, which a damaged program may have.
    if (program.string(node.b).starts_with('\xff'))
      fail("a name is not UTF-8");
    charge(object->asObject().size() / 16);
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
Value::Array Interpreter::loopItems(const Node &node, const Node &parts,
                                    const Value &over) {
  Value::Array items = iterate(over);
  if (parts.c == none)
    return items;
  Value::Array kept;
  enter();
  for (Value &item : items) {
    scopes.back().names.clear();
    assign(node.a, item);
    if (truth(evaluate(parts.c)))
      kept.push_back(std::move(item));
  }
  scopes.pop_back();
  return kept;
}

/// The values are looked at outside of the new scope.
Interpreter::Flow Interpreter::with(const Node &node) {
  std::vector<Value> values;
  for (uint32_t i = 0, n = program.listSize(node.a); i < n; ++i)
    values.push_back(evaluate(program.node(program.item(node.a, i)).b));
  enter();
  for (uint32_t i = 0; i < values.size(); ++i)
    assign(program.node(program.item(node.a, i)).a, values[i]);
  Flow flow = execute(node.b);
  scopes.pop_back();
  return flow;
}

/// The loop `id` over a value; `level` is how often a recursive loop called
/// itself.
Interpreter::Flow Interpreter::loop(uint32_t id, const Value &over,
                                    size_t level) {
  Node node = program.node(id), parts = program.node(node.c);
  Value::Array items = loopItems(node, parts, over);
  if (items.empty()) {
    enter();
    Flow flow = execute(parts.b);
    scopes.pop_back();
    return flow;
  }
  auto count = static_cast<int64_t>(items.size());
  auto depth0 = static_cast<int64_t>(level);
  Value loop = Value::nameSpace(
      {{"length", count},
       {"depth0", depth0},
       {"depth", depth0 + 1},
       {std::string(loopMark), static_cast<int64_t>(id)},
       {std::string(loopScope), static_cast<int64_t>(scopes.size() - 1)}});
  enter();
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
    scopes.back().names.clear();
    define("loop", loop);
    assign(node.a, items[n]);
    Flow flow = execute(parts.a);
    if (flow == Flow::Break)
      break;
  }
  scopes.pop_back();
  return Flow::Next;
}

std::string Interpreter::run() {
  if (!context.isObject())
    fail("the context is no object");
  if (context.depth() > maxValueDepth)
    fail("the context is nested deeper than " + std::to_string(maxValueDepth) +
         " levels");
  enter(0);
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
