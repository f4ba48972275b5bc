//===- TemplateRender.h - Running chat templates ---------------*- C++ -*-===//
//
// Internal: the interpreter that walks a program's nodes, and what filters,
// tests and methods use of it. Semantics are Python's and Jinja's, since
// templates are written against those: what a number prints as, what is true,
// what an undefined name may be used for.
//
// Keys of dicts are strings here; one that is an integer or none in a template
// is kept as text after a byte that no UTF-8 has.
//
// Nothing here recurses without counting: programs through `Deeper`, values
// through Value::depth, which is bounded where values are made.
//
//===----------------------------------------------------------------------===//
#pragma once

#include "text/Template.h"
#include "text/TemplateProgram.h"

#include <optional>

namespace quern::chat {

/// Levels of arrays and objects that a value may have.
inline constexpr unsigned maxValueDepth = 200;

/// Callables from this number on are macros: their node's number plus this.
inline constexpr uint32_t firstMacro = 16;

/// Members of `loop` that templates cannot name: its node, and its scope.
inline constexpr std::string_view loopMark = "\xff loop";
inline constexpr std::string_view loopScope = "\xff scope";
inline constexpr std::string_view loopSeen = "\xff seen";

/// Arguments of a call, a filter or a test, in source order.
struct Arguments {
  std::vector<Value> positional;
  std::vector<std::pair<std::string, Value>> named;

  /// The argument at `index` or called `name`, or nullptr.
  const Value *get(size_t index, std::string_view name) const;
  /// Without its first argument.
  Arguments tail() const;
};

class Interpreter {
public:
  Interpreter(const ProgramView &program, const Value &context,
              const TemplateLimits &limits);
  std::string run();

  /// Throws Error at the node that runs now.
  [[noreturn]] void fail(const std::string &what) const;
  /// Counts work that is not one node.
  void charge(uint64_t steps);
  /// Fails if a string in the making has become too long.
  void bound(const std::string &text) const;
  /// The same, before `more` bytes are added to it.
  void boundMore(const std::string &text, uint64_t more) const;
  /// Makes values, counting and bounding them.
  Value makeString(std::string text);
  Value makeArray(Value::Array items,
                  Value::Sequence what = Value::Sequence::List);
  Value makeObject(Value::Object members);

  // TemplateOperators.cpp
  bool truth(const Value &v) const;
  bool equal(const Value &a, const Value &b);
  /// -1, 0 or 1; fails where Python has no order.
  int order(const Value &a, const Value &b);
  bool contains(const Value &container, const Value &item);
  Value arithmetic(Op op, const Value &a, const Value &b);
  Value negate(const Value &v);
  /// A dict's key as its members have it, and back.
  std::string keyText(const Value &key) const;
  static Value keyValue(std::string_view text);
  /// Items of an array, keys of an object, characters of a string.
  Value::Array iterate(const Value &v);
  int64_t length(const Value &v);
  int64_t wantInt(const Value &v, const char *what) const;
  const std::string &wantString(const Value &v, const char *what) const;

  // TemplateText.cpp
  /// What printing gives: Python's str().
  std::string text(const Value &v);
  std::string escape(const std::string &text);
  /// Python's repr().
  std::string repr(const Value &v);
  std::string json(const Value &v, const Arguments &options);

  // TemplateFormat.cpp
  Value formatText(std::string_view format, const Arguments &arguments);
  Value percentText(std::string_view format, const Value &given);

  // TemplateSubscript.cpp
  Value index(const Value &v, const Value &key);
  Value slice(const Value &v, const Value &start, const Value &stop,
              const Value &step);
  Value member(const Value &v, std::string_view name);

  // TemplateStringMethods.cpp
  enum class Align : uint8_t { Left, Right, Center };
  /// At least `width` characters; `fill` is one.
  Value padded(std::string text, int64_t width, std::string_view fill,
               Align align);

  // TemplateFilters.cpp, TemplateTests.cpp, TemplateMethods.cpp
  Value applyFilter(std::string_view name, const Value &v,
                    const Arguments &arguments);
  bool applyTest(std::string_view name, const Value &v,
                 const Arguments &arguments);
  /// Nothing if values of this kind have no such method.
  std::optional<Value> callMethod(const Value &v, std::string_view name,
                                  const Arguments &arguments);
  /// For messages, e.g. "str".
  static const char *typeName(const Value &v);

private:
  enum class Flow : uint8_t { Next, Break, Continue };
  struct Deeper {
    explicit Deeper(Interpreter &interpreter);
    ~Deeper() { --interpreter.depth; }
    Interpreter &interpreter;
  };
  /// Names, and the scope that surrounds them in the template's text, which for
  /// a macro is where it was defined. Parents come before their children.
  struct Scope {
    size_t parent;
    std::vector<std::pair<std::string_view, Value>> names;
  };

  // TemplateRender.cpp
  Flow execute(uint32_t list);
  Flow executeNode(uint32_t id);
  Flow loop(uint32_t id, const Value &over, size_t level);
  Value::Array loopItems(const Node &node, const Node &parts,
                         const Value &over);
  Flow with(const Node &node);
  void enter(size_t parent) { scopes.push_back({parent, {}}); }
  void enter() { enter(scopes.size() - 1); }
  void assign(uint32_t target, const Value &value);
  void print(std::string_view text);
  std::string capture(uint32_t list);
  const Value *lookUp(std::string_view name);
  void define(std::string_view name, Value value);

  // TemplateEvaluate.cpp
  Value evaluate(uint32_t id);
  Value evaluateOperator(const Node &node, uint32_t id);
  Value evaluateSubscript(const Node &node, uint32_t id);
  Value concatenate(const Node &node, uint32_t id);
  Value dict(const Node &node, uint32_t id);
  Value compare(const Node &node, uint32_t id);

  // TemplateCalls.cpp
  Value name(std::string_view name);
  Value call(const Node &node, uint32_t id);
  Value callValue(const Value &callee, const Arguments &arguments);
  Value callMacro(const Value &callee, const Arguments &arguments);
  void bindArguments(const Node &macro, const Arguments &arguments);
  Value callLoop(const Value &callee, const Arguments &arguments);
  Value callBuiltin(uint32_t which, const Arguments &arguments);
  Value range(const Arguments &arguments);
  Value dictOf(const Arguments &arguments);
  Value formatTime(const Arguments &arguments);
  Arguments evaluateArguments(uint32_t list);

  const ProgramView &program;
  const Value &context;
  const TemplateLimits &limits;
  std::vector<Scope> scopes;
  std::string out;
  size_t captured = 0; ///< bytes in outputs that wait for a capture to end
  uint64_t steps = 0;
  unsigned depth = 0;
  uint32_t at = 0; ///< the node that runs now
};

} // namespace quern::chat
