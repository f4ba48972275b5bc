//===- Process.cpp - Runs a program and reads what it says ------*- C++ -*-===//
#include "Process.h"
#include "ToyModel.h"
#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

using namespace quern::test;

static std::string readText(const std::string &path) {
  std::vector<uint8_t> bytes = readBytes(path);
  return {bytes.begin(), bytes.end()};
}

Result quern::test::runProcess(const std::vector<std::string> &arguments,
                               const std::string &input) {
  std::string base = "/tmp/quern-process-" + std::to_string(getpid());
  std::string files[3] = {base + ".in", base + ".out", base + ".err"};
  writeBytes(files[0], {input.begin(), input.end()});
  pid_t child = fork();
  if (child == 0) {
    for (int i = 0; i < 3; ++i)
      dup2(open(files[i].c_str(), i ? O_WRONLY | O_CREAT | O_TRUNC : O_RDONLY,
                0600),
           i);
    std::vector<char *> argv;
    for (const std::string &argument : arguments)
      argv.push_back(const_cast<char *>(argument.c_str()));
    argv.push_back(nullptr);
    execv(argv[0], argv.data());
    _exit(127);
  }
  Result result;
  int status = 0;
  waitpid(child, &status, 0);
  result.status =
      WIFEXITED(status) ? WEXITSTATUS(status) : -int(WTERMSIG(status));
  result.out = readText(files[1]);
  result.err = readText(files[2]);
  for (const std::string &file : files)
    unlink(file.c_str());
  return result;
}
