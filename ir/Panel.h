//===- Panel.h - Packed weights, and what a kernel may know ----*- C++ -*-===//
//
// Weights are packed into *panels* of kLanes rows, one row a lane, whatever
// their format. GroupShape is the description of a format without names and
// positions; equal shapes share kernels. Layout says where the packer puts each
// piece, from the shape alone.
//
// A *step* is kStep columns, a *span* the columns of one super-scale (at least
// a step). The matrix is padded to whole panels and whole spans with zero bits,
// which decode to 0. Panel p begins at byte
//
//     p * (padded columns / span) * layout.record
//
// and holds one record per span. Panels are independent of each other.
//
// Kind::Codes. A record holds, in this order,
//
//   codes   per step, per bit plane of width w (8, 4, 2, 1: the bits of the
//           code's width, the widest plane holding the lowest bits): w vectors
//           of 64 bytes. Dword n of a vector is row n; its byte c belongs to
//           column 4s + c of the step, where the bits [w*t, w*t + w) of the
//           byte hold slot s = t + vector * 8 / w.
//   sub     scale's, then offset's sub-scales, if any. Per bit plane of width w
//           and 8/w groups: 16 bytes, one a row, the groups from the low bits.
//   super   scale's, then offset's super-scales: 16 elements each, one a row.
//
//   e.g. 8 groups of 32 columns, 4-bit codes, 6-bit subs widened to bytes:
//   codes 8 x 256 | sub-scales 8 x 16 | sub-offsets 8 x 16 | f16 16 | f16 16
//
// Kind::Floats. A span is a step. A record is, for each of its 32 columns, 16
// contiguous elements of the file's type, one a row: element (row, column) of
// the record is number 16 * column + row. There is nothing else in it.
//
// That is Order::Vectors, for hardware that loads a vector of all rows. For threads
// of which each has a row there is Order::Lanes, where what a row has of a plane (or,
// of floats, of a step: its columns one after the other) is dealt out in pieces of 16
// bytes, or all of it if that is less: the first piece of each row, then the second of
// each. So a thread's load is of 16 bytes, and sixteen threads' loads lie side by side:
//
//   8 bits a code     row 0: bytes 0-15 | row 1: 0-15 | ... | row 0: 16-31 | ...
//   4 bits            row 0: bytes 0-15 | row 1: 0-15 | ...
//   1 bit             row 0: bytes 0-3  | row 1: 0-3  | ...     as Order::Vectors
//
// Scales are the same in both.
//
//===----------------------------------------------------------------------===//
#pragma once
#include "ir/Format.h"

namespace quern {

inline constexpr unsigned kLanes = 16, kStep = 32;

struct FactorShape {
  Codec codec = Codec::F16;
  unsigned subBits = 0; // as packed; 0: no sub-scales
  bool subSigned = false; // then subBits is 8
  float subBias = 0;
  float unit = 1.0f;
  bool operator==(const FactorShape &) const = default;
};

enum class PanelOrder : uint8_t { Vectors, Lanes };

/// All that a kernel may know of a format. Numbers of columns but for bits.
struct GroupShape {
  enum class Kind : uint8_t { Codes, Floats };

  Kind kind = Kind::Codes;
  PanelOrder order = PanelOrder::Vectors; // of codes, or floats, in a step
  Codec element = Codec::F32; // Floats: the type of the elements
  /// Codes. Of floats: 0, kStep, 1 and kStep.
  unsigned codeBits = 0, span = kStep, superPerSpan = 1, group = kStep;
  int bias = 0;              // value = u - bias, where there is no table
  std::vector<int8_t> table; // value = table[u]
  FactorShape scale;
  std::optional<FactorShape> offset;

  bool operator==(const GroupShape &) const = default;
};

/// Of integer codes, as kernels meet them: unsigned, `value + excess`. The excess is the
/// bias, or what makes the entries of a table non-negative.
int excessOf(const GroupShape &);
/// The greatest of them.
int greatestCode(const GroupShape &);

/// Code bits [shift, shift + width).
struct Plane {
  unsigned width, shift;
};
/// The planes of integers of `bits` bits (at most 15), widest first.
std::vector<Plane> planesOf(unsigned bits);

/// Offsets in a record, and sizes, in bytes. Pieces that a shape lacks have
/// size 0.
struct Layout {
  unsigned codesPerStep = 0;
  unsigned codes = 0, subScale = 0, subOffset = 0, superScale = 0,
           superOffset = 0;
  unsigned record = 0; // bytes of a span of 16 rows
};
Layout layoutOf(const GroupShape &);

/// Of a row's `bytes` bytes in a plane or step of Order::Lanes, where byte `byte` of
/// row `row` is; and how many of them lie together.
unsigned placeInLanes(unsigned bytes, unsigned byte, unsigned row);
inline unsigned pieceOfLane(unsigned bytes) { return bytes < 16 ? bytes : 16; }

/// Whether packer and kernels take the format. The others are decoded only.
bool hasKernel(const Format &);

/// The shape of a format that hasKernel(). Sub-scales are widened to bytes,
/// which are cheap to load, where that costs at most 3 % of the file's bytes.
GroupShape shapeOf(const Format &, PanelOrder = PanelOrder::Vectors);

uint64_t paddedRows(uint64_t rows);
uint64_t paddedColumns(const GroupShape &, uint64_t columns);
/// Bytes of one panel of a matrix whose packedBytes() is a number.
uint64_t panelBytes(const GroupShape &, uint64_t columns);
/// Bytes of a packed matrix, padding included; UINT64_MAX if that overflows.
uint64_t packedBytes(const GroupShape &, uint64_t rows, uint64_t columns);

/// Packs panels [firstPanel, lastPanel) of a matrix of `rows` x `columns`.
/// `src` is the whole tensor, row-major, of exactly partBytes() bytes; `dst` is
/// where firstPanel goes; all of its bytes are written. May be called from
/// several threads for different panels. There is a fixed cost of up to 20 us
/// per call: hand over many panels, or keep a PanelPacker.
void packPanels(const Format &, const GroupShape &,
                std::span<const uint8_t> src, uint64_t rows, uint64_t columns,
                uint64_t firstPanel, uint64_t lastPanel, uint8_t *dst);

/// Decodes one row from the panels of the whole matrix into `columns` floats:
/// the scalar reference of the layout above. To see the padding, pass padded
/// rows and columns.
void unpackRow(const GroupShape &, const uint8_t *panels, uint64_t rows,
               uint64_t columns, uint64_t row, float *out);

/// The plan of a packing: which bits of a row's block go where in a record,
/// found from the description once.
class PanelPacker {
public:
  PanelPacker(const Format &, const GroupShape &);
  /// As packPanels().
  void pack(std::span<const uint8_t> src, uint64_t rows, uint64_t columns,
            uint64_t firstPanel, uint64_t lastPanel, uint8_t *dst) const;

private:
  /// One contribution to the element of a row: bits of eight bytes from `byte`
  /// on, moved right, maybe spread (bits of four neighbouring codes, `stride`
  /// apart, to four bytes), masked, moved left.
  struct Term {
    enum Kind : uint8_t { Move, SpreadBits, Spread };
    Kind kind;
    uint8_t right, left, stride, width;
    uint32_t byte, mask;
  };
  /// An element of 1, 2 or 4 bytes per row, `stride` bytes apart: `initial` xor its
  /// terms.
  struct Target {
    uint32_t offset, size, stride, initial, firstTerm, lastTerm;
  };
  class Builder;

  void packUnit(const uint8_t *rows, size_t stride, uint8_t *dst) const;
  void packFloats(const uint8_t *src, uint64_t rowBytes, unsigned rows,
                  uint64_t columns, uint8_t *dst) const;
  void packCodes(const uint8_t *src, uint64_t rowBytes, unsigned rows,
                 uint64_t columns, uint8_t *dst) const;

  GroupShape shape;
  Layout layout;
  /// A unit is the least number of columns that is whole blocks and whole
  /// spans: a plan is for one.
  unsigned blockWeights, blockBytes, unit;
  std::vector<Target> targets;
  std::vector<Term> terms;
};

} // namespace quern
