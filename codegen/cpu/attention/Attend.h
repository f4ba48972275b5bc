//===- Attend.h - Attention of some query vectors over the keys -*- C++ -*-===//
//
// Online softmax (Milakov and Gimelshein, 2018, arXiv:1805.02867) over blocks of
// keys that lie at absolute positions:
//
//     for each block of keys:       s = scale * q . K        sixteen keys a vector
//                                   m' = max(m, s)
//                                   p = e^(s - m')           0 where masked
//                                   l = l * e^(m - m') + p
//                                   o = o * e^(m - m') + p V
//     y = o / l
//
// Several query vectors (heads of a group, neighbouring rows) share every key
// and value that is loaded; together with the vectors of keys, or of columns of
// V, they form a tile of accumulators that fills the registers. What belongs to
// one query vector is the same sequence of operations in any company: a block
// that is masked for it entirely multiplies by e^0 = 1 and adds 0.
//
// A part of the keys (quern.attention_parts) is the same from its first key on, and
// leaves o, m and l.
//
//===----------------------------------------------------------------------===//
#pragma once
#include "codegen/cpu/Kernel.h"
#include "codegen/kernel/AttentionRoot.h"

namespace quern::cpu {

/// What the kernel's types say.
struct AttentionShape {
  int64_t heads, size, page; // of the cache
  int64_t group;             // query heads that share a KV head
  int64_t block;             // keys of a block: divides the page
  mlir::Type stored;

  static AttentionShape of(const AttentionRoot &);
  int64_t columns() const { return heads * group * size; }
};

/// A run of rows of one sequence, the KV head, and of two phases the part.
struct AttentionTask {
  mlir::Value slot, head, part;
};

class Attend {
public:
  Attend(KernelBuilder &, const AttentionRoot &);

  /// Most query vectors that a call of vectors() should have.
  int64_t most() const { return mostVectors; }

  /// `rows` rows from `row` on, the first of which has position `position`, and
  /// of the task's group heads [head, head + heads).
  void vectors(const AttentionTask &, mlir::Value row, mlir::Value position,
               int64_t rows, mlir::Value head, int64_t heads);

private:
  struct Group; // the operands of vectors(), and the bounds of the keys
  void clear(const Group &);
  void scores(const Group &, mlir::Value keys);
  void softmax(const Group &, mlir::Value block);
  void softmaxOfVector(const Group &, mlir::Value block, mlir::Value vector);
  void weigh(const Group &, mlir::Value values, mlir::Value count);
  void weighPieces(const Group &, mlir::Value values, mlir::Value count,
                   int64_t firstPiece, int64_t pieces);
  void finish(const Group &);
  void finishPart(const Group &, mlir::Value part);

  mlir::Value queryColumn(const Group &, int64_t vector);
  mlir::Value firstKey(mlir::Value position);
  /// The column where piece i of a head begins. The last one of a head that
  /// is no multiple of sixteen overlaps the one before: lanes that are computed
  /// twice come out the same, and nothing is read or written past the head.
  int64_t pieceColumn(int64_t i) const;
  int64_t pieceLanes() const { return std::min<int64_t>(shape.size, 16); }

  KernelBuilder &b;
  const AttentionRoot root;
  AttentionShape shape;
  KvMemory kv;
  mlir::Value query, result;
  int64_t accumulators, mostVectors;
  // Of this worker: probabilities [vector][key], sums [vector][column], and for
  // each vector the greatest score, the sum of probabilities by lanes, and the
  // factor of this block.
  mlir::Value probabilities, sums, top, total, factor;
};

} // namespace quern::cpu
