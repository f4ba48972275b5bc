//===- Commands.h - The artifact's command line ----------------*- C++ -*-===//
//
// Each command is one file that adds its flags to the parser and the function
// to run. Commands only parse, call and print; they throw Error, which
// runCommandLine() prints as one line.
//
//===----------------------------------------------------------------------===//
#pragma once
#include "Model.h"
#include "cli/Terminal.h"
#include "cli/Text.h"
#include <functional>
#include <string>

namespace CLI {
class App;
}

namespace quern {

/// What the command line hands to a command.
class Session {
public:
  Session(std::string program, std::span<const quern_kernel_set> kernels)
      : program(std::move(program)), kernels(kernels) {}

  /// The name that the program was started by, for messages.
  const std::string program;
  const std::span<const quern_kernel_set> kernels;
  /// What the chosen command does; run after everything has been parsed.
  std::function<void()> action;

  Model open() const { return {Artifact::self(), kernels}; }

  /// A field of all sets that have kernels: "x86-64-v4", or if there are several,
  /// "first: portable, second: x86-64-v4".
  std::string ofKernels(const char *quern_kernel_set::*field) const;
};

void addChatCommand(CLI::App &app, Session &session);
void addRunCommand(CLI::App &app, Session &session);
void addPerplexityCommand(CLI::App &app, Session &session);
void addBenchCommand(CLI::App &app, Session &session);
void addTokenizeCommand(CLI::App &app, Session &session);
void addInfoCommand(CLI::App &app, Session &session);
void addVerifyCommand(CLI::App &app, Session &session);

/// Parses the arguments, runs the command. Returns the exit code.
int runCommandLine(int argc, char **argv,
                   std::span<const quern_kernel_set> kernels);

/// `context` (0: the plan's), or an Error if it is more than the plan's.
uint32_t checkContext(const Model &model, uint32_t context);

/// The text given as an argument; "-" reads standard input.
std::string textArgument(const std::string &argument);
std::string readFile(const std::string &path);

using cli::Progress;
using cli::writeOut;

/// A token's bytes as a person can read them: in quotes, with \n and \xNN.
std::string readable(std::string_view piece);

/// Seconds of a clock that never goes back.
double now();

} // namespace quern
