//===- Phases.cpp - What a compilation is at ------------------------------===//
#include "Phases.h"
#include "llvm/Support/FormatVariadic.h"
#include "llvm/Support/raw_ostream.h"
#include <algorithm>

using namespace quern;

void Phases::begin(llvm::StringRef newName, llvm::StringRef newDoing,
                   uint64_t newTotal) {
  end();
  std::lock_guard lock(mutex);
  name = newName, doing = newDoing, total = newTotal, done = 0;
  began = Clock::now();
  draw();
}

void Phases::advance(uint64_t parts) {
  std::lock_guard lock(mutex);
  done += parts;
  if (Clock::now() - drawn > std::chrono::milliseconds(40))
    draw();
}

void Phases::end() {
  std::lock_guard lock(mutex);
  if (name.empty())
    return;
  if (show == Show::Times)
    llvm::errs() << llvm::formatv(
        "{0,-10} {1,8:F0} ms\n", name,
        std::chrono::duration<double, std::milli>(Clock::now() - began)
            .count());
  bar.hide();
  name.clear();
}

void Phases::draw() {
  if (show != Show::Bar)
    return;
  drawn = Clock::now();
  constexpr unsigned kLabel = 20, kWidth = 30;
  std::string line = llvm::formatv("{0,-20}", doing).str();
  if (total && bar.columns() > kLabel + kWidth + 10) {
    unsigned full = unsigned(std::min(done, total) * kWidth / total);
    line += " [" + std::string(full, '#') + std::string(kWidth - full, ' ') +
            "] " + std::to_string(std::min(done, total) * 100 / total) + " %";
  }
  bar.show(line);
}
