//===- LineReader.h - Lines that a person types ----------------*- C++ -*-===//
//
// On a terminal, lines with editing and history (libedit); otherwise plain
// lines of standard input. A line that ends in a backslash goes on in the next.
//
//===----------------------------------------------------------------------===//
#pragma once
#include <memory>
#include <optional>
#include <string>

namespace quern {

class LineReader {
public:
  explicit LineReader(const std::string &program);
  ~LineReader();

  enum class State { Line, Interrupted, End };
  /// Reads into `line`, without the newline. Interrupted: Ctrl-C at the prompt.
  State read(std::string &line);
  bool isTerminal() const { return terminal != nullptr; }

private:
  struct Terminal;
  State readOne(std::string &line, bool more);
  std::unique_ptr<Terminal> terminal;
};

} // namespace quern
