//===- Arguments.cpp - Arguments and what is wrong with them ----*- C++ -*-===//
//
// The words are read before CLI11 sees them, because its messages lack what a
// user needs, and because it takes the argument after `--flag=` for the value.
//
//===----------------------------------------------------------------------===//
#include "Error.h"
#include "cli/Program.h"
#include <algorithm>

namespace quern::cli {

static std::string nameOf(const CLI::Option &option) {
  return option.get_lnames().empty() ? "-" + option.get_snames().front()
                                     : "--" + option.get_lnames().front();
}

static std::string pathOf(const CLI::App &app) {
  const CLI::App *parent = app.get_parent();
  return parent ? pathOf(*parent) + " " + app.get_name() : app.get_name();
}

static std::string seeHelp(const CLI::App &app) {
  return "; see `" + pathOf(app) + " --help`";
}

static std::vector<std::string> flagNames(const CLI::App &app) {
  std::vector<std::string> names;
  for (const CLI::Option *option : app.get_options())
    for (const std::string &name : option->get_lnames())
      names.push_back("--" + name);
  return names;
}

static bool isPositional(const CLI::Option *option) {
  return option->get_snames().empty() && option->get_lnames().empty();
}

std::vector<std::string> Arguments::normalized() const {
  std::vector<std::string> out;
  if (command->get_parent())
    out.push_back(command->get_name());
  for (const Given &flag : given) {
    out.push_back(nameOf(*flag.option));
    if (flag.option->get_items_expected_max() > 0)
      out.push_back(flag.value);
  }
  if (!words.empty())
    out.push_back("--");
  out.insert(out.end(), words.begin(), words.end());
  return out;
}

namespace {

class Reader {
public:
  Reader(CLI::App &app, const std::vector<std::string> &arguments)
      : rest(arguments), app(app) {
    out.command = &app;
  }
  Arguments read();

private:
  bool more() const { return at < rest.size(); }
  void readWord(const std::string &word);
  void readLong(const std::string &word);
  void readShort(const std::string &word);
  void add(CLI::Option *option, std::string value);
  bool isFlag(const std::string &word) const;
  std::string valueOf(const CLI::Option &option);
  [[noreturn]] void unknownFlag(const std::string &word) const;
  void checkWords() const;

  const std::vector<std::string> &rest;
  size_t at = 0;
  CLI::App &app;
  Arguments out;
};

} // namespace

[[noreturn]] void Reader::unknownFlag(const std::string &word) const {
  const CLI::App &command = *out.command;
  std::string name = word.substr(0, word.find('='));
  std::string message = "unknown flag '" + name + "'";
  std::vector<std::string> others;
  for (const CLI::App *other : app.get_subcommands({}))
    if (other->get_option_no_throw(name))
      others.push_back(other->get_name());
  if (name.find(' ') != std::string::npos)
    message += "; what begins with - and is no flag comes after --";
  else if (&command == &app && !others.empty())
    message += "; it comes after a command: " + join(others, ", ", " or ");
  else if (std::string meant = nearest(name, flagNames(command));
           !meant.empty())
    message += "; did you mean " + meant + "?";
  else if (!others.empty())
    message += "; it is one of " + join(others, ", ", " and ");
  else
    message += seeHelp(command);
  throw Error(message);
}

/// Whether the command has a flag of that name. As the name of a file it is a
/// mistake unless it stands behind "=".
bool Reader::isFlag(const std::string &word) const {
  std::string name = word.substr(0, word.find('='));
  return name.size() > 1 && name[0] == '-' && name != "--" &&
         out.command->get_option_no_throw(name) != nullptr;
}

/// The value of a flag that did not have it in the same word.
std::string Reader::valueOf(const CLI::Option &option) {
  Flag flag = describe(option);
  bool another = more() && flag.takesFile() && isFlag(rest[at]);
  if (more() && !another)
    return rest[at++];
  std::string name = nameOf(option);
  throw Error(
      name + " needs a value: " + name + " " +
      (flag.choices.empty() ? flag.value : join(flag.choices, "|")) +
      (another ? "; if '" + rest[at] + "' is meant, " + name + "=" + rest[at]
               : ""));
}

void Reader::add(CLI::Option *option, std::string value) {
  if (nameOf(*option) == "--help")
    out.help = true;
  if (nameOf(*option) == "--version")
    out.version = true;
  Flag flag = describe(*option);
  bool repeated = flag.repeated;
  if (flag.takesFile() && value.empty())
    throw Error(nameOf(*option) + " is given, but empty");
  for (const Given &before : out.given)
    if (before.option == option && option->get_items_expected_max() > 0 &&
        !repeated)
      throw Error(nameOf(*option) + " is given twice: " + before.value +
                  " and " + value);
  out.given.push_back({option, std::move(value)});
}

void Reader::readLong(const std::string &word) {
  size_t equals = word.find('=');
  std::string name = word.substr(2, std::min(equals, word.size()) - 2);
  for (CLI::Option *option : out.command->get_options()) {
    if (!option->check_lname(name))
      continue;
    bool takesValue = option->get_items_expected_max() > 0;
    if (!takesValue && equals != std::string::npos)
      throw Error("--" + name + " takes no value, but is given '" +
                  word.substr(equals + 1) + "'");
    std::string value;
    if (takesValue)
      value = equals == std::string::npos ? valueOf(*option)
                                          : word.substr(equals + 1);
    return add(option, std::move(value));
  }
  unknownFlag(word);
}

/// -v, -vx, -n5, -n=5, -n 5
void Reader::readShort(const std::string &word) {
  for (size_t i = 1; i < word.size(); ++i) {
    CLI::Option *found = nullptr;
    for (CLI::Option *option : out.command->get_options())
      if (option->check_sname(word.substr(i, 1)))
        found = option;
    std::string name = word.substr(1, word.find('=') - 1);
    if (i == 1 && name.size() > 1 &&
        out.command->get_option_no_throw("--" + name))
      throw Error("unknown flag '" + word + "'; did you mean --" + name + "?");
    if (!found)
      unknownFlag(i == 1 ? word : "-" + word.substr(i, 1));
    bool equals = i + 1 < word.size() && word[i + 1] == '=';
    std::string after = word.substr(i + 1 + equals);
    if (found->get_items_expected_max() > 0)
      return add(found, i + 1 < word.size() ? after : valueOf(*found));
    if (equals)
      throw Error("-" + word.substr(i, 1) + " takes no value, but is given '" +
                  after + "'");
    add(found, "");
  }
}

/// A command's name, or a word for it.
void Reader::readWord(const std::string &word) {
  if (out.command != &app)
    return out.words.push_back(word);
  if (word == "help") { // `quern help compile`
    out.help = true;
    return;
  }
  std::vector<std::string> names;
  for (CLI::App *command : app.get_subcommands({})) {
    names.push_back(command->get_name());
    if (word == names.back()) {
      out.command = command;
      return;
    }
  }
  std::string meant = nearest(word, names);
  throw Error("unknown command '" + word + "'" +
              (meant.empty() ? seeHelp(app) : "; did you mean " + meant + "?"));
}

void Reader::checkWords() const {
  size_t most = 0;
  const CLI::Option *last = nullptr;
  for (const CLI::Option *option : out.command->get_options(isPositional)) {
    if (most < out.words.size() && out.words[most].empty() &&
        describe(*option).takesFile())
      throw Error(option->get_name() + " is given, but empty");
    most += size_t(option->get_items_expected_max());
    last = option;
  }
  if (out.words.size() <= most)
    return;
  bool text = last && !describe(*last).takesFile();
  throw Error("unknown argument '" + out.words[most] + "'" +
              (text ? "; a text of several words is put in quotes"
                    : seeHelp(*out.command)));
}

Arguments Reader::read() {
  while (more()) {
    const std::string &word = rest[at++];
    if (word == "--" && out.command != &app) {
      out.words.insert(out.words.end(), rest.begin() + ptrdiff_t(at),
                       rest.end());
      break;
    }
    if (word.size() < 2 || word[0] != '-')
      readWord(word);
    else if (word[1] == '-')
      readLong(word);
    else
      readShort(word);
  }
  if (out.help || out.version)
    return std::move(out);
  if (out.command == &app)
    throw Error("no command given" + seeHelp(app));
  checkWords();
  return std::move(out);
}

Arguments readArguments(CLI::App &app,
                        const std::vector<std::string> &arguments) {
  return Reader(app, arguments).read();
}

std::string explain(const CLI::ParseError &error, const CLI::App &command) {
  std::string message = error.what();
  if (dynamic_cast<const CLI::RequiredError *>(&error))
    return message.substr(0, message.find(' ')) + " is missing" +
           seeHelp(command);
  if (dynamic_cast<const CLI::ExcludesError *>(&error))
    return replaced(message, " excludes ", " and ") + " do not go together";
  if (dynamic_cast<const CLI::RequiresError *>(&error))
    return replaced(message, " requires ", " needs ");
  for (const CLI::Option *option : command.get_options()) {
    std::string name = option->get_name();
    if (dynamic_cast<const CLI::ValidationError *>(&error) &&
        message.starts_with(name + ": "))
      return name + " " + message.substr(name.size() + 2);
    for (const std::string &value : option->results()) // none has no validator
      if (message.find(" " + name + " = " + value) != std::string::npos)
        return name + " " + value + ": not of the kind that it takes";
  }
  return "the flags cannot be understood" + seeHelp(command);
}

} // namespace quern::cli
