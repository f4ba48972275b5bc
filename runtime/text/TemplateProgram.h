//===- TemplateProgram.h - Compiled chat templates -------------*- C++ -*-===//
//
// A program is a table of nodes in which every operand refers to an earlier
// node: checking that once makes walking it safe, and bounds the depth of the
// walk. Beside the nodes lie lists (a count, then node numbers) and strings.
//
//   header | nodes | list words | string offsets | string bytes
//
// `operandsOf` says what each node's three operands are; the writer, the check
// and the reader of this format all follow it.
//
//===----------------------------------------------------------------------===//
#pragma once

#include <cstdint>
#include <cstring>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace quern::chat {

inline constexpr uint32_t none = UINT32_MAX;

enum class Op : uint8_t {
  // statements
  Text,      ///< a: string to print
  Print,     ///< a: value
  If,        ///< a: condition, b: list, c: list for else
  For,       ///< a: target, b: iterable, c: ForParts
  ForParts,  ///< a: list, b: list for else, c: condition of `if`
  Set,       ///< a: target, b: value
  Capture,   ///< a: target, b: list; {% set x %}...{% endset %}
  Macro,     ///< a: name, b: list of Parameter, c: list
  Parameter, ///< a: name, b: default
  Group,     ///< a: list
  With,      ///< a: list of Set, b: list; in a scope of its own
  Block,     ///< a: list; sees the template's names only
  Recursive, ///< as For, and `loop` may be called
  Break,
  Continue,
  // targets: Name, or one of
  TargetTuple,  ///< a: list of targets
  TargetMember, ///< a: name of a namespace, b: name of its member
  // values
  Null,
  True,
  False,
  Int,            ///< a, b: low and high half
  Float,          ///< a, b: low and high half of the bits
  String,         ///< a: string
  Name,           ///< a: string
  Member,         ///< a: value, b: name
  Index,          ///< a: value, b: value
  Slice,          ///< a: value, b: Bounds
  Bounds,         ///< a, b, c: start, stop, step, each may be none
  Call,           ///< a: value, b: list; keyword arguments are Keyword nodes
  Keyword,        ///< a: name, b: value
  Spread,         ///< a: value whose items are arguments
  SpreadKeywords, ///< a: dict whose members are keyword arguments
  Caller,         ///< as Macro; the body of {% call %} as a value
  Body,           ///< a: list; what it prints
  Filter,         ///< a: value, b: name, c: list
  Test,           ///< a: value, b: name, c: list
  Not,            ///< a
  Negate,         ///< a
  Plus,           ///< a
  And,            ///< a, b
  Or,             ///< a, b
  Add,
  Subtract,
  Multiply,
  Divide,
  FloorDivide,
  Modulo,
  Power,   ///< a, b
  Concat,  ///< a: list
  Compare, ///< a: value, b: list of comparisons, chained as in Python
  Equal,
  NotEqual,
  Less,
  LessEqual,
  Greater,
  GreaterEqual,
  In,
  NotIn,  ///< a
  Choose, ///< a: condition, b: value, c: value or none
  List,   ///< a: list
  Tuple,  ///< a: list
  Dict,   ///< a: list of Pair
  Pair,   ///< a: key, b: value
  Count_,
};

/// What an operand is.
enum class Operand : uint8_t { Unused, Bits, Text, Node, MaybeNode, Nodes };

struct Operands {
  Operand a, b, c;
};
Operands operandsOf(Op op);

/// Which of these names a macro uses, and so takes as arguments.
enum MacroFlag : uint8_t { UsesVarargs = 1, UsesKwargs = 2, UsesCaller = 4 };

struct Node {
  Op op;
  uint8_t flags; ///< of Macro and Caller: MacroFlag
  uint16_t column;
  uint32_t line;
  uint32_t a, b, c;
};

struct ProgramHeader {
  char magic[8];
  uint32_t nodes, listWords, strings, stringBytes;
  uint32_t root; ///< the Group of the whole template
  uint32_t name; ///< string: the template's, for messages
};

/// Collects a program.
class ProgramWriter {
public:
  uint32_t add(Op op, uint32_t line, uint32_t column, uint32_t a = none,
               uint32_t b = none, uint32_t c = none);
  void setFlags(uint32_t node, uint8_t flags) { nodes[node].flags = flags; }
  uint32_t string(std::string_view text);
  /// A list of nodes; none if it is empty.
  uint32_t list(const std::vector<uint32_t> &items);
  std::vector<uint8_t> finish(uint32_t root, uint32_t name) const;

private:
  std::vector<Node> nodes;
  std::vector<uint32_t> words;
  std::vector<uint32_t> ends;
  std::string bytes;
  std::unordered_map<std::string, uint32_t> known;
};

/// Checked access to a program. Bytes need no alignment.
class ProgramView {
public:
  /// Throws Error unless every operand is in range.
  explicit ProgramView(std::span<const uint8_t> program);

  Node node(uint32_t id) const {
    Node out;
    std::memcpy(&out, nodeBytes + size_t{id} * sizeof(Node), sizeof(Node));
    return out;
  }
  std::string_view string(uint32_t id) const {
    uint32_t begin = id == 0 ? 0 : word(endBytes, id - 1);
    return {reinterpret_cast<const char *>(text) + begin,
            word(endBytes, id) - begin};
  }
  uint32_t listSize(uint32_t list) const {
    return list == none ? 0 : word(listBytes, list);
  }
  uint32_t item(uint32_t list, uint32_t index) const {
    return word(listBytes, list + 1 + index);
  }
  uint32_t size() const { return header.nodes; }
  uint32_t root() const { return header.root; }
  std::string_view name() const { return string(header.name); }

private:
  static uint32_t word(const uint8_t *bytes, size_t index) {
    uint32_t out;
    std::memcpy(&out, bytes + index * 4, 4);
    return out;
  }
  void checkStrings() const;
  void checkNode(uint32_t id) const;
  void checkOperand(uint32_t id, Operand kind, uint32_t value) const;

  ProgramHeader header;
  const uint8_t *nodeBytes, *listBytes, *endBytes, *text;
};

} // namespace quern::chat
