//===- Terminal.h - What is written where ----------------------*- C++ -*-===//
#pragma once
#include "Error.h"
#include <string>
#include <string_view>

namespace quern::cli {

/// A descriptor that was closed when the program started would be taken by the
/// next file that it opens: standard ones are kept, such that reading finds the
/// end and writing fails.
void keepStandardStreams();

/// Writes to standard output and flushes; an Error if that fails.
void writeOut(std::string_view text);

using quern::oneLine;

/// A line of progress on standard error, if that is a terminal that can take it
/// away again (TERM is there and not "dumb"). Never longer than the terminal is
/// wide.
class Progress {
public:
  Progress();
  Progress(const Progress &) = delete;
  ~Progress();
  void show(const std::string &text);
  void hide();
  /// Of the terminal; 80 where that is not known.
  size_t columns() const;

private:
  bool terminal, shown = false;
};

} // namespace quern::cli
