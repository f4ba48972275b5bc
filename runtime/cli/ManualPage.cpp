//===- ManualPage.cpp - The command line as man(7) --------------*- C++ -*-===//
#include "cli/Describe.h"
#include <algorithm>

namespace quern::cli {

/// Text between macros: ASCII signs that roff would make typographic ones stay
/// what they are, and no line is taken for a macro.
static std::string escaped(std::string_view text) {
  std::string out;
  bool lineBegins = true;
  for (char c : text) {
    if (lineBegins && (c == '.' || c == '\''))
      out += "\\&";
    lineBegins = c == '\n';
    switch (c) {
    case '\\':
      out += "\\e";
      break;
    case '-':
      out += "\\-";
      break;
    case '\'':
      out += "\\(aq";
      break;
    case '`':
      out += "\\(ga";
      break;
    case '^':
      out += "\\(ha";
      break;
    case '~':
      out += "\\(ti";
      break;
    default:
      out += c;
    }
  }
  return out;
}

/// A paragraph. Its lines stay short where signs become several.
static std::string filled(const std::string &text) {
  return escaped(fill(text, 0, 0, 68)) + "\n";
}

/// An argument of a macro.
static std::string quoted(std::string_view text) {
  return '"' + replaced(escaped(text), "\"", "\\(dq") + '"';
}

static std::string upper(std::string text) {
  for (char &c : text)
    c = c >= 'a' && c <= 'z' ? char(c - 32) : c;
  return text;
}

static std::string section(const std::string &title) {
  return ".SH " + quoted(upper(title)) + "\n";
}

/// Paragraphs; `heading` is the macro for headings among them.
static std::string blocksText(const std::vector<Block> &blocks,
                              const char *heading) {
  std::string out;
  bool begin = true; // right after a heading: a paragraph begins by itself
  for (const Block &block : blocks) {
    if (block.kind == Block::Heading) {
      out += std::string(heading) + " " + quoted(block.text) + "\n";
    } else {
      if (!begin)
        out += ".PP\n";
      out += block.kind == Block::Verbatim
                 ? ".EX\n" + escaped(block.text) + "\n.EE\n"
                 : filled(block.text);
    }
    begin = block.kind == Block::Heading;
  }
  return out;
}

/// "\fB\-o\fR, \fB\-\-output\fR \fIFILE\fR"
static std::string term(const Flag &flag) {
  std::vector<std::string> names;
  for (const std::string &name : flag.names)
    names.push_back("\\fB" + escaped(name) + "\\fR");
  std::string out = join(names, ", ");
  if (flag.value.empty())
    return out;
  return out + (out.empty() ? "" : " ") + "\\fI" + escaped(flag.value) + "\\fR";
}

static std::string flagsText(const std::vector<Flag> &flags) {
  std::string out;
  for (const Flag &flag : flags)
    out += ".TP\n" + term(flag) + "\n" + filled(flag.explained());
  return out;
}

/// "\fBquern compile\fR [FLAGS] \fIMODEL\fR"
static std::string synopsis(const Command &command) {
  std::string rest = command.usage().substr(command.path.size());
  return "\\fB" + escaped(command.path) + "\\fR" + escaped(rest) + "\n";
}

static std::string commandText(const Command &command) {
  std::string out = ".SS " + quoted(command.path) + "\n" + synopsis(command) +
                    ".PP\n" + filled(command.summary + ".") +
                    flagsText(command.arguments);
  for (const std::string &group : command.groups()) {
    std::vector<Flag> flags = command.flagsOf(group);
    if (!flags.empty() && group != "Flags")
      out += ".PP\n" + escaped(group) + ":\n";
    out += flagsText(flags);
  }
  std::string details = blocksText(command.details, ".PP\n.B");
  return details.empty() ? out
                         : out + (details[0] == '.' ? "" : ".PP\n") + details;
}

std::string manualPage(const Manual &manual) {
  const Command &program = manual.program;
  std::string out = ".TH " + quoted(upper(program.name)) + " 1 " + "\"" +
                    manual.date + "\" " + quoted(manual.version) + "\n" +
                    section("Name") + escaped(program.name) + " \\- " +
                    escaped(replaced(program.summary, ".", "")) + "\n" +
                    section("Synopsis") + synopsis(program);
  for (const Command &command : program.commands)
    out += ".br\n" + synopsis(command);
  // Headings of the program's details are sections of their own.
  std::vector<Block> before, after;
  for (const Block &block : program.details)
    (!after.empty() || block.kind == Block::Heading ? after : before)
        .push_back(block);
  out += section("Description") + filled(program.summary);
  if (!before.empty())
    out += ".PP\n" + blocksText(before, ".SH");
  out += section("Options") + flagsText(program.flags);
  out += section("Commands");
  for (const Command &command : program.commands)
    out += commandText(command);
  for (Block &block : after)
    if (block.kind == Block::Heading)
      block.text = upper(block.text);
  out += blocksText(after, ".SH");
  for (const Section &part : manual.sections)
    out += section(part.title) + blocksText(parseBlocks(part.text), ".SS");
  return out;
}

} // namespace quern::cli
