//===- Process.h - Runs a program and reads what it says -------*- C++ -*-===//
#pragma once
#include <string>
#include <vector>

namespace quern::test {

struct Result {
  int status = -1; // exit code, or -signal
  std::string out, err;
};

/// Runs `arguments` (the program first) with `input` as its standard input.
Result runProcess(const std::vector<std::string> &arguments,
                  const std::string &input = "");

} // namespace quern::test
