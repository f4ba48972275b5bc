//===- CommandLine.cpp - Parsing, messages, exit codes ----------*- C++ -*-===//
#include "Commands.h"
#include "Error.h"
#include <CLI/CLI.hpp>
#include <cctype>
#include <cerrno>
#include <cstring>
#include <fmt/format.h>
#include <new>
#include <unistd.h>
#include <utility>

using namespace quern;

#ifndef QUERN_VERSION
#define QUERN_VERSION "unknown"
#endif
#ifndef QUERN_BUILD
#define QUERN_BUILD "unknown"
#endif

static int complain(std::string_view program, std::string_view message) {
  std::string line;
  for (char c : fmt::format("{}: {}", program, message))
    if (c == '\n' || c == '\r')
      line += ' ';
    else if (uint8_t(c) < 0x20 || c == 0x7f) // a terminal would obey it
      line += fmt::format("\\x{:02x}", uint8_t(c));
    else
      line += c;
  fprintf(stderr, "%s\n", line.c_str());
  return 1;
}

/// CLI11's message in our style: lower case, and the unknown flag's name.
static std::string parseMessage(CLI::App &app, const CLI::ParseError &error) {
  auto unknown = [&](const char *place) {
    std::vector<std::string> extras = app.remaining(/*recurse=*/true);
    std::string first = extras.empty() ? std::string() : extras.front();
    return fmt::format("unknown {} '{}'; see --help",
                       first.starts_with('-') && first != "-" ? "flag" : place,
                       first);
  };
  if (dynamic_cast<const CLI::ExtrasError *>(&error))
    return unknown("argument");
  std::string message = error.what();
  if (dynamic_cast<const CLI::RequiredError *>(&error) &&
      app.get_subcommands().empty()) {
    if (!app.remaining().empty())
      return unknown("command");
    message = "which command is to run";
  }
  if (message.size() > 1 && !isupper(message[1]))
    message[0] = char(tolower(message[0]));
  while (!message.empty() && (message.back() == '.' || message.back() == '\n'))
    message.pop_back();
  return message + "; see --help";
}

static int runParsed(CLI::App &app, Session &session, int argc, char **argv) {
  try {
    app.parse(argc, argv);
  } catch (const CLI::CallForHelp &help) {
    return app.exit(help); // prints the help of the command that was asked
  } catch (const CLI::CallForAllHelp &help) {
    return app.exit(help);
  } catch (const CLI::CallForVersion &version) {
    return app.exit(version);
  } catch (const CLI::ParseError &error) {
    return complain(session.program, parseMessage(app, error));
  }
  session.action();
  return 0;
}

int quern::runCommandLine(int argc, char **argv, const LinkedKernels &kernels) {
  Session session(std::string(baseName(argc ? argv[0] : "model")), kernels);
  try {
    CLI::App app("A language model, compiled by quern into this program.",
                 session.program);
    app.set_version_flag("--version",
                         fmt::format("quern {} ({}), kernels for {}",
                                     QUERN_VERSION, QUERN_BUILD, kernels.cpu));
    app.require_subcommand(1);
    app.footer(fmt::format("Examples:\n  {0} run \"Why is the sky blue?\"\n"
                           "  {0} chat\n"
                           "  {0} info\n  {0} COMMAND --help",
                           session.program));
    addRunCommand(app, session);
    addChatCommand(app, session);
    addPerplexityCommand(app, session);
    addBenchCommand(app, session);
    addTokenizeCommand(app, session);
    addInfoCommand(app, session);
    addVerifyCommand(app, session);
    return runParsed(app, session, argc, argv);
  } catch (const std::bad_alloc &) {
    return complain(session.program, "out of memory");
  } catch (const std::exception &error) {
    return complain(session.program, error.what());
  }
}

uint32_t quern::checkContext(const Model &model, uint32_t context) {
  uint32_t most = model.plan()->context;
  if (context > most)
    throw Error(fmt::format("--ctx {} is more than the {} tokens that the "
                            "model was compiled for",
                            context, most));
  return context ? context : most;
}

std::string quern::readFile(const std::string &path) {
  FILE *file = path == "-" ? stdin : fopen(path.c_str(), "re");
  if (!file)
    throw Error(fmt::format("{}: cannot open: {}", path, strerror(errno)));
  std::string text;
  char buffer[1 << 14];
  for (size_t n; (n = fread(buffer, 1, sizeof(buffer), file)) > 0;)
    text.append(buffer, n);
  int error = ferror(file) ? errno : 0;
  if (file != stdin)
    fclose(file);
  if (error)
    throw Error(fmt::format("{}: cannot read: {}", path, strerror(error)));
  return text;
}

std::string quern::textArgument(const std::string &argument) {
  return argument == "-" ? readFile(argument) : argument;
}

void quern::writeOut(std::string_view text) {
  if (fwrite(text.data(), 1, text.size(), stdout) != text.size() ||
      fflush(stdout) != 0)
    throw Error(
        fmt::format("cannot write to standard output: {}", strerror(errno)));
}

double quern::now() {
  timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return double(time.tv_sec) + 1e-9 * double(time.tv_nsec);
}

std::string quern::formatBytes(uint64_t bytes) {
  const char *units[] = {"bytes", "KiB", "MiB", "GiB", "TiB"};
  double value = double(bytes);
  unsigned unit = 0;
  for (; value >= 1024 && unit < 4; ++unit)
    value /= 1024;
  return unit ? fmt::format("{:.1f} {}", value, units[unit])
              : fmt::format("{} bytes", bytes);
}

Progress::Progress() : terminal(isatty(STDERR_FILENO)) {}

Progress::~Progress() { hide(); }

void Progress::hide() {
  if (std::exchange(shown, false))
    fprintf(stderr, "\r\033[K");
}

void Progress::show(const std::string &text) {
  if (!terminal)
    return;
  shown = true;
  fprintf(stderr, "\r\033[K%s", text.c_str());
  fflush(stderr);
}
