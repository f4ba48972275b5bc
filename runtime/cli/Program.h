//===- Program.h - A program of several commands ---------------*- C++ -*-===//
//
// What the compiler's and the artifact's command lines have in common. CLI11
// parses; what a user reads, messages included, is written here.
//
//===----------------------------------------------------------------------===//
#pragma once
#include "cli/Describe.h"
#include <CLI/CLI.hpp>
#include <functional>
#include <optional>

namespace quern::cli {

/// Made by the build.
struct BuildIdentity {
  const char *version;
  const char *commit; ///< a short hash, "-dirty" after it; or "unknown"
  const char *date;   ///< of the commit; or ""
  const char *build;  ///< kind of build, version of LLVM
};
extern const BuildIdentity buildIdentity;

/// "quern 0.1.0 (commit 0123456789ab, Release, LLVM 22.1.8)"
std::string identityText();

/// A flag that was given, and its value.
struct Given {
  CLI::Option *option;
  std::string value;
};

/// Arguments, understood as far as the definitions go.
struct Arguments {
  CLI::App *command; ///< the program itself, or one of its commands
  bool help = false, version = false;
  std::vector<Given> given;       ///< flags, in order
  std::vector<std::string> words; ///< what is no flag

  /// For CLI11, from which it cannot misunderstand anything.
  std::vector<std::string> normalized() const;
};

/// Reads a command line. Throws Error for anything that is not defined, for
/// values that are missing or too many, and names what was likely meant.
Arguments readArguments(CLI::App &app,
                        const std::vector<std::string> &arguments);

/// What CLI11 has to say, in our words.
std::string explain(const CLI::ParseError &error, const CLI::App &command);

struct Program {
  CLI::App &app;
  std::function<std::string()> version; ///< for --version, lines
  std::vector<Section> sections;        ///< for documents

  /// What the common commands were told.
  std::string shell = "";
  bool asMarkdown = false;
};

/// Adds -h, --version and the commands `completion` and `manual`; after all
/// other commands.
void addCommonCommands(Program &program);

/// Parses; runs callbacks of the command that was given. Nothing if that has
/// printed a help or the like and nothing is left to do. Throws Error.
std::optional<Arguments> parse(Program &program, int argc, char **argv);

} // namespace quern::cli
