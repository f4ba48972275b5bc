//===- Describe.h - A command line as data ---------------------*- C++ -*-===//
//
// What --help, manual pages, Markdown and completions are written from: the
// definitions that the parser itself has, so that none of them can be wrong
// about the others.
//
//===----------------------------------------------------------------------===//
#pragma once
#include "cli/Text.h"

namespace CLI {
class App;
class Option;
} // namespace CLI

namespace quern::cli {

struct Flag {
  std::vector<std::string> names; ///< "-o", "--output"; none: an argument
  std::string value;              ///< placeholder; empty: it takes no value
  std::string text, group;
  std::string range;     ///< "0 to 1"; empty: no two ends
  std::string byDefault; ///< empty: there is none, or it is "off"
  std::vector<std::string> choices, suggestions;
  bool required = false, repeated = false;

  /// Whether the value is the name of a file.
  bool takesFile() const {
    return value.starts_with("FILE") || value == "MODEL";
  }
  /// "-o, --output FILE"
  std::string heading() const;
  /// What the value is and what it is without the flag, in brackets: "[f16,
  /// f32; default: f16]", or "".
  std::string notes() const;
  /// The text and the notes.
  std::string explained() const;
  /// What a shell may offer as the value.
  const std::vector<std::string> &words() const {
    return choices.empty() ? suggestions : choices;
  }
};

struct Command {
  std::string name; ///< "quern" or "compile"
  std::string path; ///< "quern compile"
  std::string summary;
  std::vector<Flag> arguments;
  std::vector<Flag> flags; ///< those of a group together
  std::vector<Block> details;
  std::vector<Command> commands;

  std::string usage() const;
  /// Names of groups, in order.
  std::vector<std::string> groups() const;
  /// The flags of a group but for --help, which every command has.
  std::vector<Flag> flagsOf(const std::string &group) const;
  /// Names of the commands below this one.
  std::vector<std::string> commandNames() const;
};

Flag describe(const CLI::Option &option);
Command describe(const CLI::App &app);

/// Each returns a whole text.
std::string helpText(const Command &command);

struct Section {
  std::string title, text; ///< text: see Text.h
};

/// A program with what is about all of its commands.
struct Manual {
  Command program;
  std::string version, date;
  std::vector<Section> sections;
};
/// For docs: headings from ## on.
std::string markdown(const Manual &manual);
/// man(7)
std::string manualPage(const Manual &manual);

std::string bashCompletion(const Command &program);
std::string zshCompletion(const Command &program);
std::string fishCompletion(const Command &program);

/// `text` as one word of sh, bash, zsh; of fish.
std::string shellQuoted(const std::string &text);
std::string fishQuoted(const std::string &text);
/// A name for a function of the shell: "_smol_v2".
std::string functionName(const std::string &program);

} // namespace quern::cli
