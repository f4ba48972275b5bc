//===- TemplateProgram.cpp - Compiled chat templates ------------*- C++ -*-===//

#include "text/TemplateProgram.h"

#include "Error.h"

#include <algorithm>

namespace quern::chat {

static constexpr char magic[8] = {'Q', 'N', 'T', 'P', 'L', '0', '0', '2'};

/// In a namespace of its own, where `Node` is the kind of operand.
namespace layout {
using enum Operand;
static constexpr Operands nothing = {Unused, Unused, Unused};
static constexpr Operands text = {Text, Unused, Unused};
static constexpr Operands one = {Node, Unused, Unused};
static constexpr Operands two = {Node, Node, Unused};
static constexpr Operands three = {Node, Node, Node};
static constexpr Operands list = {Nodes, Unused, Unused};
static constexpr Operands lists = {Nodes, Nodes, Unused};
static constexpr Operands bits = {Bits, Bits, Unused};
static constexpr Operands named = {Node, Text, Nodes};
static constexpr Operands withList = {Node, Nodes, Unused};
static constexpr Operands member = {Node, Text, Unused};
static constexpr Operands keyword = {Text, Node, Unused};
static constexpr Operands condition = {Node, Nodes, Nodes};
static constexpr Operands loopParts = {Nodes, Nodes, MaybeNode};
static constexpr Operands macro = {Text, Nodes, Nodes};
static constexpr Operands parameter = {Text, MaybeNode, Unused};
static constexpr Operands texts = {Text, Text, Unused};
static constexpr Operands bounds = {MaybeNode, MaybeNode, MaybeNode};
static constexpr Operands choice = {Node, Node, MaybeNode};

// clang-format off
static constexpr Operands operandTable[] = { // in the order of Op
    // Text, Print, If, For, ForParts, Set, Capture
    text, one, condition, three, loopParts, two, withList,
    // Macro, Parameter, Group, With, Block, Recursive, Break, Continue
    macro, parameter, list, lists, list, three, nothing, nothing,
    // TargetTuple, TargetMember
    list, texts,
    // Null, True, False, Int, Float, String, Name
    nothing, nothing, nothing, bits, bits, text, text,
    // Member, Index, Slice, Bounds
    member, two, two, bounds,
    // Call, Keyword, Spread, SpreadKeywords, Caller, Body, Filter, Test, Not,
    // Negate, Plus, And, Or
    withList, keyword, one, one, macro, list, named, named, one, one, one, two, two,
    // Add, Subtract, Multiply, Divide, FloorDivide, Modulo, Power
    two, two, two, two, two, two, two,
    // Concat, Compare, and the eight comparisons
    list, withList, one, one, one, one, one, one, one, one,
    // Choose, List, Tuple, Dict, Pair
    choice, list, list, list, two};
// clang-format on
static_assert(std::size(operandTable) == static_cast<size_t>(Op::Count_));
} // namespace layout

Operands operandsOf(Op op) {
  return layout::operandTable[static_cast<size_t>(op)];
}

uint32_t ProgramWriter::add(Op op, uint32_t line, uint32_t column, uint32_t a,
                            uint32_t b, uint32_t c) {
  auto narrow = static_cast<uint16_t>(std::min<uint32_t>(column, UINT16_MAX));
  nodes.push_back({op, 0, narrow, line, a, b, c});
  return static_cast<uint32_t>(nodes.size() - 1);
}

uint32_t ProgramWriter::string(std::string_view text) {
  auto [it, added] =
      known.try_emplace(std::string(text), static_cast<uint32_t>(ends.size()));
  if (added) {
    bytes += text;
    ends.push_back(static_cast<uint32_t>(bytes.size()));
  }
  return it->second;
}

uint32_t ProgramWriter::list(const std::vector<uint32_t> &items) {
  if (items.empty())
    return none;
  auto at = static_cast<uint32_t>(words.size());
  words.push_back(static_cast<uint32_t>(items.size()));
  words.insert(words.end(), items.begin(), items.end());
  return at;
}

std::vector<uint8_t> ProgramWriter::finish(uint32_t root, uint32_t name) const {
  ProgramHeader header{};
  std::memcpy(header.magic, magic, sizeof(magic));
  header.nodes = static_cast<uint32_t>(nodes.size());
  header.listWords = static_cast<uint32_t>(words.size());
  header.strings = static_cast<uint32_t>(ends.size());
  header.stringBytes = static_cast<uint32_t>(bytes.size());
  header.root = root;
  header.name = name;
  size_t size = sizeof(header) + nodes.size() * sizeof(Node) +
                words.size() * 4 + ends.size() * 4 + bytes.size();
  std::vector<uint8_t> out(size);
  uint8_t *to = out.data();
  auto append = [&](const void *data, size_t count) {
    if (count > 0)
      std::memcpy(to, data, count);
    to += count;
  };
  append(&header, sizeof(header));
  append(nodes.data(), nodes.size() * sizeof(Node));
  append(words.data(), words.size() * 4);
  append(ends.data(), ends.size() * 4);
  append(bytes.data(), bytes.size());
  return out;
}

[[noreturn]] static void corrupt(const char *what) {
  throw Error(std::string("chat template program: ") + what);
}

ProgramView::ProgramView(std::span<const uint8_t> program) {
  if (program.size() < sizeof(header))
    corrupt("cut short");
  std::memcpy(&header, program.data(), sizeof(header));
  if (std::memcmp(header.magic, magic, sizeof(magic)) != 0)
    corrupt("wrong magic number");
  uint64_t size = sizeof(header) + uint64_t{header.nodes} * sizeof(Node) +
                  uint64_t{header.listWords} * 4 +
                  uint64_t{header.strings} * 4 + header.stringBytes;
  if (size != program.size())
    corrupt("size differs from its header's");
  nodeBytes = program.data() + sizeof(header);
  listBytes = nodeBytes + size_t{header.nodes} * sizeof(Node);
  endBytes = listBytes + size_t{header.listWords} * 4;
  text = endBytes + size_t{header.strings} * 4;
  checkStrings();
  for (uint32_t id = 0; id < header.nodes; ++id)
    checkNode(id);
  if (header.root >= header.nodes || node(header.root).op != Op::Group)
    corrupt("wrong root");
}

void ProgramView::checkStrings() const {
  uint32_t last = 0;
  for (uint32_t i = 0; i < header.strings; ++i) {
    uint32_t end = word(endBytes, i);
    if (end < last || end > header.stringBytes)
      corrupt("string out of range");
    last = end;
  }
  if (header.name >= header.strings)
    corrupt("string out of range");
}

void ProgramView::checkNode(uint32_t id) const {
  Node n = node(id);
  if (n.op >= Op::Count_)
    corrupt("unknown node");
  Operands kinds = operandsOf(n.op);
  checkOperand(id, kinds.a, n.a);
  checkOperand(id, kinds.b, n.b);
  checkOperand(id, kinds.c, n.c);
  // Parts whose operands are looked at together with their owner.
  auto all = [&](uint32_t list, Op first, Op last) {
    for (uint32_t i = 0, size = listSize(list); i < size; ++i)
      if (Op op = node(item(list, i)).op; op < first || op > last)
        return false;
    return true;
  };
  bool loop = n.op == Op::For || n.op == Op::Recursive;
  bool macro = n.op == Op::Macro || n.op == Op::Caller;
  if ((loop && node(n.c).op != Op::ForParts) ||
      (n.op == Op::Slice && node(n.b).op != Op::Bounds) ||
      (macro && !all(n.b, Op::Parameter, Op::Parameter)) ||
      (n.op == Op::With && !all(n.a, Op::Set, Op::Set)) ||
      (n.op == Op::Dict && !all(n.a, Op::Pair, Op::Pair)) ||
      (n.op == Op::Compare && !all(n.b, Op::Equal, Op::NotIn)))
    corrupt("wrong kind of operand");
}

void ProgramView::checkOperand(uint32_t id, Operand kind,
                               uint32_t value) const {
  switch (kind) {
  case Operand::Unused:
  case Operand::Bits:
    return;
  case Operand::Text:
    if (value >= header.strings)
      corrupt("string out of range");
    return;
  case Operand::MaybeNode:
    if (value == none)
      return;
    [[fallthrough]];
  case Operand::Node:
    if (value >= id)
      corrupt("operand out of range");
    return;
  case Operand::Nodes:
    if (value == none)
      return;
    if (value >= header.listWords ||
        word(listBytes, value) >= header.listWords - value)
      corrupt("list out of range");
    for (uint32_t i = 0, n = listSize(value); i < n; ++i)
      if (item(value, i) >= id)
        corrupt("operand out of range");
  }
}

} // namespace quern::chat
