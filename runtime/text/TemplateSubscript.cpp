//===- TemplateSubscript.cpp - Members, indices and slices ------*- C++ -*-===//

#include "text/TemplateRender.h"
#include "text/Utf8.h"

#include <algorithm>

namespace quern::chat {

Value Interpreter::member(const Value &v, std::string_view name) {
  if (v.isUndefined())
    fail("'" + v.undefinedName() + "' is undefined");
  if (v.isSequence(Value::Sequence::Group) &&
      (name == "grouper" || name == "list"))
    return v.asArray()[name == "list" ? 1 : 0];
  if (v.isObject()) {
    charge(v.asObject().size() / 8);
    if (const Value *found = v.find(name))
      return *found;
  }
  return Value::undefined(name);
}

/// A Python index made absolute; SIZE_MAX where there is no such item.
static size_t absolute(int64_t index, int64_t size) {
  if (index < 0)
    index += size;
  return index < 0 || index >= size ? SIZE_MAX : static_cast<size_t>(index);
}

Value Interpreter::index(const Value &v, const Value &key) {
  if (key.isString())
    return member(v, key.asString());
  if (v.kind() == Value::Kind::Object && (key.isInt() || key.isNull())) {
    Value found = member(v, keyText(key));
    return found.isUndefined() ? Value::undefined(text(key)) : found;
  }
  if (v.isUndefined())
    fail("'" + v.undefinedName() + "' is undefined");
  if (!key.isInt() && !key.isBool())
    return Value::undefined();
  if (v.isSequence(Value::Sequence::List) ||
      v.isSequence(Value::Sequence::Tuple) ||
      v.isSequence(Value::Sequence::Group) ||
      v.isSequence(Value::Sequence::Range)) {
    const Value::Array &items = v.asArray();
    size_t at = absolute(key.asInt(), static_cast<int64_t>(items.size()));
    return at == SIZE_MAX ? Value::undefined(std::to_string(key.asInt()))
                          : items[at];
  }
  if (v.isString()) {
    std::string_view text = v.asString();
    size_t at = absolute(key.asInt(), length(v));
    if (at == SIZE_MAX)
      return Value::undefined(std::to_string(key.asInt()));
    text.remove_prefix(utf8::offsetOf(text, at));
    return text.substr(0, utf8::decode(text).size);
  }
  return Value::undefined();
}

Value Interpreter::slice(const Value &v, const Value &start, const Value &stop,
                         const Value &step) {
  if (v.isUndefined())
    fail("'" + v.undefinedName() + "' is undefined");
  if ((!v.isArray() && !v.isString()) ||
      (v.isArray() && v.sequence() > Value::Sequence::Range))
    fail(std::string("'") + typeName(v) + "' object cannot be sliced");
  int64_t by = step.isNull() ? 1 : wantInt(step, "a slice's step");
  if (by == 0)
    fail("slice step cannot be zero");
  Value::Array items = iterate(v);
  auto size = static_cast<int64_t>(items.size());
  // Python clamps bounds to the sequence; backwards, -1 is before its start.
  auto bound = [&](const Value &given, int64_t missing) {
    if (given.isNull())
      return missing;
    int64_t at = wantInt(given, "a slice's bound");
    if (at < 0)
      at = std::max<int64_t>(at, -size - 1) + size;
    return std::clamp<int64_t>(at, by < 0 ? -1 : 0, by < 0 ? size - 1 : size);
  };
  int64_t from = bound(start, by < 0 ? size - 1 : 0);
  int64_t to = bound(stop, by < 0 ? -1 : size);
  by = std::clamp(by, -size - 1, size + 1);
  Value::Array out;
  for (int64_t i = from; by > 0 ? i < to : i > to; i += by)
    out.push_back(items[static_cast<size_t>(i)]);
  if (v.isArray())
    return makeArray(std::move(out), v.sequence());
  std::string text;
  for (const Value &c : out)
    text += c.asString();
  return makeString(std::move(text));
}

} // namespace quern::chat
