//===- RowsBF16.cpp - Linears of bf16 rows ----------------------*- C++ -*-===//
//
// The kernel of prompt rows: weights are made bf16 once for many rows.
//
//     for groups of tiles (16 weight rows each), for chunks of rows:
//       sums = 0
//       for blocks of columns:
//         pairs[column pair][tile] = the tiles' weights, as bf16, in L1 or L2
//         for 6 rows of activations:
//           sums += pairs . x       6 x 4 accumulators, vdpbf16ps
//       epilogue of the sums
//
// A sum is carried from block to block through memory and so always goes
// through the columns in order, whatever the sizes of blocks and chunks. Tiles
// are those of four panels, or of two panels of each of two roots.
//
// The scheme of blocks is Goto and van de Geijn's, "Anatomy of high-performance
// matrix multiplication", ACM TOMS 34(3), 2008.
//
//===----------------------------------------------------------------------===//
#include "codegen/cpu/linear/Linear.h"
#include "codegen/kernel/PanelReader.h"
#include "ir/tile/Tile.h"

using namespace mlir;
using namespace quern;
using namespace quern::cpu;

namespace {
/// 6 x 4 accumulators, 4 tiles of weights and one of activations fill the 32
/// registers of AVX-512.
constexpr int64_t kTiles = 4, kRows = 6;
/// A block of 256 columns is 32 KB of pairs; a chunk of rows 128 KB of sums.
constexpr int64_t kColumns = 256, kChunk = 512;
constexpr int64_t kPair = 2 * kLanes;

class PromptLinear {
public:
  PromptLinear(KernelBuilder &b, ArrayRef<LinearOp> roots)
      : b(b), roots(roots) {
    for (LinearOp root : roots)
      readers.push_back(b.panels(root.getWeight()));
    panelsTogether = std::max<int64_t>(1, kTiles / roots.size());
    const int64_t tiles = panelsTogether * roots.size();
    x = b.memory(LinearOp(roots.front()).getInput());
    pairs = scratch(b, {kColumns / 2 * tiles * kPair}, b.getBF16Type());
    sums = scratch(b, {kChunk, tiles * kLanes}, b.getF32Type());
  }
  void emit();

private:
  /// All rows, for `together` panels from `panel` on, of which those from
  /// `last` on do not exist.
  void group(Value panel, Value last, int64_t together);
  void clear(Value rows, int64_t tiles);
  void dequantize(Value panel, Value last, Value firstStep, Value steps,
                  int64_t together);
  void multiply(Value firstRow, Value rows, Value firstStep, Value steps,
                int64_t tiles);
  void multiplyRows(Value firstRow, Value at, Value firstStep, Value steps,
                    int64_t rows, int64_t tiles);

  KernelBuilder &b;
  ArrayRef<LinearOp> roots;
  SmallVector<PanelReader, 2> readers;
  int64_t panelsTogether;
  Value x, pairs, sums;
};

void PromptLinear::emit() {
  auto [from, to] = b.share(b.index(readers[0].panels));
  // Whole groups, then what is left: half a group twice, or one.
  Value count = b.sub(to, from),
        whole = b.sub(count, b.rem(count, panelsTogether));
  Value middle = b.add(from, whole);
  b.loop(from, middle, panelsTogether,
         [&](Value panel) { group(panel, to, panelsTogether); });
  if (panelsTogether > 1) {
    const int64_t half = panelsTogether / 2;
    b.loop(middle, to, half,
           [&, to = to](Value panel) { group(panel, to, half); });
  }
}

void PromptLinear::group(Value panel, Value last, int64_t together) {
  const int64_t tiles = together * roots.size(), steps = readers[0].steps;
  constexpr int64_t blockSteps = kColumns / kStep;
  b.loop(b.index(0), b.rows, kChunk, [&](Value firstRow) {
    Value rows = b.min(b.sub(b.rows, firstRow), b.index(kChunk));
    clear(rows, tiles);
    b.loop(b.index(0), b.index(steps), blockSteps, [&](Value firstStep) {
      Value count =
          b.min(b.sub(b.index(steps), firstStep), b.index(blockSteps));
      dequantize(panel, last, firstStep, count, together);
      multiply(firstRow, rows, firstStep, count, tiles);
    });
    Value present = b.min(b.sub(last, panel), b.index(together));
    for (int64_t p = 0; p < together; ++p)
      b.when(b.less(b.index(p), present), [&] {
        finishRows(b, roots, sums, p * kLanes, together * kLanes, firstRow,
                   rows, b.add(panel, p));
      });
  });
}

void PromptLinear::clear(Value rows, int64_t tiles) {
  VectorType floats = b.vec(kLanes, b.getF32Type());
  b.loop(b.index(0), rows, 1, [&](Value r) {
    for (int64_t t = 0; t < tiles; ++t)
      b.store(b.splat(floats, 0), sums, {r, b.index(t * kLanes)});
  });
}

/// Tile number root * together + p holds panel p of that root.
void PromptLinear::dequantize(Value panel, Value last, Value firstStep,
                              Value steps, int64_t together) {
  const int64_t tiles = together * roots.size();
  b.loop(b.index(0), b.index(together), 1, [&](Value p) {
    Value number = b.add(panel, p);
    b.when(b.less(number, last), [&] {
      for (auto [root, w] : llvm::enumerate(readers)) {
        Value panelAt = w.panel(number);
        Value tile = b.mul(b.add(p, root * together), kPair);
        b.loop(b.index(0), steps, 1, [&](Value s) {
          Value at = b.add(tile, b.mul(s, kStep / 2 * tiles * kPair)), even;
          w.decode(panelAt, b.add(firstStep, s), kStep,
                   [&](int64_t c, Value v) {
                     if (c % 2 == 0) {
                       even = v;
                       return;
                     }
                     Value pair = tile::ToBF16Op::create(
                         b, b.vec(kPair, b.getBF16Type()), even, v);
                     b.store(pair, pairs, b.add(at, c / 2 * tiles * kPair));
                   });
        });
      }
    });
  });
}

void PromptLinear::multiply(Value firstRow, Value rows, Value firstStep,
                            Value steps, int64_t tiles) {
  Value whole = b.sub(rows, b.rem(rows, kRows));
  b.loop(b.index(0), whole, kRows, [&](Value r) {
    multiplyRows(firstRow, r, firstStep, steps, kRows, tiles);
  });
  auto tail = [&](Value from, int64_t n) {
    Value to = b.sub(rows, b.rem(b.sub(rows, from), n));
    b.loop(from, to, n, [&](Value r) {
      multiplyRows(firstRow, r, firstStep, steps, n, tiles);
    });
    return to;
  };
  tail(tail(whole, 2), 1);
}

void PromptLinear::multiplyRows(Value firstRow, Value at, Value firstStep,
                                Value steps, int64_t rows, int64_t tiles) {
  VectorType floats = b.vec(kLanes, b.getF32Type()),
             halves = b.vec(kPair, b.getBF16Type());
  VectorType ints = b.vec(kLanes, b.getI32Type());
  SmallVector<Value> row(rows), state(rows * tiles);
  for (int64_t i = 0; i < rows; ++i) {
    row[i] = b.add(b.add(firstRow, at), i);
    for (int64_t t = 0; t < tiles; ++t)
      state[i * tiles + t] =
          b.load(floats, sums, {b.add(at, i), b.index(t * kLanes)});
  }
  Value firstColumn = b.mul(firstStep, kStep), count = b.mul(steps, kStep / 2);
  state =
      b.loop(b.index(0), count, 1, state, [&](Value pair, ValueRange carried) {
        SmallVector<Value> next(carried), w(tiles);
        Value from = b.mul(pair, tiles * kPair),
              column = b.add(firstColumn, b.mul(pair, 2));
        for (int64_t t = 0; t < tiles; ++t)
          w[t] = b.load(halves, pairs, b.add(from, t * kPair));
        for (int64_t i = 0; i < rows; ++i) {
          Value two = b.load(b.vec(2, b.getBF16Type()), x, {row[i], column});
          two = b.broadcast(ints, vector::BitCastOp::create(
                                      b, b.vec(1, b.getI32Type()), two));
          two = vector::BitCastOp::create(b, halves, two);
          for (int64_t t = 0; t < tiles; ++t)
            next[i * tiles + t] = tile::DotBF16Op::create(
                b, floats, next[i * tiles + t], w[t], two);
        }
        return next;
      });
  for (int64_t i = 0; i < rows; ++i)
    for (int64_t t = 0; t < tiles; ++t)
      b.store(state[i * tiles + t], sums, {b.add(at, i), b.index(t * kLanes)});
}
} // namespace

LogicalResult quern::cpu::lowerLinearBF16(KernelBuilder &b,
                                          ArrayRef<LinearOp> roots) {
  PromptLinear(b, roots).emit();
  return success();
}
