//===- Format.cpp - What follows from a description ------------*- C++ -*-===//
//
// The reference decoder, the sizes of tensors and the list. Written to be read:
// this is what packer and kernels are judged by.
//
//===----------------------------------------------------------------------===//
#include "ir/Format.h"
#include <cstring>

using namespace quern;

//===----------------------------------------------------------------------===//
// Bits and codecs
//===----------------------------------------------------------------------===//

uint32_t quern::readBits(const uint8_t *block, const BitArray &a, unsigned i) {
  uint32_t value = 0;
  for (unsigned b = 0; b < a.width; ++b) {
    unsigned at = a.at[i * a.width + b];
    value |= static_cast<uint32_t>(block[at / 8] >> at % 8 & 1) << b;
  }
  return value;
}

void quern::writeBits(uint8_t *block, const BitArray &a, unsigned i,
                      uint32_t value) {
  for (unsigned b = 0; b < a.width; ++b) {
    unsigned at = a.at[i * a.width + b];
    unsigned kept = block[at / 8] & ~(1u << at % 8);
    block[at / 8] = static_cast<uint8_t>(kept | (value >> b & 1) << at % 8);
  }
}

unsigned quern::codecBytes(Codec codec) {
  switch (codec) {
  case Codec::F32:
    return 4;
  case Codec::F16:
  case Codec::BF16:
    return 2;
  case Codec::E8M0Half:
  case Codec::UE4M3Half:
    return 1;
  }
  return 0;
}

static float asFloat(uint32_t bits) {
  float f;
  std::memcpy(&f, &bits, 4);
  return f;
}

static float decodeHalf(uint32_t bits) {
  uint32_t sign = (bits & 0x8000) << 16, rest = bits & 0x7FFF;
  if (rest >= 0x7C00) // infinity, or a NaN with its payload
    return asFloat(sign | 0x7F800000 | (rest & 0x3FF) << 13);
  if (rest >= 0x0400) // the exponent's bias is 112 less
    return asFloat(sign | ((rest << 13) + (112u << 23)));
  float magnitude = static_cast<float>(rest) * 0x1p-24f;
  return sign ? -magnitude : magnitude;
}

static float decodeUE4M3Half(uint32_t bits) {
  if (bits == 0 || bits == 0x7F) // the latter is NaN; decoders agree on zero
    return 0.0f;
  uint32_t exponent = bits >> 3 & 15, mantissa = bits & 7;
  if (exponent == 0)
    return static_cast<float>(mantissa) * 0x1p-10f;
  // (8 + mantissa) * 2^(exponent - 11)
  return static_cast<float>(8 + mantissa) * asFloat((exponent + 116) << 23);
}

float quern::decodeScalar(Codec codec, uint32_t bits) {
  switch (codec) {
  case Codec::F32:
    return asFloat(bits);
  case Codec::F16:
    return decodeHalf(bits);
  case Codec::BF16:
    return asFloat(bits << 16);
  case Codec::E8M0Half: // 2^(bits - 128), of which the two least are subnormal
    return asFloat(bits < 2 ? 0x00200000u << bits : (bits - 1) << 23);
  case Codec::UE4M3Half:
    return decodeUE4M3Half(bits);
  }
  return 0;
}

//===----------------------------------------------------------------------===//
// The reference decoder
//===----------------------------------------------------------------------===//

static float decodeFactor(const Factor &f, const uint8_t *block, unsigned group,
                          unsigned groups) {
  unsigned which = group * f.super.count / groups;
  float super = decodeScalar(f.codec, readBits(block, f.super, which));
  if (!f.sub)
    return super * f.unit;
  int sub = static_cast<int>(readBits(block, f.sub, group));
  if (f.subSigned && sub >> (f.sub.width - 1) & 1)
    sub -= 1 << f.sub.width;
  return super * ((static_cast<float>(sub) - f.subBias) * f.unit);
}

static unsigned readTrit(const uint8_t *block, TritArray::value_type at) {
  uint8_t fraction = block[at.first];
  for (unsigned d = 0; d < at.second; ++d)
    fraction = static_cast<uint8_t>(fraction * 3);
  return fraction * 3u >> 8;
}

static bool isNegative(const Format &f, const uint8_t *block, unsigned i) {
  if (f.signs.at[i] != kParity)
    return readBits(block, f.signs, i);
  unsigned parity = 0;
  for (unsigned k = i - 7; k < i; ++k)
    parity ^= readBits(block, f.signs, k);
  return parity;
}

/// Code of weight `i`, and the integer that it means.
static std::pair<unsigned, int> decodeWeight(const Format &f,
                                             const uint8_t *block, unsigned i) {
  unsigned half = f.codesSigned ? 1u << (f.codes.width - 1) : 0;
  unsigned u = f.trits.empty() ? readBits(block, f.codes, i / f.dim) ^ half
                               : readTrit(block, f.trits[i]);
  int value = static_cast<int>(u) - static_cast<int>(half) - f.bias;
  if (!f.table.empty())
    value = f.table[u * f.dim + i % f.dim];
  if (f.signs && isNegative(f, block, i))
    value = -value;
  if (f.zero) {
    unsigned which = i * f.zero.count / f.weights;
    int z = static_cast<int>(readBits(block, f.zero, which));
    value -= f.zeroMul * z + f.zeroAdd;
  }
  return {u, value};
}

static void decodeInto(const Format &f, const uint8_t *block, Groups &g) {
  g.codes.clear(), g.values.clear(), g.scale.clear(), g.offset.clear();
  for (unsigned i = 0; i < f.weights; ++i) {
    if (f.element) {
      g.values.push_back(decodeScalar(*f.element, readBits(block, f.codes, i)));
      continue;
    }
    auto [code, value] = decodeWeight(f, block, i);
    g.codes.push_back(static_cast<uint8_t>(code));
    g.values.push_back(static_cast<float>(value));
  }
  for (unsigned i = 0, n = f.groups(); i < n; ++i) {
    g.scale.push_back(decodeFactor(f.scale, block, i, n));
    g.offset.push_back(f.offset ? decodeFactor(*f.offset, block, i, n) : 0.0f);
  }
}

static void weigh(const Format &f, const Groups &g, float *out) {
  unsigned size = f.groups() ? f.weights / f.groups() : 0;
  for (unsigned i = 0; i < f.weights; ++i) {
    out[i] = size ? g.scale[i / size] * g.values[i] : g.values[i];
    if (f.offset)
      out[i] += g.offset[i / size];
  }
}

Groups quern::decodeGroups(const Format &f, const uint8_t *block) {
  Groups g;
  decodeInto(f, block, g);
  return g;
}

void quern::dequantize(const Format &f, const uint8_t *block, float *out) {
  weigh(f, decodeGroups(f, block), out);
}

//===----------------------------------------------------------------------===//
// Tensors
//===----------------------------------------------------------------------===//

unsigned quern::partCount(const Format &f) {
  size_t own = f.parts.empty() ? 1 : f.parts.size();
  return static_cast<unsigned>(own + !f.groupMap.empty());
}

std::string_view quern::partName(const Format &f, unsigned part) {
  if (f.parts.empty())
    return {};
  return part < f.parts.size() ? f.parts[part].name : f.groupMap;
}

/// The only tensor of a format that describes none.
static Part wholeBlocks(const Format &f) {
  return {{}, 8 * f.bytes, {8ull * f.bytes, Stride::Blocks}, {8ull * f.bytes}};
}

/// a * b + c, or nothing if that overflows.
static std::optional<uint64_t> mulAdd(uint64_t a, uint64_t b, uint64_t c) {
  uint64_t product, sum;
  if (__builtin_mul_overflow(a, b, &product) ||
      __builtin_add_overflow(product, c, &sum))
    return std::nullopt;
  return sum;
}

static std::optional<uint64_t> strideBits(Stride s, uint64_t rows,
                                          uint64_t blocks) {
  uint64_t times = s.per == Stride::Rows     ? rows
                   : s.per == Stride::Blocks ? blocks
                                             : 1;
  return mulAdd(s.bits, times, 0);
}

/// Bits up to the end of the last piece.
static std::optional<uint64_t> extentOf(const Part &p, uint64_t rows,
                                        uint64_t blocks, uint64_t groups) {
  uint64_t indices = p.grouped ? groups : blocks;
  if (rows == 0 || indices == 0)
    return 0;
  auto row = strideBits(p.row, rows, blocks);
  auto index = strideBits(p.index, rows, blocks);
  std::optional<uint64_t> end = p.bits;
  if (row && (end = mulAdd(*row, rows - 1, *end)) && index)
    return mulAdd(*index, indices - 1, *end);
  return std::nullopt;
}

std::optional<uint64_t> quern::partBytes(const Format &f, unsigned part,
                                         uint64_t rows, uint64_t columns,
                                         uint64_t groups) {
  if (columns % f.weights || rows % f.rowMultiple || part >= partCount(f))
    return std::nullopt;
  if (!f.parts.empty() && part == f.parts.size()) // the map
    return mulAdd(columns, 4, 0);
  Part p = f.parts.empty() ? wholeBlocks(f) : f.parts[part];
  auto bits = extentOf(p, rows, columns / f.weights, groups);
  if (!bits || *bits % 8)
    return std::nullopt;
  return *bits / 8;
}

using Tensors = std::span<const std::span<const uint8_t>>;

uint64_t quern::groupsOf(const Format &f, Tensors parts, uint64_t rows,
                         uint64_t columns) {
  uint64_t groups = 0;
  bool any = false;
  for (unsigned i = 0; i < f.parts.size() && i < parts.size(); ++i) {
    if (!f.parts[i].grouped)
      continue;
    any = true;
    auto stride = strideBits(f.parts[i].index, rows, columns / f.weights);
    auto bits = mulAdd(parts[i].size(), 8, 0);
    if (!stride || !*stride || !bits || *bits % *stride)
      return 0;
    uint64_t n = *bits / *stride;
    if (n == 0 || n > columns || (groups && n != groups))
      return 0;
    groups = n;
  }
  return any ? groups : 1;
}

/// Entry of the map, or the group of a column where there is none.
static uint64_t groupOf(std::span<const uint8_t> map, uint64_t column,
                        uint64_t columns, uint64_t groups) {
  if (map.empty())
    return groups ? column / ((columns + groups - 1) / groups) : 0;
  uint32_t group = UINT32_MAX;
  if (column < map.size() / 4)
    std::memcpy(&group, map.data() + 4 * column, 4);
  return group;
}

std::string quern::checkTensor(const Format &f, Tensors parts, uint64_t rows,
                               uint64_t columns) {
  unsigned count = partCount(f), own = count - !f.groupMap.empty();
  if (parts.size() != count)
    return "expected " + std::to_string(count) + " tensors";
  if (columns % f.weights)
    return "row of " + std::to_string(columns) +
           " weights is not a multiple of the block's " +
           std::to_string(f.weights);
  uint64_t groups = groupsOf(f, parts, rows, columns);
  for (unsigned i = 0; i < count; ++i) {
    auto want = partBytes(f, i, rows, columns, groups);
    std::string name(partName(f, i));
    if (!want || (parts[i].size() != *want && (i < own || !parts[i].empty())))
      return (name.empty() ? "tensor" : name) + " has " +
             std::to_string(parts[i].size()) + " bytes, expected " +
             (want && groups ? std::to_string(*want) : "another number");
  }
  for (uint64_t c = 0; own < count && c < columns; ++c)
    if (groupOf(parts[own], c, columns, groups) >= groups)
      return f.groupMap + " entry " + std::to_string(c) + " is out of range";
  return "";
}

namespace {
/// Brings the bits of a block together from its tensors.
class Gatherer {
public:
  Gatherer(const Format &f, Tensors parts, uint64_t rows, uint64_t columns)
      : format(f), tensors(parts), columns(columns),
        groups(groupsOf(f, parts, rows, columns)), block(f.bytes) {
    pieces = f.parts.empty() ? std::vector{wholeBlocks(f)} : f.parts;
    if (!f.groupMap.empty() && parts.size() > pieces.size())
      map = parts[pieces.size()];
    uint64_t blocks = columns / f.weights;
    for (const Part &p : pieces)
      strides.emplace_back(strideBits(p.row, rows, blocks).value_or(0),
                           strideBits(p.index, rows, blocks).value_or(0));
  }

  const uint8_t *operator()(uint64_t row, uint64_t number) {
    if (format.parts.empty() && !tensors.empty()) { // a block in one piece
      uint64_t at = (row * (columns / format.weights) + number) * format.bytes;
      if (at + format.bytes <= tensors[0].size())
        return &tensors[0][at];
    }
    uint64_t to = 0;
    std::fill(block.begin(), block.end(), 0);
    for (size_t i = 0; i < pieces.size() && i < tensors.size(); ++i) {
      uint64_t first = row * strides[i].first, step = strides[i].second;
      for (unsigned k = 0; k < (pieces[i].grouped ? format.weights : 1); ++k) {
        uint64_t column = number * format.weights + k, index = number;
        if (pieces[i].grouped)
          index = groupOf(map, column, columns, groups);
        copy(tensors[i], first + index * step, pieces[i].bits, to);
        to += pieces[i].bits;
      }
    }
    return block.data();
  }

private:
  void copy(std::span<const uint8_t> from, uint64_t at, unsigned bits,
            uint64_t to) {
    if (at / 8 + (at % 8 + bits + 7) / 8 > from.size())
      return;
    if (at % 8 == 0 && to % 8 == 0 && bits % 8 == 0) {
      std::memcpy(&block[to / 8], &from[at / 8], bits / 8);
      return;
    }
    for (unsigned b = 0; b < bits; ++b, ++at, ++to)
      block[to / 8] |= (from[at / 8] >> at % 8 & 1) << to % 8;
  }

  const Format &format;
  Tensors tensors;
  uint64_t columns, groups;
  std::vector<uint8_t> block;
  std::vector<Part> pieces;
  std::span<const uint8_t> map;
  std::vector<std::pair<uint64_t, uint64_t>> strides; // row, index
};
} // namespace

void quern::dequantizeRow(const Format &f, Tensors parts, uint64_t rows,
                          uint64_t columns, uint64_t row, float *out) {
  Gatherer gather(f, parts, rows, columns);
  Groups groups;
  for (uint64_t b = 0; b < columns / f.weights; ++b, out += f.weights) {
    const uint8_t *block = gather(row, b);
    if (f.element && f.weights == 1 && !f.groups()) { // the same, only faster
      *out = decodeScalar(*f.element, readBits(block, f.codes, 0));
      continue;
    }
    decodeInto(f, block, groups);
    weigh(f, groups, out);
  }
}

//===----------------------------------------------------------------------===//
// The list
//===----------------------------------------------------------------------===//

namespace quern::formats {
#define FORMAT(name) Format name();
#include "Formats.def"
} // namespace quern::formats

const std::vector<Format> &quern::allFormats() {
  static const std::vector<Format> all{
#define FORMAT(name) formats::name(),
#include "Formats.def"
  };
  return all;
}

const Format *quern::findFormat(std::string_view name) {
  for (const Format &f : allFormats())
    if (f.name == name)
      return &f;
  return nullptr;
}
