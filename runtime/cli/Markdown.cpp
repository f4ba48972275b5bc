//===- Markdown.cpp - The command line for docs/ ----------------*- C++ -*-===//
#include "cli/Describe.h"
#include <map>

namespace quern::cli {

/// Prose, in which nothing is markup but what is between backticks.
static std::string escaped(const std::string &text) {
  std::string out;
  bool code = false;
  for (char c : text) {
    code ^= c == '`';
    if (!code && (c == '*' || c == '_' || c == '<' || c == '['))
      out += '\\';
    out += c;
  }
  return out;
}

/// A cell of a table.
static std::string cell(const std::string &text) {
  return replaced(escaped(text), "|", "\\|");
}

static std::string code(const std::string &text) {
  return text.empty() ? "" : "`" + replaced(text, "|", "\\|") + "`";
}

/// A table; flags of other groups than `title` are not for it.
static void addFlags(std::string &out, const std::vector<Flag> &flags,
                     const std::string &title) {
  std::string rows;
  bool defaults = false;
  for (const Flag &flag : flags)
    defaults |= flag.group == title && !flag.byDefault.empty();
  for (const Flag &flag : flags) {
    if (!flag.names.empty() && flag.group != title)
      continue;
    std::string text = cell(flag.text);
    if (!flag.choices.empty()) {
      std::vector<std::string> words;
      for (const std::string &word : flag.choices)
        words.push_back(code(word));
      text += ": " + join(words, ", ", " or ");
    }
    if (!flag.range.empty())
      text += " (" + flag.range + ")";
    rows += "| " + code(flag.names.empty() ? flag.value : flag.heading()) +
            (defaults ? " | " + cell(flag.byDefault) : "") + " | " + text +
            " |\n";
  }
  if (!rows.empty())
    out += "\n| " + title + (defaults ? " | default | |\n|---" : " | |\n") +
           "|---|---|\n" + rows;
}

static void addBlocks(std::string &out, const std::vector<Block> &blocks) {
  for (const Block &block : blocks) {
    out += '\n';
    if (block.kind == Block::Verbatim)
      out += "```\n" + block.text + "\n```\n";
    else
      out += fill(escaped(block.text), 0, 0) +
             (block.kind == Block::Heading ? ":\n" : "\n");
  }
}

/// Tables that have been written, and the command that had them first.
using Tables = std::map<std::string, std::string>;

static void addGroups(std::string &out, const Command &command,
                      Tables &tables) {
  std::map<std::string, std::vector<std::string>> same; // groups by command
  for (const std::string &group : command.groups()) {
    std::vector<Flag> flags = command.flagsOf(group);
    std::string table;
    addFlags(table, flags, group);
    auto [first, isNew] = tables.try_emplace(table, command.path);
    if (isNew || flags.size() < 3)
      out += table;
    else
      same[first->second].push_back(group);
  }
  for (const auto &[path, groups] : same)
    out += "\n" + join(groups, ", ", " and ") + ": as for `" + path + "`.\n";
}

static void addCommand(std::string &out, const Command &command,
                       Tables &tables) {
  out += "\n### " + command.path + "\n\n" + escaped(command.summary) +
         ".\n\n```\n" + command.usage() + "\n```\n";
  addFlags(out, command.arguments, "Arguments");
  addGroups(out, command, tables);
  addBlocks(out, command.details);
}

std::string markdown(const Manual &manual) {
  const Command &program = manual.program;
  Tables tables;
  std::string out = "## " + program.name + "\n\n" + escaped(program.summary) +
                    "\n\n```\n" + program.usage() +
                    "\n```\n\n| command | "
                    "|\n|---|---|\n";
  for (const Command &command : program.commands)
    out += "| " + code(command.name) + " | " + cell(command.summary) + " |\n";
  for (const std::string &group : program.groups())
    addFlags(out, program.flags, group);
  addBlocks(out, program.details);
  for (const Section &section : manual.sections) {
    out += "\n**" + section.title + "**\n";
    addBlocks(out, parseBlocks(section.text));
  }
  for (const Command &command : program.commands)
    addCommand(out, command, tables);
  return out;
}

} // namespace quern::cli
