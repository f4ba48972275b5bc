//===- PanelPacker.cpp - Any described format into panels ------*- C++ -*-===//
//
// A packing is a fixed permutation of bits, so it is planned once per format:
// for each element of the record (a dword of codes, a byte of sub-scales, ...)
// the addresses of its bits are composed from description and layout, and runs
// of bits that move together become a few shifts and masks. Packing then goes
// element by element over the 16 rows, with the shifts the same for all.
//
//===----------------------------------------------------------------------===//
#include "ir/Panel.h"
#include <array>
#include <cassert>
#include <cstring>
#include <numeric>

using namespace quern;

//===----------------------------------------------------------------------===//
// The plan
//===----------------------------------------------------------------------===//

/// Composes addresses. An element is given as the bit of the unit that each of
/// its bits comes from, or kNone.
class PanelPacker::Builder {
public:
  static constexpr int64_t kNone = -1;
  using Sources = std::array<int64_t, 32>;

  Builder(PanelPacker &packer, const Format &f) : packer(packer), format(f) {}

  void build() {
    const GroupShape &s = packer.shape;
    for (unsigned column = 0; column < packer.unit; column += kStep)
      codes(column);
    factor(format.scale, s.scale, packer.layout.subScale,
           packer.layout.superScale);
    if (format.offset)
      factor(*format.offset, *s.offset, packer.layout.subOffset,
             packer.layout.superOffset);
  }

private:
  /// Offset of the record that has `column` of the unit.
  unsigned record(unsigned column) const {
    return column / packer.shape.span * packer.layout.record;
  }
  /// Bit `b` of element `i` of the unit's blocks, `array.count` in each.
  int64_t source(const BitArray &array, unsigned i, unsigned b) const {
    unsigned block = i / array.count, at = i % array.count * array.width + b;
    return int64_t(block) * format.bytes * 8 + array.at[at];
  }

  void codes(unsigned column) {
    const unsigned top = format.codes.width - 1;
    uint32_t to = record(column) + column % packer.shape.span / kStep *
                                       packer.layout.codesPerStep;
    for (Plane p : planesOf(packer.shape.codeBits)) {
      for (unsigned v = 0; v < p.width; ++v) {
        Sources from;
        uint32_t initial = 0;
        for (unsigned d = 0; d < 32; ++d) {
          unsigned slot = v * 8 / p.width + d % 8 / p.width;
          unsigned bit = p.shift + d % p.width;
          from[d] = source(format.codes, column + 4 * slot + d / 8, bit);
          if (format.codesSigned && bit == top)
            initial |= 1u << d;
        }
        bool lanes = packer.shape.order == PanelOrder::Lanes;
        target(
            to + (lanes ? placeInLanes(4 * p.width, 4 * v, 0) : 4 * kLanes * v),
            4, initial, from, lanes ? pieceOfLane(4 * p.width) : 4);
      }
      to += 4 * kLanes * p.width;
    }
  }

  void factor(const Factor &x, const FactorShape &packed, unsigned sub,
              unsigned super) {
    const unsigned span = packer.shape.span;
    for (unsigned column = 0; column < packer.unit; column += span) {
      if (packed.subBits)
        subs(x, packed, record(column) + sub, column / packer.shape.group);
      unsigned perSpan = packer.shape.superPerSpan;
      unsigned bytes = codecBytes(x.codec);
      for (unsigned i = 0; i < perSpan; ++i) {
        Sources from;
        from.fill(kNone);
        for (unsigned b = 0; b < 8 * bytes; ++b)
          from[b] = source(x.super, column / span * perSpan + i, b);
        target(record(column) + super + i * bytes * kLanes, bytes, 0, from);
      }
    }
  }

  /// The sub-scales of a span, from group `first` of the unit on.
  void subs(const Factor &x, const FactorShape &packed, uint32_t to,
            unsigned first) {
    unsigned groups = packer.shape.span / packer.shape.group;
    for (Plane p : planesOf(packed.subBits))
      for (unsigned bit = 0; bit < groups * p.width; bit += 8, to += kLanes) {
        Sources from;
        from.fill(kNone);
        for (unsigned d = 0; d < 8; ++d) {
          unsigned group = first + (bit + d) / p.width;
          unsigned b = p.shift + d % p.width;
          if (b < x.sub.width || x.subSigned) // a sign is extended
            from[d] = source(x.sub, group, std::min(b, x.sub.width - 1));
        }
        target(to, 1, 0, from);
      }
  }

  void target(uint32_t offset, unsigned size, uint32_t initial, Sources from,
              unsigned stride = 0) {
    uint32_t firstTerm = uint32_t(packer.terms.size());
    for (unsigned d = 0; d < 32; ++d)
      if (from[d] != kNone)
        term(from, d);
    packer.targets.push_back({offset, size, stride ? stride : size, initial,
                              firstTerm, uint32_t(packer.terms.size())});
  }

  /// Adds the term that brings bit `d` and as many others as it can.
  void term(Sources &from, unsigned d) {
    const int64_t first = from[d], distance = first - d;
    uint32_t moved = 0; // what moves by the same distance, to higher bits
    for (unsigned i = d; i < 32; ++i)
      if (from[i] != kNone && from[i] - int64_t(i) == distance)
        moved |= 1u << i;
    Term t{Term::Move, uint8_t(first % 8),  uint8_t(d), 8,
           8,          uint32_t(first / 8), moved >> d};
    uint32_t spread = spreadable(from, d, t);
    if (__builtin_popcount(spread) > __builtin_popcount(moved))
      moved = spread;
    for (unsigned i = 0; i < 32; ++i)
      if (moved >> i & 1)
        from[i] = kNone;
    packer.terms.push_back(t);
  }

  /// The bits that a spreading term from bit `d` on brings, which becomes `t`
  /// if they are more than it has: equal runs of bits, one a byte, whose
  /// sources are less than a byte apart.
  static uint32_t spreadable(const Sources &from, unsigned d, Term &t) {
    if (d >= 8 || from[d + 8] == kNone)
      return 0;
    const int64_t stride = from[d + 8] - from[d];
    if (stride < 1 || stride > 7)
      return 0;
    uint32_t brought = 0;
    unsigned width = 0;
    for (; d + width < 8 && width < stride; ++width) {
      uint32_t bits = 0;
      for (unsigned c = 0; c < 4; ++c) {
        int64_t at = from[8 * c + d + width];
        if (at != kNone && at == from[d] + stride * c + width)
          bits |= 1u << (8 * c + d + width);
      }
      if (__builtin_popcount(bits) < 4)
        break;
      brought |= bits;
    }
    if (__builtin_popcount(brought) <= __builtin_popcount(t.mask))
      return 0;
    bool single = stride == 1 && width == 1;
    t.kind = single ? Term::SpreadBits : Term::Spread;
    t.stride = uint8_t(stride);
    t.width = uint8_t(width);
    t.mask = 0x01010101u * ((1u << width) - 1);
    return brought;
  }

  PanelPacker &packer;
  const Format &format;
};

PanelPacker::PanelPacker(const Format &f, const GroupShape &s)
    : shape(s), layout(layoutOf(s)), blockWeights(f.weights),
      blockBytes(f.bytes), unit(std::lcm(f.weights, s.span)) {
  assert(hasKernel(f) && "format has no packed layout");
  if (s.kind == GroupShape::Kind::Codes)
    Builder(*this, f).build();
}

//===----------------------------------------------------------------------===//
// Packing
//===----------------------------------------------------------------------===//

/// Bytes beyond a unit that terms may read (and mask away).
static constexpr size_t kSlack = 8;

/// `rows` are kLanes rows of one unit, `stride` bytes apart.
void PanelPacker::packUnit(const uint8_t *rows, size_t stride,
                           uint8_t *dst) const {
  for (const Target &target : targets) {
    uint32_t value[kLanes];
    std::fill_n(value, kLanes, target.initial);
    for (uint32_t i = target.firstTerm; i < target.lastTerm; ++i) {
      const Term t = terms[i];
      const uint8_t *from = rows + t.byte;
      auto forRows = [&](auto spread) {
        for (unsigned row = 0; row < kLanes; ++row) {
          uint64_t x;
          std::memcpy(&x, from + row * stride, 8);
          value[row] ^= (spread(x >> t.right) & t.mask) << t.left;
        }
      };
      if (t.kind == Term::Move)
        forRows([](uint64_t x) { return uint32_t(x); });
      else if (t.kind == Term::SpreadBits) // bit c to bit 8c, without carries
        forRows([](uint64_t x) { return uint32_t(x & 15) * 0x00204081u; });
      else
        forRows([&](uint64_t x) {
          uint64_t low = (1u << t.width) - 1, y = x & low;
          for (unsigned c = 1; c < 4; ++c)
            y |= (x >> c * t.stride & low) << 8 * c;
          return uint32_t(y);
        });
    }
    uint8_t *to = dst + target.offset;
    if (target.size == 4 && target.stride == 4)
      std::memcpy(to, value, sizeof value);
    else
      for (unsigned row = 0; row < kLanes; ++row) // little-endian, as the files
        std::memcpy(to + row * target.stride, &value[row], target.size);
  }
}

/// `src` is the first row of a panel, of which `rows` exist.
void PanelPacker::packCodes(const uint8_t *src, uint64_t rowBytes,
                            unsigned rows, uint64_t columns,
                            uint8_t *dst) const {
  const size_t unitBytes = unit / blockWeights * blockBytes;
  const size_t unitRecords = size_t(unit / shape.span) * layout.record;
  const uint64_t spans = paddedColumns(shape, columns) / shape.span;
  // Some units of all rows are brought together: so rows a power of two apart
  // do not fight for the same lines of the cache, and padding and the slack
  // behind the last block cost nothing here.
  const size_t together = std::max<size_t>(1, 512 / unitBytes);
  const size_t stride = together * unitBytes + kSlack;
  std::vector<uint8_t> near(kLanes * stride), last;
  for (uint64_t at = 0; at < rowBytes; at += together * unitBytes) {
    size_t here = std::min<uint64_t>(together * unitBytes, rowBytes - at);
    for (unsigned row = 0; row < rows; ++row) {
      std::memcpy(&near[row * stride], src + row * rowBytes + at, here);
      std::memset(&near[row * stride + here], 0, stride - here);
    }
    for (size_t u = 0; u * unitBytes < here; ++u) {
      uint64_t record = (at / unitBytes + u) * (unit / shape.span);
      uint8_t *to = dst + record * layout.record;
      uint64_t room = (spans - record) * layout.record;
      if (room >= unitRecords) {
        packUnit(&near[u * unitBytes], stride, to);
      } else { // the last unit has spans that the matrix has not
        last.resize(unitRecords);
        packUnit(&near[u * unitBytes], stride, last.data());
        std::memcpy(to, last.data(), room);
      }
    }
  }
}

template <typename T>
static void dealFloats(const uint8_t *src, uint64_t rowBytes, unsigned rows,
                       uint64_t columns, uint8_t *dst) {
  for (uint64_t column = 0; column < columns; column += kStep) {
    unsigned here = unsigned(std::min<uint64_t>(kStep, columns - column));
    uint8_t *step = dst + column * kLanes * sizeof(T);
    for (unsigned row = 0; row < kLanes; ++row) {
      T from[kStep] = {};
      if (row < rows)
        std::memcpy(from, src + row * rowBytes + column * sizeof(T),
                    here * sizeof(T));
      for (unsigned byte = 0; byte < sizeof from; byte += 16)
        std::memcpy(step + placeInLanes(sizeof from, byte, row),
                    reinterpret_cast<uint8_t *>(from) + byte, 16);
    }
  }
}

template <typename T>
static void transposeFloats(const uint8_t *src, uint64_t rowBytes,
                            unsigned rows, uint64_t columns, uint8_t *dst) {
  for (uint64_t column = 0; column < columns; column += kStep) {
    T step[kStep][kLanes] = {};
    unsigned here = unsigned(std::min<uint64_t>(kStep, columns - column));
    for (unsigned row = 0; row < rows; ++row) {
      T from[kStep];
      std::memcpy(from, src + row * rowBytes + column * sizeof(T),
                  here * sizeof(T));
      for (unsigned c = 0; c < here; ++c)
        step[c][row] = from[c];
    }
    std::memcpy(dst + column * kLanes * sizeof(T), step, sizeof step);
  }
}

void PanelPacker::packFloats(const uint8_t *src, uint64_t rowBytes,
                             unsigned rows, uint64_t columns,
                             uint8_t *dst) const {
  auto lay = [&](auto element) {
    using T = decltype(element);
    if (shape.order == PanelOrder::Lanes)
      dealFloats<T>(src, rowBytes, rows, columns, dst);
    else
      transposeFloats<T>(src, rowBytes, rows, columns, dst);
  };
  switch (codecBytes(shape.element)) {
  case 4:
    return lay(uint32_t());
  case 2:
    return lay(uint16_t());
  default:
    return lay(uint8_t());
  }
}

void PanelPacker::pack(std::span<const uint8_t> src, uint64_t rows,
                       uint64_t columns, uint64_t firstPanel,
                       uint64_t lastPanel, uint8_t *dst) const {
  const uint64_t rowBytes = columns / blockWeights * blockBytes;
  assert(columns % blockWeights == 0 && src.size() == rows * rowBytes &&
         lastPanel * kLanes <= paddedRows(rows) && "not the whole tensor");
  const uint64_t bytes = panelBytes(shape, columns);
  for (uint64_t panel = firstPanel; panel < lastPanel; ++panel, dst += bytes) {
    uint64_t row = panel * kLanes;
    unsigned here = unsigned(std::min<uint64_t>(kLanes, rows - row));
    const uint8_t *from = src.data() + row * rowBytes;
    if (shape.kind == GroupShape::Kind::Floats)
      packFloats(from, rowBytes, here, columns, dst);
    else
      packCodes(from, rowBytes, here, columns, dst);
  }
}

void quern::packPanels(const Format &f, const GroupShape &s,
                       std::span<const uint8_t> src, uint64_t rows,
                       uint64_t columns, uint64_t firstPanel,
                       uint64_t lastPanel, uint8_t *dst) {
  PanelPacker(f, s).pack(src, rows, columns, firstPanel, lastPanel, dst);
}
