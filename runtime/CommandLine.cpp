//===- CommandLine.cpp - Parsing, messages, exit codes ----------*- C++ -*-===//
#include "Commands.h"
#include "Error.h"
#include "cli/Program.h"
#include "cli/Text.h"
#include <cerrno>
#include <cstring>
#include <fmt/format.h>
#include <new>
#include <nlohmann/json.hpp>

using namespace quern;

static int complain(std::string_view program, std::string_view message) {
  fprintf(stderr, "%s\n",
          cli::oneLine(fmt::format("{}: {}", program, message)).c_str());
  return 1;
}

/// What is about all commands, for the manual.
static std::vector<cli::Section> sections(const std::string &environment) {
  return {
      {"Exit status",
       "0: done, also where the context was full. 1: everything that went "
       "wrong, "
       "wrong flags included; one line on standard error says what. Ended by a "
       "signal, as a shell shows it: 130 by Ctrl-C (SIGINT), 143 by SIGTERM, "
       "141 "
       "where nobody reads standard output any more (SIGPIPE)."},
      {"Environment",
       std::string("TERM: on a terminal that is \"dumb\", or has no name, no "
                   "progress is shown. Nothing is coloured.") +
           environment}};
}

/// --version: this build of quern, the kernels, the model.
static std::string versionText(const Session &session) {
  nlohmann::ordered_json metadata = session.open().metadata();
  return fmt::format("{}\nkernels for {}\nmodel {}\n", cli::identityText(),
                     session.ofKernels(&quern_kernel_set::chip),
                     cli::oneLine(metadata.value("name", "without a name")));
}

static void runParsed(Session &session, int argc, char **argv) {
  CLI::App app("A language model, compiled by quern into this program.",
               session.program);
  std::string about, environment;
  for (const quern_kernel_set &set : session.kernels) {
    if (!set.count)
      continue;
    const ExecutorKind &kind = executorKind(set);
    about += (about.empty() ? "" : "\n\n") + std::string(kind.about);
    environment += (*kind.environment ? " " : "") + std::string(kind.environment);
  }
  app.footer(fmt::format("{1}\n\n"
                         "Examples:\n  {0} run \"Why is the sky blue?\"\n"
                         "  {0} chat\n"
                         "  {0} info\n"
                         "  {0} run --help",
                         session.program, about));
  addRunCommand(app, session);
  addChatCommand(app, session);
  addPerplexityCommand(app, session);
  addBenchCommand(app, session);
  addTokenizeCommand(app, session);
  addInfoCommand(app, session);
  addVerifyCommand(app, session);
  cli::Program program = {.app = app,
                          .version = [&] { return versionText(session); },
                          .sections = sections(environment)};
  cli::addCommonCommands(program);
  if (cli::parse(program, argc, argv))
    session.action();
}

std::string
Session::ofKernels(const char *quern_kernel_set::*field) const {
  std::vector<std::string> texts;
  for (const quern_kernel_set &set : kernels)
    if (set.count && *(set.*field))
      texts.push_back(
          kernels.size() > 1
              ? fmt::format("{}: {}", executorKind(set).name, set.*field)
              : set.*field);
  return cli::join(texts, ", ");
}

int quern::runCommandLine(int argc, char **argv,
                          std::span<const quern_kernel_set> kernels) {
  cli::keepStandardStreams();
  Session session(std::string(baseName(argc ? argv[0] : "model")), kernels);
  try {
    runParsed(session, argc, argv);
    return 0;
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

/// More than any context holds, and a file that has no end is soon seen.
static constexpr size_t kMostTextBytes = size_t{256} << 20;

std::string quern::readFile(const std::string &path) {
  FILE *file = path == "-" ? stdin : fopen(path.c_str(), "re");
  if (!file)
    throw Error(fmt::format("{}: cannot open: {}", path, strerror(errno)));
  std::string text;
  char buffer[1 << 14];
  for (size_t n; text.size() <= kMostTextBytes &&
                 (n = fread(buffer, 1, sizeof(buffer), file)) > 0;)
    text.append(buffer, n);
  int error = ferror(file) ? errno : 0;
  if (file != stdin)
    fclose(file);
  if (error)
    throw Error(fmt::format("{}: cannot read: {}", path, strerror(error)));
  if (text.size() > kMostTextBytes)
    throw Error(fmt::format("{}: has more than {}, the most that is read",
                            path == "-" ? "standard input" : path,
                            cli::formatBytes(kMostTextBytes)));
  return text;
}

std::string quern::textArgument(const std::string &argument) {
  return argument == "-" ? readFile(argument) : argument;
}

double quern::now() {
  timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return double(time.tv_sec) + 1e-9 * double(time.tv_nsec);
}
