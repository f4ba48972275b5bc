//===- Terminal.cpp - What is written where ---------------------*- C++ -*-===//
#include "cli/Terminal.h"
#include "Error.h"
#include <cerrno>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fcntl.h>
#include <sys/ioctl.h>
#include <unistd.h>
#include <utility>

namespace quern::cli {

void keepStandardStreams() {
  for (int fd : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO})
    if (fcntl(fd, F_GETFD) < 0 && errno == EBADF) {
      // The lowest free descriptor is this one. The wrong way round for output,
      // so that writing to it is the error that it would have been.
      [[maybe_unused]] int opened =
          open("/dev/null", fd == STDIN_FILENO ? O_RDWR : O_RDONLY);
    }
}

void writeOut(std::string_view text) {
  auto fail = [] {
    throw Error(std::string("cannot write to standard output: ") +
                strerror(errno));
  };
  if (fflush(stdout) != 0) // of what CLI11 or a library has printed
    fail();
  while (!text.empty()) {
    ssize_t n = write(STDOUT_FILENO, text.data(), text.size());
    if (n < 0 && errno == EINTR) // Ctrl-C while a pipe is full
      continue;
    if (n < 0)
      fail();
    text.remove_prefix(size_t(n));
  }
}

Progress::Progress() {
  const char *kind = getenv("TERM");
  terminal =
      isatty(STDERR_FILENO) && kind && *kind && strcmp(kind, "dumb") != 0;
}

Progress::~Progress() { hide(); }

void Progress::hide() {
  if (std::exchange(shown, false)) {
    fputs("\r\033[K", stderr);
    fflush(stderr);
  }
}

void Progress::show(const std::string &text) {
  if (!terminal)
    return;
  shown = true;
  // In the last column some terminals begin a new line.
  fprintf(stderr, "\r%.*s\033[K", int(columns() - 1), text.c_str());
  fflush(stderr);
}

size_t Progress::columns() const {
  winsize size = {};
  return ioctl(STDERR_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col
             ? size.ws_col
             : 80;
}

} // namespace quern::cli
