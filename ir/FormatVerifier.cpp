//===- FormatVerifier.cpp - Whether a description can be right -*- C++ -*-===//
//
// The strongest check is the simplest: a format has no bit to spare, so every
// bit of a block must be claimed, and claimed once.
//
//===----------------------------------------------------------------------===//
#include "ir/Format.h"

using namespace quern;

static std::vector<const BitArray *> arraysOf(const Format &f) {
  std::vector<const BitArray *> all{&f.codes, &f.signs, &f.zero, &f.scale.super,
                                    &f.scale.sub};
  if (f.offset)
    all.insert(all.end(), {&f.offset->super, &f.offset->sub});
  return all;
}
static std::string verifyFactor(const Format &f, const Factor &x) {
  unsigned groups = f.groups();
  if (x.super.count == 0 || groups % x.super.count)
    return "requires super-scales that divide the groups evenly";
  if (x.sub && x.sub.count != groups)
    return "requires one sub-scale a group, or none";
  if (x.super.width != 8 * codecBytes(x.codec))
    return "requires super-scales of the codec's width";
  return "";
}

static std::string verifyCodes(const Format &f) {
  if (f.trits.empty() && f.codes.count * f.dim != f.weights)
    return "requires one code a weight";
  if (!f.trits.empty() && (f.codes || f.trits.size() != f.weights))
    return "requires one trit a weight and no codes";
  if (f.element && f.codes.width != 8 * codecBytes(*f.element))
    return "requires codes of the codec's width";
  if (!f.element && f.codes.width > 8)
    return "requires codes of at most 8 bits";
  if (!f.table.empty() && f.table.size() != f.dim << f.codes.width)
    return "requires 2^bits table entries";
  if (f.dim != 1 && f.table.empty())
    return "requires a table of vectors";
  if (f.signs && (f.signs.width != 1 || f.signs.count != f.weights))
    return "requires one sign a weight";
  if (f.zero && f.weights % f.zero.count)
    return "requires zero points that divide the weights evenly";
  return "";
}

static std::string verifyCounts(const Format &f) {
  if (f.weights == 0 || f.bytes == 0 || f.dim == 0 || f.rowMultiple == 0)
    return "requires weights, bytes and a dimension";
  for (const BitArray *a : arraysOf(f))
    if (a->at.size() != size_t(a->count) * a->width || a->width > 32)
      return "requires an address for each bit of an array";
  if (std::string s = verifyCodes(f); !s.empty())
    return s;
  uint64_t gathered = f.parts.empty() ? 8ull * f.bytes : 0;
  for (const Part &p : f.parts)
    gathered += uint64_t(p.bits) * (p.grouped ? f.weights : 1);
  if (gathered != 8ull * f.bytes)
    return "requires parts of as many bits as the block has";
  if (f.groups() == 0)
    return f.element && !f.offset ? "" : "requires a scale";
  if (f.weights % f.groups())
    return "requires groups of equal size";
  if (std::string s = verifyFactor(f, f.scale); !s.empty())
    return s;
  return f.offset ? verifyFactor(f, *f.offset) : "";
}

std::string quern::verify(const Format &f) {
  if (std::string s = verifyCounts(f); !s.empty())
    return s;
  std::vector<unsigned> used(8 * f.bytes); // 1 + 2^digit for trits
  auto twice = [](size_t b) {
    return "bit " + std::to_string(b) + " is used twice";
  };
  auto outside = [](size_t b) {
    return "bit " + std::to_string(b) + " lies outside of the block";
  };
  for (auto [byte, digit] : f.trits) {
    if (byte >= f.bytes || digit > 4)
      return outside(8 * byte);
    if (used[8 * byte] >> (digit + 1) & 1)
      return twice(8 * byte);
    for (unsigned b = 0; b < 8; ++b)
      used[8 * byte + b] |= 1 | 2u << digit;
  }
  for (const BitArray *a : arraysOf(f))
    for (size_t i = 0; i < a->at.size(); ++i) {
      size_t bit = a->at[i];
      if (a == &f.signs && bit == kParity && i % 8 == 7)
        continue;
      if (bit >= used.size())
        return outside(bit);
      if (used[bit]++)
        return twice(bit);
    }
  for (size_t b = 0; b < used.size(); ++b)
    if (!used[b])
      return "bit " + std::to_string(b) + " is not used";
  return "";
}
