//===- Panel.cpp - Shapes, layouts, and their scalar reference -*- C++ -*-===//
//
// unpackRow() is written from the text of Panel.h alone and shares nothing with
// the packer but the layout, so that each can find the other's mistakes.
//
//===----------------------------------------------------------------------===//
#include "ir/Panel.h"
#include <algorithm>
#include <cassert>
#include <cstring>

using namespace quern;

//===----------------------------------------------------------------------===//
// Shapes
//===----------------------------------------------------------------------===//

template <typename F> static void forEachPlane(unsigned bits, F body) {
  unsigned shift = 0;
  for (unsigned w : {8, 4, 2, 1})
    if (bits & w)
      body(Plane{w, shift}), shift += w;
}

std::vector<Plane> quern::planesOf(unsigned bits) {
  std::vector<Plane> planes;
  forEachPlane(bits, [&](Plane p) { planes.push_back(p); });
  return planes;
}

int quern::excessOf(const GroupShape &shape) {
  if (shape.table.empty())
    return shape.bias;
  return -*std::min_element(shape.table.begin(), shape.table.end());
}

int quern::greatestCode(const GroupShape &shape) {
  if (shape.table.empty())
    return (1 << shape.codeBits) - 1;
  return *std::max_element(shape.table.begin(), shape.table.end()) +
         excessOf(shape);
}

/// Bytes per row of `count` integers of `bits` bits in planes.
static unsigned planesBytes(unsigned count, unsigned bits) {
  unsigned bytes = 0;
  for (Plane p : planesOf(bits))
    bytes += (count * p.width + 7) / 8;
  return bytes;
}

Layout quern::layoutOf(const GroupShape &s) {
  Layout l;
  unsigned groups = s.span / s.group, at = 0;
  auto put = [&](unsigned bytesPerRow) {
    unsigned here = at;
    at += bytesPerRow * kLanes;
    return here;
  };
  bool floats = s.kind == GroupShape::Kind::Floats;
  l.codesPerStep = kLanes * (floats ? kStep * codecBytes(s.element)
                                    : kStep * s.codeBits / 8);
  l.codes = put(s.span / kStep * l.codesPerStep / kLanes);
  l.subScale = put(planesBytes(groups, s.scale.subBits));
  l.subOffset = put(s.offset ? planesBytes(groups, s.offset->subBits) : 0);
  auto supers = [&](const FactorShape &f) {
    return s.superPerSpan * codecBytes(f.codec);
  };
  l.superScale = put(floats ? 0 : supers(s.scale));
  l.superOffset = put(s.offset ? supers(*s.offset) : 0);
  l.record = at;
  return l;
}

/// The shape with sub-scales as wide as in the file.
static GroupShape exactShapeOf(const Format &f) {
  GroupShape s;
  if (f.element) {
    s.kind = GroupShape::Kind::Floats;
    s.element = *f.element;
    return s;
  }
  unsigned perSuper = f.weights / f.scale.super.count;
  s.codeBits = f.codes.width;
  s.span = std::max(perSuper, kStep);
  s.superPerSpan = s.span / perSuper;
  s.group = f.weights / f.groups();
  s.bias = f.bias + (f.codesSigned ? 1 << (f.codes.width - 1) : 0);
  s.table = f.table;
  auto shape = [](const Factor &x) {
    return FactorShape{x.codec, x.sub.width, x.subSigned, x.subBias, x.unit};
  };
  s.scale = shape(f.scale);
  if (f.offset)
    s.offset = shape(*f.offset);
  return s;
}

unsigned quern::placeInLanes(unsigned bytes, unsigned byte, unsigned row) {
  unsigned piece = pieceOfLane(bytes);
  return byte / piece * piece * kLanes + row * piece + byte % piece;
}

GroupShape quern::shapeOf(const Format &f, PanelOrder order) {
  GroupShape exact = exactShapeOf(f);
  exact.order = order;
  GroupShape wide = exact;
  auto widen = [](FactorShape &x) {
    if (x.subBits)
      x.subBits = 8;
  };
  widen(wide.scale);
  if (wide.offset)
    widen(*wide.offset);
  double file = double(f.bytes) / f.weights;
  double packed = double(layoutOf(wide).record) / (kLanes * wide.span);
  return packed <= 1.03 * file ? wide : exact;
}

static bool factorHasKernel(const Factor &x, const FactorShape &packed,
                            unsigned groupsPerSpan) {
  unsigned narrowest = packed.subBits & -packed.subBits;
  return x.sub.width <= 8 && groupsPerSpan * narrowest % 8 == 0 &&
         (!packed.subSigned || packed.subBits == 8);
}

/// Whether zero bits decode to 0, as padding must.
static bool zeroBitsAreZero(const Format &f) {
  std::vector<uint8_t> block(f.bytes);
  std::vector<float> out(f.weights);
  dequantize(f, block.data(), out.data());
  return std::all_of(out.begin(), out.end(), [](float x) { return x == 0; });
}

bool quern::hasKernel(const Format &f) {
  if (!f.parts.empty() || !f.trits.empty() || f.zero || f.signs || f.dim != 1)
    return false;
  if (f.element)
    return f.weights == 1 && f.groups() == 0 &&
           f.codes.at == word(0, 8 * codecBytes(*f.element)).at;
  GroupShape s = shapeOf(f);
  bool steps = s.span % kStep == 0 &&
               (s.group == kStep / 2 || s.group % kStep == 0) &&
               s.span % s.group == 0 && s.superPerSpan <= 2;
  bool offset =
      !f.offset || (f.offset->super.count == f.scale.super.count &&
                    factorHasKernel(*f.offset, *s.offset, s.span / s.group));
  return steps && offset && zeroBitsAreZero(f) &&
         factorHasKernel(f.scale, s.scale, s.span / s.group);
}

//===----------------------------------------------------------------------===//
// Sizes
//===----------------------------------------------------------------------===//

static uint64_t roundUp(uint64_t n, uint64_t multiple) {
  return n / multiple * multiple + (n % multiple ? multiple : 0);
}
uint64_t quern::paddedRows(uint64_t rows) { return roundUp(rows, kLanes); }
uint64_t quern::paddedColumns(const GroupShape &s, uint64_t columns) {
  return roundUp(columns, s.span);
}

uint64_t quern::panelBytes(const GroupShape &s, uint64_t columns) {
  return paddedColumns(s, columns) / s.span * layoutOf(s).record;
}

uint64_t quern::packedBytes(const GroupShape &s, uint64_t rows,
                            uint64_t columns) {
  constexpr uint64_t tooMuch = UINT64_MAX;
  uint64_t spans = columns / s.span + (columns % s.span != 0), bytes;
  uint64_t panels = rows / kLanes + (rows % kLanes != 0);
  if (__builtin_mul_overflow(spans, uint64_t(layoutOf(s).record), &bytes) ||
      __builtin_mul_overflow(bytes, panels, &bytes))
    return tooMuch;
  return bytes;
}

//===----------------------------------------------------------------------===//
// The reference of the layout
//===----------------------------------------------------------------------===//

/// Integer `i` of `count` per row, from bytes that are kLanes apart.
static unsigned unpackPlanes(const uint8_t *at, unsigned bits, unsigned count,
                             unsigned i, unsigned row) {
  unsigned value = 0;
  forEachPlane(bits, [&](Plane p) {
    unsigned byte = at[i * p.width / 8 * kLanes + row];
    value |= (byte >> i * p.width % 8 & ((1u << p.width) - 1)) << p.shift;
    at += (count * p.width + 7) / 8 * kLanes;
  });
  return value;
}

/// Code of column `c` of a step.
static unsigned unpackCode(const GroupShape &s, const uint8_t *step, unsigned c,
                           unsigned row) {
  unsigned value = 0, slot = c / 4;
  forEachPlane(s.codeBits, [&](Plane p) {
    unsigned perVector = 8 / p.width;
    unsigned byteOfRow = slot / perVector * 4 + c % 4;
    unsigned at = s.order == PanelOrder::Lanes
                      ? placeInLanes(4 * p.width, byteOfRow, row)
                      : slot / perVector * 4 * kLanes + 4 * row + c % 4;
    unsigned byte = step[at] >> slot % perVector * p.width;
    value |= (byte & ((1u << p.width) - 1)) << p.shift;
    step += p.width * 4 * kLanes;
  });
  return value;
}

static uint32_t loadBits(const uint8_t *at, unsigned bytes) {
  uint32_t bits = 0;
  std::memcpy(&bits, at, bytes);
  return bits;
}

/// Factor of the group of column `c` of a span.
static float unpackFactor(const GroupShape &s, const FactorShape &f,
                          const uint8_t *sub, const uint8_t *super, unsigned c,
                          unsigned row) {
  unsigned bytes = codecBytes(f.codec);
  unsigned which = c / (s.span / s.superPerSpan);
  const uint8_t *at = super + (which * kLanes + row) * bytes;
  float scale = decodeScalar(f.codec, loadBits(at, bytes));
  if (!f.subBits)
    return scale * f.unit;
  unsigned u = unpackPlanes(sub, f.subBits, s.span / s.group, c / s.group, row);
  float value = f.subSigned ? float(int8_t(u)) : float(u);
  return scale * ((value - f.subBias) * f.unit);
}

static float unpackWeight(const GroupShape &s, const Layout &l,
                          const uint8_t *record, unsigned c, unsigned row) {
  if (s.kind == GroupShape::Kind::Floats) {
    unsigned bytes = codecBytes(s.element);
    unsigned at = s.order == PanelOrder::Lanes
                      ? placeInLanes(kStep * bytes, c * bytes, row)
                      : (c * kLanes + row) * bytes;
    return decodeScalar(s.element, loadBits(record + at, bytes));
  }
  const uint8_t *step = record + l.codes + c / kStep * l.codesPerStep;
  unsigned u = unpackCode(s, step, c % kStep, row);
  int value = s.table.empty() ? int(u) - s.bias : s.table[u];
  float weight = unpackFactor(s, s.scale, record + l.subScale,
                              record + l.superScale, c, row) *
                 float(value);
  if (s.offset)
    weight += unpackFactor(s, *s.offset, record + l.subOffset,
                           record + l.superOffset, c, row);
  return weight;
}

void quern::unpackRow(const GroupShape &s, const uint8_t *panels, uint64_t rows,
                      uint64_t columns, uint64_t row, float *out) {
  assert(row < rows && "no such row");
  (void)rows;
  const Layout l = layoutOf(s);
  const uint8_t *panel = panels + row / kLanes * panelBytes(s, columns);
  for (uint64_t c = 0; c < columns; ++c)
    out[c] = unpackWeight(s, l, panel + c / s.span * l.record,
                          unsigned(c % s.span), unsigned(row % kLanes));
}
