//===- Format.h - What a quantized block is --------------------*- C++ -*-===//
//
// A format says where the integers of a block lie and what they mean; it never
// says how to compute with them. A block is a number of consecutive weights of
// one row of a matrix. With `u` a code, every weight of it is
//
//     weight = scale(group) * value(u) + offset(group)
//     value(u) = u - bias - zero  or  table[u]  or  a float
//     scale, offset = decode(super) * (sub - subBias) * unit
//
// Example, GGML's Q4_0: 16 bytes of nibbles after an f16; byte j holds weight j
// in its low and weight j+16 in its high half:
//
//     {.name = "q4_0", .gguf = 2, .weights = 32, .bytes = 18,
//      .codes = bits(32, 4, [](unsigned i, unsigned b) {
//        return 8 * (2 + i % 16) + 4 * (i / 16) + b; }),
//      .bias = 8,
//      .scale = {.super = word(0, 16)}}
//
// From the description follow a verifier, the reference decoder and the packer
// (Panel.h). Kernels see a GroupShape, in which neither the name nor any bit
// position is left. Each format is one file formats/NAME.cpp that defines
// `Format quern::formats::NAME()`; CMake makes the list from the folder. No
// other code names a format.
//
// A block usually lies in one piece, its blocks row by row. A format of several
// tensors (GPTQ, AWQ, ...) says instead by `parts` which bits of which tensor
// make up the block of (row, number of the block); everything else then speaks
// of bits of that gathered block and cannot tell the difference.
//
//===----------------------------------------------------------------------===//
#pragma once
#include <algorithm>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace quern {

//===----------------------------------------------------------------------===//
// The vocabulary of a description
//===----------------------------------------------------------------------===//

/// Small integers scattered over a block: bit `b` of element `i` is bit
/// `at[i * width + b]` of the block, where byte n holds the bits 8n .. 8n+7.
struct BitArray {
  unsigned count = 0, width = 0;
  std::vector<uint16_t> at{};
  explicit operator bool() const { return count != 0; }
};

/// `count` integers of `width` bits; bit b of number i lies at `at(i, b)`.
template <typename F> BitArray bits(unsigned count, unsigned width, F at) {
  BitArray a{count, width, {}};
  for (unsigned i = 0; i < count; ++i)
    for (unsigned b = 0; b < width; ++b)
      a.at.push_back(static_cast<uint16_t>(at(i, b)));
  return a;
}

/// `count` consecutive little-endian integers of `width` bits from `byte` on.
inline BitArray word(unsigned byte, unsigned width, unsigned count = 1) {
  return bits(count, width, [=](unsigned i, unsigned b) {
    return 8 * byte + width * i + b;
  });
}

/// How bits mean a float. E8M0Half and UE4M3Half mean half the number of that
/// type, because the table of e2m1 codes is doubled to consist of integers.
enum class Codec : uint8_t { F32, F16, BF16, E8M0Half, UE4M3Half };

/// Bytes of an element in memory.
unsigned codecBytes(Codec);
/// The float that the low codecBytes() bytes of `bits` mean; always exact.
float decodeScalar(Codec, uint32_t bits);

/// Element i is digit `second` (0 the most significant of 5) of byte `first`,
/// a number in base 3 stored as the fixed-point fraction ceil(n * 256 / 243):
/// ((byte * 3^digit mod 256) * 3) >> 8.
using TritArray = std::vector<std::pair<uint16_t, uint8_t>>;

/// The eighth sign of eight, where a format stores seven: their parity.
inline constexpr uint16_t kParity = 0xFFFF;

/// A float per group: decode(super) * (sub - subBias) * unit. `super` holds one
/// element per block or several, evenly over the groups; `sub` none or one per
/// group.
struct Factor {
  Codec codec = Codec::F16;
  BitArray super{}, sub{};
  bool subSigned = false; // two's complement
  float subBias = 0;
  float unit = 1.0f;
};

/// A distance in a tensor: `bits` bits, times the rows of the matrix or the
/// blocks of a row where the tensor is laid out so.
struct Stride {
  enum Per : uint8_t { One, Rows, Blocks };
  uint64_t bits = 0;
  Per per = One;
};

/// What one tensor contributes to a block: `bits` bits from bit
///
///     row * rowStride + index * indexStride
///
/// of the tensor, where `index` is the number of the block in its row. A
/// `grouped` part contributes that for each weight in turn, and index is then
/// the group of the weight's column: the column's entry in the map tensor if
/// the format has one (so a group may be any set of columns, as act-order
/// makes them), else column / ceil(columns / groups).
struct Part {
  std::string name{}; // what comes after the weight's own name; e.g. "qweight"
  unsigned bits = 0;
  Stride row{}, index{};
  bool grouped = false;
};

/// Members have initializers so that a description may leave them out.
struct Format {
  std::string name{};        // as in the file's name
  int gguf = -1;             // its number in GGUF files; -1: it has none
  std::string safetensors{}; // its dtype there; empty: it has none
  /// Of one block. `bytes` are those of the gathered block.
  unsigned weights = 0, bytes = 0;
  unsigned rowMultiple = 1; // what the rows of a matrix must be a multiple of
  /// Tensors in the order of their bits in the block; empty: one tensor of
  /// whole blocks, row by row.
  std::vector<Part> parts{};
  /// Name of the map tensor, if any: `columns` little-endian int32. It follows
  /// the parts wherever a list of tensors is passed.
  std::string groupMap{};

  BitArray codes{};
  bool codesSigned = false; // two's complement; the same as bias 2^(n-1)
  int bias = 0;
  std::optional<Codec> element{}; // codes are floats; without super: scale 1
  std::vector<int8_t> table{};    // value(u), `dim` values a code
  unsigned dim = 1;               // weights that one code stands for: 1, 4 or 8
  BitArray signs{};               // none, or one bit a weight; 1 negates
  BitArray zero{}; // per group integers z; zeroMul * z + zeroAdd is subtracted
  int zeroMul = 1, zeroAdd = 0;
  TritArray trits{}; // instead of codes
  Factor scale{};
  std::optional<Factor> offset{};

  /// Scales in a block; 0: there are none (plain floats).
  unsigned groups() const {
    return std::max(scale.super.count, scale.sub.count);
  }
};

/// Empty, or what is wrong with a description: a bit that is used twice, not at
/// all, or outside of the block; counts that do not fit together.
std::string verify(const Format &);

/// All formats, by name; made on first use (thread-safe), never changed.
const std::vector<Format> &allFormats();
/// Null if there is none of that name.
const Format *findFormat(std::string_view name);

//===----------------------------------------------------------------------===//
// The reference decoder
//===----------------------------------------------------------------------===//

/// One block taken apart. Codes are unsigned (signed ones moved by 2^(n-1));
/// values are integers but for formats whose codes are floats.
struct Groups {
  std::vector<uint8_t> codes;       // one per weight; none for floats
  std::vector<float> values;        // one per weight
  std::vector<float> scale, offset; // one per group
};
Groups decodeGroups(const Format &, const uint8_t *block);

/// `block` has format.bytes bytes, `out` room for format.weights floats. The
/// product and the sum are rounded separately: there is no fma in it.
void dequantize(const Format &, const uint8_t *block, float *out);

/// Decodes one row of a matrix of any format. `parts` are its tensors in the
/// order of Format::parts (or the only one), then the map if the format has
/// one; an empty map means groups of equal, consecutive columns. `columns` is a
/// multiple of format.weights, `out` has room for as many floats. What lies
/// outside of a part reads as zero bits; checkTensor() says so beforehand.
void dequantizeRow(const Format &,
                   std::span<const std::span<const uint8_t>> parts,
                   uint64_t rows, uint64_t columns, uint64_t row, float *out);

//===----------------------------------------------------------------------===//
// Sizes
//===----------------------------------------------------------------------===//

/// Number of tensors of a weight, the map included.
unsigned partCount(const Format &);
/// Name of a part; empty for the tensor of a format that has only one.
std::string_view partName(const Format &, unsigned part);
/// Bytes of a part of a rows x columns matrix; `groups` (in a row) matters to
/// grouped parts only. None: columns is not a multiple of format.weights or
/// rows of format.rowMultiple, or the size overflows.
std::optional<uint64_t> partBytes(const Format &, unsigned part, uint64_t rows,
                                  uint64_t columns, uint64_t groups = 1);
/// Groups in a row, from the sizes of the grouped parts; 1 where there are
/// none, 0 where there cannot be a number of groups of which that is the size.
uint64_t groupsOf(const Format &,
                  std::span<const std::span<const uint8_t>> parts,
                  uint64_t rows, uint64_t columns);
/// Empty, or what is wrong with the tensors of a rows x columns matrix: a part
/// of another size than format and shape ask for, or an entry of the map that
/// names no group.
std::string checkTensor(const Format &,
                        std::span<const std::span<const uint8_t>> parts,
                        uint64_t rows, uint64_t columns);

//===----------------------------------------------------------------------===//
// Bits
//===----------------------------------------------------------------------===//

uint32_t readBits(const uint8_t *block, const BitArray &, unsigned element);
void writeBits(uint8_t *block, const BitArray &, unsigned element, uint32_t);

} // namespace quern
