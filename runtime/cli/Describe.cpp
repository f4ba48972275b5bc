//===- Describe.cpp - A command line as data --------------------*- C++ -*-===//
#include "cli/Describe.h"
#include "cli/Values.h"
#include <algorithm>

namespace quern::cli {

std::string Flag::heading() const {
  std::string out = join(names, ", ");
  if (!out.empty() && !value.empty())
    out += ' ';
  return out + value;
}

std::string Flag::notes() const {
  std::vector<std::string> parts;
  if (!choices.empty())
    parts.push_back(join(choices, ", "));
  if (!range.empty())
    parts.push_back(range);
  if (!byDefault.empty())
    parts.push_back("default: " + byDefault);
  return parts.empty() ? "" : "[" + join(parts, "; ") + "]";
}

std::string Flag::explained() const {
  std::string more = notes();
  return more.empty() ? text : text + " " + more;
}

std::vector<Flag> Command::flagsOf(const std::string &group) const {
  std::vector<Flag> out;
  for (const Flag &flag : flags)
    if (flag.group == group && flag.names.back() != "--help")
      out.push_back(flag);
  return out;
}

std::vector<std::string> Command::commandNames() const {
  std::vector<std::string> names;
  for (const Command &command : commands)
    names.push_back(command.name);
  return names;
}

std::string Command::usage() const {
  std::string out = path;
  if (!commands.empty())
    return out + " COMMAND [FLAGS]";
  if (std::any_of(flags.begin(), flags.end(),
                  [](const Flag &flag) { return flag.names[0] != "-h"; }))
    out += " [FLAGS]";
  for (const Flag &argument : arguments)
    out +=
        argument.required ? " " + argument.value : " [" + argument.value + "]";
  return out;
}

std::vector<std::string> Command::groups() const {
  std::vector<std::string> names;
  for (const Flag &flag : flags)
    if (std::find(names.begin(), names.end(), flag.group) == names.end())
      names.push_back(flag.group);
  return names;
}

/// The words that a validator of this name has, if there is one.
static std::vector<std::string> wordsOf(const CLI::Option &option,
                                        const char *name) {
  try { // getting a validator is not const, and throws if there is none
    auto &it = const_cast<CLI::Option &>(option);
    return splitLines(it.get_validator(name)->get_description());
  } catch (const CLI::OptionNotFound &) {
    return {};
  }
}

/// The name that type_name() gave, without what validators add to it.
static std::string placeholder(const CLI::Option &option) {
  std::string name = option.get_type_name();
  name = name.substr(0, name.find(':'));
  if (name == "TEXT" || name == "FLOAT" || name == "INT" || name == "UINT")
    return name == "TEXT" ? name : name == "FLOAT" ? "X" : "N";
  return name;
}

Flag describe(const CLI::Option &option) {
  Flag flag;
  for (const std::string &name : option.get_snames())
    flag.names.push_back("-" + name);
  for (const std::string &name : option.get_lnames())
    flag.names.push_back("--" + name);
  if (flag.names.empty())
    flag.value = option.get_name(/*positional=*/true);
  else if (option.get_items_expected_max() > 0)
    flag.value = placeholder(option);
  flag.text = option.get_description();
  flag.group = option.get_group() == "Options" ? "Flags" : option.get_group();
  flag.byDefault = option.get_default_str();
  flag.choices = wordsOf(option, kOneOf);
  flag.suggestions = wordsOf(option, kSuggest);
  flag.range = join(wordsOf(option, kRange), "");
  flag.required = option.get_required();
  flag.repeated =
      option.get_items_expected_max() > 1 ||
      option.get_multi_option_policy() == CLI::MultiOptionPolicy::TakeAll;
  return flag;
}

static Command describe(const CLI::App &app, const std::string &before) {
  Command out;
  out.name = app.get_name();
  out.path = before.empty() ? out.name : before + " " + out.name;
  out.summary = app.get_description();
  out.details = parseBlocks(app.get_footer());
  std::vector<Flag> last; // --help and --version
  for (const CLI::Option *option : app.get_options()) {
    Flag flag = describe(*option);
    if (flag.group.empty()) // hidden
      continue;
    if (flag.names.empty())
      out.arguments.push_back(flag);
    else if (flag.names.back() == "--help" || flag.names.back() == "--version")
      last.push_back(flag);
    else
      out.flags.push_back(flag);
  }
  // After the first group, which has no name of its own.
  auto others = std::stable_partition(
      out.flags.begin(), out.flags.end(),
      [](const Flag &flag) { return flag.group == "Flags"; });
  out.flags.insert(others, last.begin(), last.end());
  for (const CLI::App *command : app.get_subcommands({}))
    out.commands.push_back(describe(*command, out.path));
  return out;
}

Command describe(const CLI::App &app) { return describe(app, ""); }

std::string shellQuoted(const std::string &text) {
  return "'" + replaced(text, "'", "'\\''") + "'";
}

std::string fishQuoted(const std::string &text) {
  return "'" + replaced(replaced(text, "\\", "\\\\"), "'", "\\'") + "'";
}

std::string functionName(const std::string &program) {
  std::string name = "_";
  for (unsigned char c : program)
    name += isascii(c) && isalnum(c) ? char(c) : '_';
  return name;
}

} // namespace quern::cli
