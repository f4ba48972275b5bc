//===- RunCommand.h - quern run ---------------------------------*- C++ -*-===//
#pragma once
#include "Driver.h"
#include "Flags.h"
#include "cli/Program.h"

namespace quern {

void addTargetFlag(CLI::App &command, CompileRequest &request);
void addChipFlag(CLI::App &command, CompileRequest &request);
/// `memoryDefault`: what is taken where nothing is said.
void addOffloadFlags(CLI::App &command, CompileRequest &request,
                     const std::string &memoryDefault);
void addKvTypeFlag(CLI::App &command, CompileRequest &request);
/// What `compile` and `run` both ask.
void addTargetFlags(CLI::App &command, CompileRequest &request);

/// `quern run`: has the flags of the artifact's `run` and `chat`, so that one
/// that is wrong is refused before anything is compiled, and hands them on.
class RunCommand {
public:
  void add(CLI::App &app);
  /// Does not come back if the artifact could be started.
  int run(const cli::Arguments &given);

private:
  CompileRequest request;
  RunFlags runFlags;
  ChatFlags chatFlags;
  AnswerFlags answerFlags;
  CLI::Option *prompt = nullptr;
  std::vector<CLI::Option *> ours, runs, chats; // flags that are not for both
};

/// What is about all commands, for the manual.
std::vector<cli::Section> manualSections();

} // namespace quern
