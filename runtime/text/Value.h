//===- Value.h - Values that chat templates work on ------------*- C++ -*-===//
//
// JSON-like values with Python's rules for order (objects keep the order of
// insertion). Strings, arrays and objects are shared and immutable once built,
// so a copy costs a reference count; only the interpreter changes objects, and
// only those that namespace() made.
//
//===----------------------------------------------------------------------===//
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

namespace quern {

class Value {
public:
  using Array = std::vector<Value>;
  using Member = std::pair<std::string, Value>;
  using Object = std::vector<Member>; ///< in order of insertion, unique keys

  enum class Kind : uint8_t {
    Null,
    Bool,
    Int,
    Float,
    String,
    Array,
    Object,
    Undefined, ///< a name that nothing defined; made by the interpreter
    Namespace, ///< namespace(): an object that `set ns.x` changes
    Callable,  ///< a macro or a built-in function
  };

  /// What Python has where JSON has arrays only. All but List and Tuple come
  /// from the interpreter. An iterator is what select() and its like give: it
  /// is true whatever it holds, has neither length nor items, and ends after
  /// one walk.
  enum class Sequence : uint8_t {
    List,
    Tuple,
    Group, ///< of groupby(): a tuple whose items have names
    Range,
    Keys,
    Values,
    Items,
    Iterator
  };

  /// Arrays and objects nested deeper than this cannot be made: Error.
  static constexpr unsigned maxDepth = 1000;

  Value() = default; ///< null
  Value(std::nullptr_t) {}
  Value(bool v) : data(v) {}
  Value(int v) : data(int64_t{v}) {}
  Value(unsigned v) : data(int64_t{v}) {}
  Value(int64_t v) : data(v) {}
  Value(double v) : data(v) {}
  Value(const char *v) : Value(std::string(v)) {}
  Value(std::string_view v) : Value(std::string(v)) {}
  Value(std::string v)
      : data(std::make_shared<const Text>(Text{std::move(v), false})) {}
  /// A string that is HTML, as the filters `safe` and `escape` say.
  static Value markup(std::string v) {
    Value out;
    out.data = std::make_shared<const Text>(Text{std::move(v), true});
    return out;
  }
  Value(Array v);
  Value(Object v);
  static Value array(Array v = {}) { return Value(std::move(v)); }
  static Value object(Object v = {}) { return Value(std::move(v)); }
  static Value sequence(Array v, Sequence what);
  static Value tuple(Array v) {
    return sequence(std::move(v), Sequence::Tuple);
  }
  static Value undefined(std::string_view name = {});
  static Value nameSpace(Object members);
  /// `scope`: for the interpreter, where a macro was defined.
  static Value callable(uint32_t what, size_t scope = 0);

  Kind kind() const { return static_cast<Kind>(data.index()); }
  bool isNull() const { return kind() == Kind::Null; }
  bool isUndefined() const { return kind() == Kind::Undefined; }
  bool isBool() const { return kind() == Kind::Bool; }
  bool isInt() const { return kind() == Kind::Int; }
  bool isFloat() const { return kind() == Kind::Float; }
  bool isNumber() const { return isInt() || isFloat() || isBool(); }
  bool isString() const { return kind() == Kind::String; }
  bool isMarkup() const {
    return isString() && std::get<StringRef>(data)->isMarkup;
  }
  bool isArray() const { return kind() == Kind::Array; }
  /// Of an array.
  Sequence sequence() const { return std::get<ArrayRef>(data)->what; }
  bool isSequence(Sequence what) const {
    return isArray() && sequence() == what;
  }
  /// Marks an iterator as walked; false if it was before.
  bool walk() const {
    return !std::exchange(std::get<ArrayRef>(data)->walked, true);
  }
  bool isObject() const {
    return kind() == Kind::Object || kind() == Kind::Namespace;
  }

  // Each asks for the matching kind; anything else is a bug and throws
  // std::bad_variant_access.
  bool asBool() const { return std::get<bool>(data); }
  int64_t asInt() const {
    return isBool() ? int64_t{asBool()} : std::get<int64_t>(data);
  }
  double asFloat() const {
    return isFloat() ? std::get<double>(data) : static_cast<double>(asInt());
  }
  const std::string &asString() const {
    return std::get<StringRef>(data)->text;
  }
  const Array &asArray() const { return std::get<ArrayRef>(data)->items; }
  const Object &asObject() const;
  uint32_t asCallable() const { return std::get<CallableRef>(data).what; }
  size_t callableScope() const { return std::get<CallableRef>(data).scope; }
  /// The name that was not defined, for messages.
  const std::string &undefinedName() const;

  /// The member `key` of an object, or nullptr.
  const Value *find(std::string_view key) const;
  /// Sets or replaces a member of a namespace.
  void setMember(std::string_view key, Value value) const;

  /// Levels of arrays and objects: 0 for anything else. Known without looking
  /// inside, so that code which recurses over a value can refuse deep ones.
  unsigned depth() const;

private:
  struct Text {
    std::string text;
    bool isMarkup;
  };
  struct ArrayNode {
    Array items;
    unsigned depth;
    Sequence what = Sequence::List;
    mutable bool walked = false;
  };
  struct ObjectNode {
    Object members;
    unsigned depth;
  };

  using StringRef = std::shared_ptr<const Text>;
  using ArrayRef = std::shared_ptr<const ArrayNode>;
  using ObjectRef = std::shared_ptr<ObjectNode>;
  struct UndefinedRef {
    std::shared_ptr<const std::string> name;
  };
  struct NamespaceRef {
    ObjectRef members;
  };
  struct CallableRef {
    uint32_t what;
    size_t scope;
  };
  // The order of the alternatives is that of Kind.
  std::variant<std::monostate, bool, int64_t, double, StringRef, ArrayRef,
               ObjectRef, UndefinedRef, NamespaceRef, CallableRef>
      data;
};

} // namespace quern
