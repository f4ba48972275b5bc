//===- Pieces.h - Who does what of a stage ----------------------*- C++ -*-===//
//
// Work in pieces, dealt out and then taken from each other ("work stealing", Blumofe and
// Leiserson, JACM 46(5), 1999).
//
//===----------------------------------------------------------------------===//
#pragma once
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>

namespace quern {

/// Who has begun which piece of a stage's work. Each worker has kPieces of its own, which
/// lie beside each other, and then takes what others have not begun: where CPUs are not
/// equally fast, or have other work, all end together. Who makes a piece does not show in
/// its results.
class Pieces {
public:
  static constexpr uint32_t kPieces = 4;

  Pieces(unsigned workers, size_t stages)
      : workers(workers), row((stages / kLine + 2) * kLine),
        begun(std::make_unique<Counter[]>(workers * row)) {}
  /// Nobody is at work on stages [first, last).
  void reset(size_t first, size_t last) {
    for (unsigned w = 0; w < workers; ++w)
      for (size_t i = first; i < last; ++i)
        begun[w * row + i].store(0, std::memory_order_relaxed);
  }
  unsigned count() const { return workers * kPieces; }
  /// Calls `work(piece)` with pieces until all have been begun.
  template <typename Work> void take(size_t stage, unsigned worker, Work work) {
    for (unsigned n = 0, owner = worker; n < workers; ++n) {
      Counter &next = begun[owner * row + stage];
      while (next.load(std::memory_order_relaxed) < kPieces) {
        uint32_t piece = next.fetch_add(1, std::memory_order_relaxed);
        if (piece < kPieces)
          work(owner * kPieces + piece);
      }
      if (++owner == workers)
        owner = 0;
    }
  }

private:
  using Counter = std::atomic<uint32_t>;
  static constexpr size_t kLine = 64 / sizeof(Counter);

  unsigned workers;
  size_t row; // of one worker's counters: in cache lines that no other's are in
  std::unique_ptr<Counter[]> begun;
};

} // namespace quern
