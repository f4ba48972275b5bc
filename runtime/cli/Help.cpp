//===- Help.cpp - --help, for 80 columns ------------------------*- C++ -*-===//
#include "cli/Describe.h"

namespace quern::cli {

static constexpr size_t kColumn = 26; // where explanations begin

/// "  -o, --output FILE       executable to write [default: ...]"
static std::string row(const std::string &left, const std::string &text) {
  std::string out = "  " + left;
  if (out.size() + 2 > kColumn)
    out += '\n' + std::string(kColumn, ' ');
  else
    out.resize(kColumn, ' ');
  return out + fill(text, kColumn, kColumn) + '\n';
}

static std::string detailsText(const std::vector<Block> &blocks) {
  std::string out;
  bool heading = false;
  for (const Block &block : blocks) {
    if (!heading)
      out += '\n';
    heading = block.kind == Block::Heading;
    if (block.kind == Block::Verbatim)
      for (const std::string &line : splitLines(block.text))
        out += "  " + line + '\n';
    else
      out += fill(block.text, 0, 0) + (heading ? ":\n" : "\n");
  }
  return out;
}

std::string helpText(const Command &command) {
  std::string out = fill(command.summary, 0, 0) + "\n\n" +
                    fill("Usage: " + command.usage(), 0, 9) + '\n';
  if (!command.commands.empty()) {
    out += "\nCommands:\n";
    for (const Command &sub : command.commands)
      out += row(sub.name, sub.summary);
  }
  if (!command.arguments.empty()) {
    out += "\nArguments:\n";
    for (const Flag &argument : command.arguments)
      out += row(argument.value, argument.explained());
  }
  for (const std::string &group : command.groups()) {
    out += '\n' + group + ":\n";
    for (const Flag &flag : command.flags)
      if (flag.group == group)
        out += row(flag.heading(), flag.explained());
  }
  return out + detailsText(command.details);
}

} // namespace quern::cli
