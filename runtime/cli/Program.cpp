//===- Program.cpp - A program of several commands --------------*- C++ -*-===//
#include "cli/Program.h"
#include "Error.h"
#include "cli/Terminal.h"
#include "cli/Values.h"
#include <algorithm>

namespace quern::cli {

std::string identityText() {
  const BuildIdentity &build = buildIdentity;
  return std::string("quern ") + build.version + " (commit " + build.commit +
         ", " + build.build + ")";
}

static void addCompletion(Program &program) {
  const std::string &name = program.app.get_name();
  CLI::App &command = *program.app.add_subcommand(
      "completion", "Print a script that completes this program's commands "
                    "and flags in a shell");
  command.add_option("SHELL", program.shell, "the shell")
      ->required()
      ->check(oneOf({"bash", "zsh", "fish"}));
  command.footer("Examples:\n"
                 "  source <(" +
                 name +
                 " completion bash)\n"
                 "  " +
                 name +
                 " completion bash > "
                 "~/.local/share/bash-completion/completions/" +
                 name +
                 "\n"
                 "  " +
                 name + " completion zsh > ~/.zfunc/_" + name +
                 "\n"
                 "  " +
                 name +
                 " completion fish > "
                 "~/.config/fish/completions/" +
                 name + ".fish");
}

static void addManual(Program &program) {
  const std::string &name = program.app.get_name();
  CLI::App &command = *program.app.add_subcommand(
      "manual", "Print the manual page of all commands");
  command.add_flag("--markdown", program.asMarkdown, "as Markdown");
  command.footer("Examples:\n"
                 "  " +
                 name +
                 " manual | man -l -\n"
                 "  " +
                 name + " manual > ~/.local/share/man/man1/" + name + ".1");
}

void addCommonCommands(Program &program) {
  addCompletion(program);
  addManual(program);
  CLI::App &app = program.app;
  app.set_version_flag("--version", "", "print what this build is");
  app.set_help_flag("-h,--help", "print this help");
  for (CLI::App *command : app.get_subcommands({}))
    command->set_help_flag("-h,--help", "print this help");
}

static std::string script(const std::string &shell, const CLI::App &app) {
  Command command = describe(app);
  return shell == "bash"  ? bashCompletion(command)
         : shell == "zsh" ? zshCompletion(command)
                          : fishCompletion(command);
}

static std::string manualText(const Program &program) {
  Manual manual = {.program = describe(program.app),
                   .version = std::string("quern ") + buildIdentity.version,
                   .date = buildIdentity.date,
                   .sections = program.sections};
  return program.asMarkdown ? markdown(manual) : manualPage(manual);
}

/// The description of `command`, which knows its place below `app`.
static Command described(const CLI::App &app, const CLI::App &command) {
  Command all = describe(app);
  for (Command &one : all.commands)
    if (&command != &app && one.name == command.get_name())
      return std::move(one);
  return all;
}

std::optional<Arguments> parse(Program &program, int argc, char **argv) {
  CLI::App &app = program.app;
  Arguments arguments =
      readArguments(app, {argv + std::min(argc, 1), argv + argc});
  if (arguments.help) {
    writeOut(helpText(described(app, *arguments.command)));
    return std::nullopt;
  }
  if (arguments.version) {
    writeOut(program.version());
    return std::nullopt;
  }
  std::vector<std::string> words = arguments.normalized();
  std::reverse(words.begin(), words.end()); // as CLI11 wants them
  try {
    app.parse(std::move(words));
  } catch (const CLI::ParseError &error) {
    throw Error(explain(error, *arguments.command));
  }
  const std::string &name = arguments.command->get_name();
  if (name == "completion")
    writeOut(script(program.shell, app));
  else if (name == "manual")
    writeOut(manualText(program));
  else
    return arguments;
  return std::nullopt;
}

} // namespace quern::cli
