//===- ZshCompletion.cpp - Completion for zsh -------------------*- C++ -*-===//
//
// The program's own function names the command, _arguments does the rest. The
// text works as a file "_NAME" in $fpath and with `source`.
//
//===----------------------------------------------------------------------===//
#include "cli/Describe.h"

namespace quern::cli {

/// Text within a specification of _arguments.
static std::string escaped(std::string text) {
  for (const char *sign : {"\\", ":", "[", "]"})
    text = replaced(text, sign, std::string("\\") + sign);
  return text;
}

static std::string action(const Flag &flag) {
  if (!flag.words().empty())
    return "(" + join(flag.words(), " ") + ")";
  return flag.takesFile() ? "_files" : " ";
}

static std::string spec(const Flag &flag) {
  if (flag.names.empty())
    return shellQuoted((flag.required ? ":" : "::") + escaped(flag.value) +
                       ":" + action(flag));
  std::string text = "[" + escaped(flag.text) + "]";
  if (!flag.value.empty())
    text += ":" + escaped(flag.value) + ":" + action(flag);
  std::string others = flag.repeated ? "*" : "(" + join(flag.names, " ") + ")";
  std::string out;
  for (const std::string &name : flag.names) {
    bool isLong = name.starts_with("--");
    out += (out.empty() ? "" : " ") + shellQuoted(others + name +
                                                  (flag.value.empty() ? ""
                                                   : isLong           ? "="
                                                                      : "+") +
                                                  text);
  }
  return out;
}

std::string zshCompletion(const Command &program) {
  std::string function = functionName(program.name), commands, cases;
  for (const Command &command : program.commands) {
    commands += "        " +
                shellQuoted(replaced(command.name, ":", "\\:") + ":" +
                            command.summary) +
                "\n";
    cases += "        " + command.name + ") _arguments -s";
    for (const Flag &flag : command.flags)
      cases += " \\\n          " + spec(flag);
    for (const Flag &argument : command.arguments)
      cases += " \\\n          " + spec(argument);
    cases += " ;;\n";
  }
  std::string flags;
  for (const Flag &flag : program.flags)
    flags += " \\\n    " + spec(flag);
  return "#compdef " + program.name + "\n# Completion of " + program.name +
         " for zsh.\n" + function + R"(() {
  local curcontext=$curcontext state line commands
  typeset -A opt_args
  _arguments -C)" +
         flags + R"( \
    '1: :->command' '*:: :->arguments'
  case $state in
    command)
      commands=(
)" + commands +
         R"(      )
      _describe -t commands command commands ;;
    arguments)
      case $words[1] in
)" + cases +
         R"(      esac ;;
  esac
}
if [ "$funcstack[1]" = )" +
         shellQuoted(function) + " ]; then\n  " + function +
         " \"$@\"\nelse\n  compdef " + function + " " +
         shellQuoted(program.name) + "\nfi\n";
}

} // namespace quern::cli
