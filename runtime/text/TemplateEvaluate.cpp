//===- TemplateEvaluate.cpp - Expressions of chat templates -----*- C++ -*-===//

#include "text/TemplateRender.h"

#include <algorithm>
#include <bit>

namespace quern::chat {

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
    bound(out);
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

} // namespace quern::chat
