//===- BashCompletion.cpp - Completion for bash -----------------*- C++ -*-===//
//
// A function that looks at the words so far. bash ends words at "=", so that
// "--temp=0" comes as three of them.
//
//===----------------------------------------------------------------------===//
#include "cli/Describe.h"

namespace quern::cli {

static std::string names(const std::vector<Flag> &flags) {
  std::vector<std::string> out;
  for (const Flag &flag : flags)
    out.insert(out.end(), flag.names.begin(), flag.names.end());
  return join(out, " ");
}

/// The case of what follows a flag, or of a command's argument.
static std::string action(const Flag &flag) {
  if (!flag.words().empty())
    return "words=" + shellQuoted(join(flag.words(), " "));
  return flag.takesFile() ? "files=yes" : "return";
}

static std::string valueCases(const Command &command) {
  std::string out;
  for (const Flag &flag : command.flags) {
    if (flag.value.empty())
      continue;
    std::vector<std::string> patterns;
    for (const std::string &name : flag.names)
      patterns.push_back(shellQuoted(command.name + " " + name));
    out += "    " + join(patterns, "|") + ") " + action(flag) + " ;;\n";
  }
  return out;
}

static std::string commandCases(const Command &command) {
  bool files = false;
  std::string words;
  for (const Flag &argument : command.arguments) {
    files |= argument.takesFile();
    if (!argument.choices.empty())
      words = join(argument.choices, " ");
  }
  std::string out =
      "      " + command.name + ") flags=" + shellQuoted(names(command.flags));
  if (files)
    out += " files=yes";
  if (!words.empty())
    out += " words=" + shellQuoted(words);
  return out + " ;;\n";
}

std::string bashCompletion(const Command &program) {
  std::string cases, values;
  for (const Command &command : program.commands) {
    values += valueCases(command);
    cases += commandCases(command);
  }
  std::string function = functionName(program.name);
  return "# Completion of " + program.name + " for bash.\n" + function +
         R"(() {
  local word=${COMP_WORDS[COMP_CWORD]} command= flag= flags= files= words= i
  COMPREPLY=()
  for ((i = 1; i < COMP_CWORD; i++)); do
    case ${COMP_WORDS[i]} in
      -*) ;;
      *) command=${COMP_WORDS[i]}; break ;;
    esac
  done
  flag=${COMP_WORDS[COMP_CWORD - 1]}
  if [ "$word" = = ]; then
    word=
  elif [ "$flag" = = ] && ((COMP_CWORD > 1)); then
    flag=${COMP_WORDS[COMP_CWORD - 2]}
  fi
  case "$command $flag" in
)" + values +
         R"(    *) case $command in
      '') flags=)" +
         shellQuoted(names(program.flags)) +
         " words=" + shellQuoted(join(program.commandNames(), " ")) + " ;;\n" +
         cases + R"(    esac
    case $word in
      -*) words=$flags files= ;;
    esac ;;
  esac
  if [ "$files" ]; then
    compopt -o filenames 2>/dev/null
    mapfile -t COMPREPLY < <(compgen -f -- "$word")
  else
    mapfile -t COMPREPLY < <(compgen -W "$words" -- "$word")
  fi
}
complete -F )" +
         function + " " + shellQuoted(program.name) + "\n";
}

} // namespace quern::cli
