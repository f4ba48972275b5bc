//===- Value.cpp - Values that chat templates work on -----------*- C++ -*-===//

#include "text/Value.h"

#include "Error.h"

#include <algorithm>

namespace quern {

/// Values are copied, compared and freed level by level.
static unsigned checkedDepth(unsigned inside) {
  if (inside >= Value::maxDepth)
    throw Error("value nested deeper than " + std::to_string(Value::maxDepth) +
                " levels");
  return inside + 1;
}

Value::Value(Array v) { *this = sequence(std::move(v), Sequence::List); }

Value Value::sequence(Array v, Sequence what) {
  unsigned depth = 0;
  for (const Value &item : v)
    depth = std::max(depth, item.depth());
  Value out;
  out.data = std::make_shared<const ArrayNode>(
      ArrayNode{std::move(v), checkedDepth(depth), what});
  return out;
}

Value::Value(Object v) {
  unsigned depth = 0;
  for (const Member &member : v)
    depth = std::max(depth, member.second.depth());
  data = std::make_shared<ObjectNode>(
      ObjectNode{std::move(v), checkedDepth(depth)});
}

Value Value::undefined(std::string_view name) {
  Value out;
  out.data = UndefinedRef{
      name.empty() ? nullptr : std::make_shared<const std::string>(name)};
  return out;
}

Value Value::nameSpace(Object members) {
  Value out;
  out.data = NamespaceRef{
      std::make_shared<ObjectNode>(ObjectNode{std::move(members), 1})};
  return out;
}

Value Value::callable(uint32_t what, size_t scope) {
  Value out;
  out.data = CallableRef{what, scope};
  return out;
}

const Value::Object &Value::asObject() const {
  if (kind() == Kind::Namespace)
    return std::get<NamespaceRef>(data).members->members;
  return std::get<ObjectRef>(data)->members;
}

const std::string &Value::undefinedName() const {
  static const std::string unnamed = "value";
  const auto &name = std::get<UndefinedRef>(data).name;
  return name ? *name : unnamed;
}

const Value *Value::find(std::string_view key) const {
  for (const Member &member : asObject())
    if (member.first == key)
      return &member.second;
  return nullptr;
}

void Value::setMember(std::string_view key, Value value) const {
  ObjectNode &node = *std::get<NamespaceRef>(data).members;
  for (Member &member : node.members)
    if (member.first == key) {
      member.second = std::move(value);
      return;
    }
  node.members.emplace_back(key, std::move(value));
}

unsigned Value::depth() const {
  switch (kind()) {
  case Kind::Array:
    return std::get<ArrayRef>(data)->depth;
  case Kind::Object:
    return std::get<ObjectRef>(data)->depth;
  case Kind::Namespace:
    return 1;
  default:
    return 0;
  }
}

} // namespace quern
