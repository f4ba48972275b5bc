//===- Memory.h - What a kernel of the rows is run on ----------*- C++ -*-===//
//
// Rows, weights, page tables and pages, each as the host sees it (for the
// references) and as it lies in memory (for the kernel).
//
//===----------------------------------------------------------------------===//
#pragma once
#include "Jit.h"
#include <random>

namespace quern::test {

/// 64-byte aligned bytes with a guard behind them.
class Bytes {
public:
  explicit Bytes(size_t size, unsigned char fill = 0);
  template <typename T = void> T *as() const { return reinterpret_cast<T *>(begin); }
  size_t size() const { return count; }
  bool guardIntact() const;
  bool operator==(const Bytes &other) const;

private:
  std::vector<unsigned char> memory;
  unsigned char *begin;
  size_t count;
};

/// Rows in memory, and back. The padding is set to `padding`.
Bytes packRows(const HostRows &, float padding = 3.0e4f);
HostRows unpackRows(const Bytes &, int64_t rows, int64_t columns);

/// A value as an element of the given width keeps it: 2 (f16, saturating) or 4
/// bytes.
float asStored(float v, unsigned bytes);
void storeAs(float v, unsigned bytes, void *at);
float loadAs(unsigned bytes, const void *at);

class Random {
public:
  explicit Random(unsigned seed) : engine(seed) {}
  float number(float scale = 1) { return std::normal_distribution<float>(0, scale)(engine); }
  int64_t below(int64_t n) { return engine() % n; }
  HostRows rows(int64_t rows, int64_t columns, float scale = 1);

private:
  std::mt19937 engine;
};

/// Sequences' caches of one layer. Physical pages are dealt in random order.
struct Pages {
  int64_t heads, size, page, entries, slots;
  unsigned bytes; // of an element
  std::vector<int32_t> table;
  Bytes memory;

  /// Memory is filled with NaN: what was not written must not be used.
  Pages(int64_t heads, int64_t size, int64_t page, int64_t slots, int64_t context,
        unsigned bytes, Random &);
  int64_t pageElements() const { return 2 * heads * size * page; }
  /// Element number of column d of a key or value.
  int64_t at(bool value, int64_t slot, int64_t position, int64_t head, int64_t d) const;
  void set(int64_t slot, int64_t position, const std::vector<float> &keys,
           const std::vector<float> &values);
  std::vector<float> get(bool value, int64_t slot, int64_t position) const;
  std::vector<int64_t> constants(int64_t window) const { return {window, entries}; }
};

/// Rows of a step: `lengths` rows of each slot from `starts` on, cut into tiles
/// of at most `tileRows`.
struct Step {
  std::vector<int32_t> positions, slots, tiles;
  Step(const std::vector<int64_t> &starts, const std::vector<int64_t> &lengths,
       int64_t tileRows = 16);
  int64_t rows() const { return positions.size(); }
  int64_t tileCount() const { return tiles.size() / 2; }
};

/// The table of quern.rope: f32[64 + context / 64 + 1][dims].
std::vector<float> ropeTable(int64_t dims, double base, int64_t context);

/// Greatest difference, relative to the greatest magnitude.
double difference(const HostRows &, const HostRows &);
bool sameBits(const HostRows &, const HostRows &);

} // namespace quern::test
