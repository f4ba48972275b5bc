//===- Memory.cpp - What a kernel of the rows is run on -------------------===//
#include "Memory.h"
#include "llvm/ADT/APFloat.h"
#include <algorithm>
#include <cmath>
#include <cstring>
#include <numeric>

using namespace quern;
using namespace quern::test;

static constexpr size_t kGuard = 256;
static constexpr unsigned char kGuardByte = 0x5a;

Bytes::Bytes(size_t size, unsigned char fill)
    : memory(size + kGuard + 64, kGuardByte), count(size) {
  begin = memory.data() + (-reinterpret_cast<uintptr_t>(memory.data()) & 63);
  std::memset(begin, fill, size);
}

bool Bytes::guardIntact() const {
  return std::all_of(begin + count, begin + count + kGuard - 64,
                     [](unsigned char c) { return c == kGuardByte; });
}

bool Bytes::operator==(const Bytes &other) const {
  return count == other.count && !std::memcmp(begin, other.begin, count);
}

Bytes quern::test::packRows(const HostRows &x, float padding) {
  int64_t stride = rowStride(x.columns);
  Bytes bytes(x.rows * stride * sizeof(float));
  std::fill_n(bytes.as<float>(), x.rows * stride, padding);
  for (int64_t r = 0; r < x.rows; ++r)
    std::copy_n(x.row(r), x.columns, bytes.as<float>() + r * stride);
  return bytes;
}

HostRows quern::test::unpackRows(const Bytes &bytes, int64_t rows, int64_t columns) {
  HostRows x(rows, columns);
  for (int64_t r = 0; r < rows; ++r)
    std::copy_n(bytes.as<float>() + r * rowStride(columns), columns, x.row(r));
  return x;
}

static llvm::APFloat half(float v) {
  llvm::APFloat f(std::clamp(v, -65504.0f, 65504.0f));
  bool inexact;
  f.convert(llvm::APFloat::IEEEhalf(), llvm::APFloat::rmNearestTiesToEven, &inexact);
  return f;
}

void quern::test::storeAs(float v, unsigned bytes, void *at) {
  if (bytes == 4) {
    std::memcpy(at, &v, 4);
    return;
  }
  uint16_t bits = half(v).bitcastToAPInt().getZExtValue();
  std::memcpy(at, &bits, 2);
}

float quern::test::loadAs(unsigned bytes, const void *at) {
  float v;
  uint16_t bits;
  if (bytes == 4) {
    std::memcpy(&v, at, 4);
    return v;
  }
  std::memcpy(&bits, at, 2);
  llvm::APFloat f(llvm::APFloat::IEEEhalf(), llvm::APInt(16, bits));
  bool inexact;
  f.convert(llvm::APFloat::IEEEsingle(), llvm::APFloat::rmNearestTiesToEven, &inexact);
  return f.convertToFloat();
}

float quern::test::asStored(float v, unsigned bytes) {
  unsigned char element[4];
  storeAs(v, bytes, element);
  return loadAs(bytes, element);
}

HostRows Random::rows(int64_t rows, int64_t columns, float scale) {
  HostRows x(rows, columns);
  for (float &v : x.data)
    v = number(scale);
  return x;
}

Pages::Pages(int64_t heads, int64_t size, int64_t page, int64_t slots, int64_t context,
             unsigned bytes, Random &random)
    : heads(heads), size(size), page(page), entries((context + page - 1) / page),
      slots(slots), bytes(bytes), table(slots * entries),
      memory(slots * entries * pageElements() * bytes, 0xff) {
  std::iota(table.begin(), table.end(), 0);
  for (int64_t i = table.size(); i-- > 1;)
    std::swap(table[i], table[random.below(i + 1)]);
}

int64_t Pages::at(bool value, int64_t slot, int64_t position, int64_t head, int64_t d) const {
  int64_t token = position % page;
  int64_t base = table[slot * entries + position / page] * pageElements() +
                 head * 2 * size * page;
  return value ? base + size * page + token * size + d
               : base + (token / 16 * size + d) * 16 + token % 16;
}

void Pages::set(int64_t slot, int64_t position, const std::vector<float> &keys,
                const std::vector<float> &values) {
  for (bool value : {false, true})
    for (int64_t c = 0; c < heads * size; ++c)
      storeAs((value ? values : keys)[c], bytes,
              memory.as<char>() + at(value, slot, position, c / size, c % size) * bytes);
}

std::vector<float> Pages::get(bool value, int64_t slot, int64_t position) const {
  std::vector<float> row(heads * size);
  for (int64_t c = 0; c < heads * size; ++c)
    row[c] = loadAs(bytes, memory.as<char>() + at(value, slot, position, c / size, c % size) * bytes);
  return row;
}

Step::Step(const std::vector<int64_t> &starts, const std::vector<int64_t> &lengths,
           int64_t tileRows) {
  for (size_t s = 0; s < starts.size(); ++s) {
    for (int64_t i = 0; i < lengths[s]; i += tileRows) {
      tiles.push_back(positions.size() + i);
      tiles.push_back(std::min(tileRows, lengths[s] - i));
    }
    for (int64_t i = 0; i < lengths[s]; ++i) {
      positions.push_back(starts[s] + i);
      slots.push_back(s);
    }
  }
}

std::vector<float> quern::test::ropeTable(int64_t dims, double base, int64_t context) {
  int64_t pairs = dims / 2, rows = 64 + context / 64 + 1;
  std::vector<float> table(rows * dims);
  for (int64_t r = 0; r < rows; ++r)
    for (int64_t i = 0; i < pairs; ++i) {
      double angle = (r < 64 ? r : (r - 64) * 64) * std::pow(base, -double(i) / pairs);
      table[r * dims + i] = std::cos(angle);
      table[r * dims + pairs + i] = std::sin(angle);
    }
  return table;
}

double quern::test::difference(const HostRows &a, const HostRows &b) {
  double most = 0, scale = 1e-30;
  for (size_t i = 0; i < a.data.size(); ++i) {
    double d = std::abs(double(a.data[i]) - b.data[i]);
    most = d <= most ? most : d; // a NaN stays
    scale = std::max(scale, std::abs(double(b.data[i])));
  }
  return a.data.size() == b.data.size() ? most / scale : INFINITY;
}

bool quern::test::sameBits(const HostRows &a, const HostRows &b) {
  return a.data.size() == b.data.size() &&
         !std::memcmp(a.data.data(), b.data.data(), a.data.size() * sizeof(float));
}
