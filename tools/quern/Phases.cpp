//===- Phases.cpp - What a compilation is at ------------------------------===//
#include "Phases.h"
#include "llvm/Support/FormatVariadic.h"
#include "llvm/Support/Process.h"
#include "llvm/Support/raw_ostream.h"
#include <algorithm>
#include <sys/ioctl.h>
#include <unistd.h>

using namespace quern;

/// A terminal that understands "back to the start of the line".
static bool canRedraw() {
  auto term = llvm::sys::Process::GetEnv("TERM");
  return isatty(STDERR_FILENO) && term && *term != "dumb" && !term->empty();
}

static unsigned columns() {
  winsize size{};
  return ioctl(STDERR_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col
             ? size.ws_col
             : 80;
}

Phases::Phases(bool verbose) : verbose(verbose), bar(!verbose && canRedraw()) {}

void Phases::begin(llvm::StringRef newName, llvm::StringRef newDoing,
                   uint64_t newTotal) {
  end();
  std::lock_guard lock(mutex);
  name = newName, doing = newDoing, total = newTotal, done = 0;
  began = Clock::now();
  draw();
}

void Phases::advance(uint64_t parts) {
  if (!bar)
    return;
  std::lock_guard lock(mutex);
  done += parts;
  if (Clock::now() - drawn > std::chrono::milliseconds(40))
    draw();
}

void Phases::end() {
  std::lock_guard lock(mutex);
  if (name.empty())
    return;
  if (verbose)
    llvm::errs() << llvm::formatv(
        "{0,-10} {1,8:F0} ms\n", name,
        std::chrono::duration<double, std::milli>(Clock::now() - began)
            .count());
  if (bar)
    llvm::errs() << "\r\033[K";
  name.clear();
}

void Phases::draw() {
  if (!bar)
    return;
  drawn = Clock::now();
  constexpr unsigned kLabel = 20, kWidth = 30;
  std::string line = llvm::formatv("{0,-20}", doing).str();
  if (total && columns() > kLabel + kWidth + 10) {
    unsigned full = unsigned(std::min(done, total) * kWidth / total);
    line += " [" + std::string(full, '#') + std::string(kWidth - full, ' ') +
            "] " + std::to_string(std::min(done, total) * 100 / total) + " %";
  }
  llvm::errs() << "\r\033[K" << llvm::StringRef(line).take_front(columns() - 1);
  llvm::errs().flush();
}
