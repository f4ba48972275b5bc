//===- FishCompletion.cpp - Completion for fish -----------------*- C++ -*-===//
#include "cli/Describe.h"

namespace quern::cli {

/// The end of a `complete` command: names, value, description.
static std::string rest(const Flag &flag) {
  std::string out;
  for (const std::string &name : flag.names)
    out += name.starts_with("--") ? " -l " + name.substr(2)
                                  : " -s " + name.substr(1);
  if (!flag.words().empty())
    out += (flag.names.empty() ? " -a " : " -x -a ") +
           fishQuoted(join(flag.words(), " "));
  else if (flag.takesFile())
    out += flag.names.empty() ? " -F" : " -r -F";
  else if (flag.names.empty())
    return ""; // a text
  else if (!flag.value.empty())
    out += " -x";
  return out + " -d " + fishQuoted(flag.text) + "\n";
}

std::string fishCompletion(const Command &program) {
  std::string start = "complete -c " + fishQuoted(program.name);
  std::string out =
      "# Completion of " + program.name + " for fish.\n" + start + " -f\n";
  std::string none = " -n " + fishQuoted("not __fish_seen_subcommand_from " +
                                         join(program.commandNames(), " "));
  for (const Flag &flag : program.flags)
    out += start + none + rest(flag);
  for (const Command &command : program.commands) {
    out += start + none + " -a " + command.name + " -d " +
           fishQuoted(command.summary) + "\n";
    std::string within =
        " -n " + fishQuoted("__fish_seen_subcommand_from " + command.name);
    for (const std::vector<Flag> *list : {&command.arguments, &command.flags})
      for (const Flag &flag : *list)
        if (std::string end = rest(flag); !end.empty())
          out += start + within + end;
  }
  return out;
}

} // namespace quern::cli
