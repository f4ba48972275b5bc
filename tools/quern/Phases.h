//===- Phases.h - What a compilation is at ----------------------*- C++ -*-===//
#pragma once
#include "cli/Terminal.h"
#include "llvm/ADT/StringRef.h"
#include <chrono>
#include <cstdint>
#include <mutex>
#include <string>

namespace quern {

/// Tells the user what is being done, on stderr: the time of each phase when it
/// is over; or, on a terminal that can, a bar that is gone when all is over, while
/// nothing else may be printed; or nothing.
class Phases {
public:
  enum class Show { Times, Bar, Nothing };
  explicit Phases(Show show) : show(show) {}
  ~Phases() { end(); }

  /// Ends the phase before. `name` is for the list of times, `doing` for the
  /// bar, which stands at nothing of `total` parts; with 0 there is none.
  void begin(llvm::StringRef name, llvm::StringRef doing, uint64_t total = 0);
  /// So many parts more are done. May be called by any thread.
  void advance(uint64_t parts = 1);
  void end();

private:
  using Clock = std::chrono::steady_clock;
  void draw();

  Show show;
  cli::Progress bar;
  std::mutex mutex;
  std::string name, doing;
  uint64_t total = 0, done = 0;
  Clock::time_point began, drawn;
};

} // namespace quern
