//===- TemplateOperators.cpp - Operators of chat templates ------*- C++ -*-===//

#include "text/TemplateRender.h"
#include "text/Utf8.h"

#include <algorithm>
#include <charconv>
#include <cmath>

namespace quern::chat {

using Kind = Value::Kind;

const char *Interpreter::typeName(const Value &v) {
  static constexpr const char *names[] = {
      "NoneType", "bool", "int",       "float",     "str",
      "list",     "dict", "Undefined", "Namespace", "function"};
  static constexpr const char *sequences[] = {
      "list",      "tuple",       "_GroupTuple", "range",
      "dict_keys", "dict_values", "dict_items",  "generator"};
  if (v.isArray())
    return sequences[static_cast<size_t>(v.sequence())];
  return names[static_cast<size_t>(v.kind())];
}

int64_t Interpreter::wantInt(const Value &v, const char *what) const {
  if (!v.isInt() && !v.isBool())
    fail(std::string(what) + " is not an integer but '" + typeName(v) + "'");
  return v.asInt();
}

const std::string &Interpreter::wantString(const Value &v,
                                           const char *what) const {
  if (v.isUndefined())
    fail("'" + v.undefinedName() + "' is undefined");
  if (!v.isString())
    fail(std::string(what) + " is not a string but '" + typeName(v) + "'");
  return v.asString();
}

bool Interpreter::truth(const Value &v) const {
  switch (v.kind()) {
  case Kind::Null:
  case Kind::Undefined:
    return false;
  case Kind::Bool:
  case Kind::Int:
    return v.asInt() != 0;
  case Kind::Float:
    return v.asFloat() != 0;
  case Kind::String:
    return !v.asString().empty();
  case Kind::Array:
    return v.isSequence(Value::Sequence::Iterator) || !v.asArray().empty();
  case Kind::Object:
    return !v.asObject().empty();
  default:
    return true;
  }
}

/// -1, 0 or 1, exact where an integer has more digits than a float.
static int orderNumbers(const Value &a, const Value &b) {
  auto sign = [](auto x, auto y) { return x < y ? -1 : x > y ? 1 : 0; };
  if (a.isFloat() == b.isFloat())
    return a.isFloat() ? sign(a.asFloat(), b.asFloat())
                       : sign(a.asInt(), b.asInt());
  if (a.isFloat())
    return -orderNumbers(b, a);
  double real = b.asFloat();
  if (std::fabs(real) >= 0x1p63)
    return real < 0 ? 1 : -1;
  auto whole = static_cast<int64_t>(real);
  return whole != a.asInt() ? sign(a.asInt(), whole)
                            : sign(static_cast<double>(whole), real);
}

bool Interpreter::equal(const Value &a, const Value &b) {
  charge(1);
  if (a.isNumber() && b.isNumber())
    return !std::isnan(a.asFloat()) && !std::isnan(b.asFloat()) &&
           orderNumbers(a, b) == 0;
  if (a.kind() != b.kind())
    return false;
  switch (a.kind()) {
  case Kind::String:
    charge(a.asString().size() / 64);
    return a.asString() == b.asString();
  case Kind::Array:
    if (a.sequence() != b.sequence())
      return false;
    if (a.sequence() == Value::Sequence::Iterator)
      return &a.asArray() == &b.asArray();
    return std::equal(
        a.asArray().begin(), a.asArray().end(), b.asArray().begin(),
        b.asArray().end(),
        [&](const Value &x, const Value &y) { return equal(x, y); });
  case Kind::Object: {
    if (a.asObject().size() != b.asObject().size())
      return false;
    for (const auto &[key, value] : a.asObject()) {
      const Value *other = b.find(key);
      charge(b.asObject().size());
      if (!other || !equal(value, *other))
        return false;
    }
    return true;
  }
  case Kind::Namespace:
    return &a.asObject() == &b.asObject();
  case Kind::Callable:
    return a.asCallable() == b.asCallable();
  default:
    return true;
  }
}

int Interpreter::order(const Value &a, const Value &b) {
  charge(1);
  auto sign = [](auto x, auto y) { return x < y ? -1 : x > y ? 1 : 0; };
  if (a.isNumber() && b.isNumber())
    return std::isnan(a.asFloat()) || std::isnan(b.asFloat())
               ? 0
               : orderNumbers(a, b);
  if (a.isString() && b.isString()) {
    charge(std::min(a.asString().size(), b.asString().size()) / 64);
    return sign(a.asString().compare(b.asString()), 0);
  }
  auto ordered = [](const Value &v) {
    return v.isSequence(Value::Sequence::List) ||
           v.isSequence(Value::Sequence::Tuple);
  };
  if (ordered(a) && ordered(b) && a.sequence() == b.sequence()) {
    const auto &x = a.asArray(), &y = b.asArray();
    for (size_t i = 0; i < std::min(x.size(), y.size()); ++i)
      if (!equal(x[i], y[i]))
        return order(x[i], y[i]);
    return sign(x.size(), y.size());
  }
  for (const Value *v : {&a, &b})
    if (v->isUndefined())
      fail("'" + v->undefinedName() + "' is undefined");
  fail(std::string("'") + typeName(a) + "' and '" + typeName(b) +
       "' cannot be ordered");
}

bool Interpreter::contains(const Value &container, const Value &item) {
  switch (container.kind()) {
  case Kind::String: {
    const std::string &part = wantString(item, "the left side of 'in'");
    charge((container.asString().size() + part.size()) / 16);
    return container.asString().find(part) != std::string::npos;
  }
  case Kind::Array:
    if (container.isSequence(Value::Sequence::Iterator) && !container.walk())
      return false;
    for (const Value &candidate : container.asArray())
      if (equal(candidate, item))
        return true;
    return false;
  case Kind::Object:
    charge(container.asObject().size());
    if (item.isArray() || item.isObject())
      fail(std::string("a '") + typeName(item) + "' cannot be a key");
    return (item.isString() || item.isInt() || item.isNull()) &&
           container.find(keyText(item));
  case Kind::Undefined:
    return false;
  default:
    fail(std::string("argument of type '") + typeName(container) +
         "' is not iterable");
  }
}

int64_t Interpreter::length(const Value &v) {
  switch (v.kind()) {
  case Kind::String:
    charge(v.asString().size() / 16);
    return static_cast<int64_t>(utf8::length(v.asString()));
  case Kind::Array:
    if (v.sequence() == Value::Sequence::Iterator)
      break;
    return static_cast<int64_t>(v.asArray().size());
  case Kind::Object:
    return static_cast<int64_t>(v.asObject().size());
  case Kind::Undefined:
    return 0;
  default:
    break;
  }
  fail(std::string("object of type '") + typeName(v) + "' has no length");
}

std::string Interpreter::keyText(const Value &key) const {
  if (key.isInt())
    return "\xffi" + std::to_string(key.asInt());
  if (key.isNull())
    return "\xffn";
  const std::string &text = wantString(key, "a dict key");
  if (text.starts_with('\xff'))
    fail("a dict key is not UTF-8");
  return text;
}

Value Interpreter::keyValue(std::string_view text) {
  if (text == "\xffn")
    return {};
  int64_t number = 0;
  if (!text.starts_with("\xffi"))
    return text;
  std::from_chars(text.data() + 2, text.data() + text.size(), number);
  return number;
}

Value::Array Interpreter::iterate(const Value &v) {
  Value::Array out;
  switch (v.kind()) {
  case Kind::Array:
    charge(v.asArray().size());
    if (v.sequence() == Value::Sequence::Iterator && !v.walk())
      return out;
    return v.asArray();
  case Kind::Object:
    charge(v.asObject().size());
    for (const auto &member : v.asObject())
      out.push_back(keyValue(member.first));
    return out;
  case Kind::String: {
    std::string_view text = v.asString();
    charge(4 * text.size()); // each character becomes a string
    while (!text.empty()) {
      size_t size = utf8::decode(text).size;
      out.push_back(text.substr(0, size));
      text.remove_prefix(size);
    }
    return out;
  }
  case Kind::Undefined:
    return out;
  default:
    fail(std::string("'") + typeName(v) + "' object is not iterable");
  }
}

Value Interpreter::negate(const Value &v) {
  if (v.isFloat())
    return -v.asFloat();
  int64_t out;
  if (__builtin_sub_overflow(int64_t{0}, wantInt(v, "the operand"), &out))
    fail("integer overflow");
  return out;
}

/// Python's // and %: rounded down, the remainder with the divisor's sign.
static double floorDivide(double a, double b) { return std::floor(a / b); }
static double floorModulo(double a, double b) {
  double r = std::fmod(a, b);
  return r != 0 && (r < 0) != (b < 0) ? r + b : r;
}

static bool integerOp(Op op, int64_t a, int64_t b, int64_t &out) {
  switch (op) {
  case Op::Add:
    return !__builtin_add_overflow(a, b, &out);
  case Op::Subtract:
    return !__builtin_sub_overflow(a, b, &out);
  case Op::Multiply:
    return !__builtin_mul_overflow(a, b, &out);
  case Op::FloorDivide:
  case Op::Modulo: {
    if (b == -1) { // the only quotient that overflows
      out = 0;
      return op == Op::Modulo || !__builtin_sub_overflow(int64_t{0}, a, &out);
    }
    int64_t quotient = a / b, rest = a % b;
    bool down = rest != 0 && (rest < 0) != (b < 0);
    out = op == Op::Modulo ? rest + (down ? b : 0) : quotient - (down ? 1 : 0);
    return true;
  }
  default: { // Power, b >= 0
    out = 1;
    for (bool fits = true;; a = fits ? a : 0) {
      if ((b & 1) && (!fits || __builtin_mul_overflow(out, a, &out)))
        return false;
      if ((b >>= 1) == 0)
        return true;
      fits = fits && !__builtin_mul_overflow(a, a, &a);
    }
  }
  }
}

static double realOp(Op op, double a, double b) {
  switch (op) {
  case Op::Add:
    return a + b;
  case Op::Subtract:
    return a - b;
  case Op::Multiply:
    return a * b;
  case Op::Divide:
    return a / b;
  case Op::FloorDivide:
    return floorDivide(a, b);
  case Op::Modulo:
    return floorModulo(a, b);
  default:
    return std::pow(a, b);
  }
}

Value Interpreter::arithmetic(Op op, const Value &a, const Value &b) {
  if (a.isNumber() && b.isNumber()) {
    bool divides =
        op == Op::Divide || op == Op::FloorDivide || op == Op::Modulo;
    if (divides && b.asFloat() == 0)
      fail("division by zero");
    bool integers = !a.isFloat() && !b.isFloat() && op != Op::Divide &&
                    !(op == Op::Power && b.asInt() < 0);
    if (!integers)
      return realOp(op, a.asFloat(), b.asFloat());
    int64_t out;
    if (!integerOp(op, a.asInt(), b.asInt(), out))
      fail("integer overflow");
    return out;
  }
  if (op == Op::Modulo && a.isString())
    return percentText(a.asString(), b);
  for (const Value *v : {&a, &b})
    if (v->isUndefined())
      fail("'" + v->undefinedName() + "' is undefined");
  if (op == Op::Add && a.isString() && b.isString() &&
      (a.isMarkup() || b.isMarkup()))
    return Value::markup(
        makeString((a.isMarkup() ? a.asString() : escape(a.asString())) +
                   (b.isMarkup() ? b.asString() : escape(b.asString())))
            .asString());
  if (op == Op::Add && a.isString() && b.isString()) {
    std::string out;
    out.reserve(a.asString().size() + b.asString().size());
    out += a.asString();
    out += b.asString();
    return makeString(std::move(out));
  }
  auto joins = [](const Value &v) {
    return v.isSequence(Value::Sequence::List) ||
           v.isSequence(Value::Sequence::Tuple);
  };
  if (op == Op::Add && joins(a) && joins(b) && a.sequence() == b.sequence()) {
    charge(a.asArray().size() + b.asArray().size());
    Value::Array out = a.asArray();
    out.insert(out.end(), b.asArray().begin(), b.asArray().end());
    return makeArray(std::move(out), a.sequence());
  }
  bool text = a.isString() || b.isString();
  const Value &repeated = a.isString() || a.isArray() ? a : b;
  const Value &count = &repeated == &a ? b : a;
  if (op == Op::Multiply && (text || joins(repeated)) &&
      (count.isInt() || count.isBool())) {
    int64_t n = std::max<int64_t>(count.asInt(), 0);
    auto size = static_cast<int64_t>(text ? repeated.asString().size()
                                          : repeated.asArray().size());
    int64_t total;
    if (__builtin_mul_overflow(n, size, &total) ||
        static_cast<uint64_t>(total) > limits.output)
      fail("result of '*' is too large");
    charge(static_cast<uint64_t>(text ? total / 32 : total));
    std::string string;
    Value::Array array;
    for (int64_t i = 0; i < n && size > 0; ++i) {
      if (text)
        string += repeated.asString();
      else
        array.insert(array.end(), repeated.asArray().begin(),
                     repeated.asArray().end());
    }
    return text ? Value(std::move(string))
                : makeArray(std::move(array), repeated.sequence());
  }
  static constexpr const char *signs[] = {"+", "-", "*", "/", "//", "%", "**"};
  fail(std::string("unsupported operand types for ") +
       signs[static_cast<size_t>(op) - static_cast<size_t>(Op::Add)] + ": '" +
       typeName(a) + "' and '" + typeName(b) + "'");
}

} // namespace quern::chat
