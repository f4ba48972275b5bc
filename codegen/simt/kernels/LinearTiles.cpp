//===- LinearTiles.cpp - Products with packed weights, prompt rows --------===//
//
//     y[r, n] = sum over k of x[r, k] * w[n, k]
//
// for many rows. A task is up to kPanels panels, those of several linears together,
// an item kRows rows of activations: a tile of 64 x 64 results. It goes along k in
// steps of 32 columns. Of each step the workgroup first puts both operands as f32
// into shared memory, a part of its threads the weights (each decodes one weight
// row), the others the activations. Then every thread adds a step's products to its
// results, which stay in registers:
//
//     thread t:   weight rows   t % 16 + 16 j,           j < panels
//                 rows          t / 16 + threads/16 i,   i < 64 / (threads/16)
//
// With 128 threads four columns of a step are 12 loads of 16 bytes and 128 fused
// multiply-adds. In shared memory a row has its 8 pieces of four columns in the order
// piece ^ (row % 8): threads that read a piece of rows below each other meet all of
// its banks.
//
// Every result is one thread's sum in the order of k, whatever rows come along.
//
// Where there is room for two steps in shared memory, one is filled before the other
// is read, and a barrier a step is enough.
//
// Who does what is laid out for workgroups of 128 threads.
//
// It is for chips that read shared memory as fast as registers, almost. Where it is
// memory like all other, and a thread's lane reads it on its own, Linear.cpp is an
// order of magnitude faster.
//
//===----------------------------------------------------------------------===//
#include "codegen/simt/Kernel.h"
#include "mlir/Dialect/Math/IR/Math.h"

using namespace mlir;
using namespace quern;
using namespace quern::simt;

namespace {
constexpr int64_t kRows = 64;  // of activations, of an item
constexpr int64_t kPanels = 4; // of a task, those of all linears
constexpr int64_t kPiece = 4;  // columns
constexpr int64_t kPieces = kStep / kPiece;
/// Of shared memory: both operands of a step.
constexpr int64_t kStepBytes =
    (kPanels * kLanes + kRows) * kStep * int64_t(sizeof(float));

class TileEmitter {
public:
  TileEmitter(KernelBuilder &b, SmallVector<Linear> linears)
      : b(b), roots(std::move(linears)), input(b.memory(roots.front().input)),
        panelsOfRoot(kPanels / int64_t(roots.size())),
        panels(panelsOfRoot * int64_t(roots.size())),
        threadRows(b.chip.threads / kLanes), rowsOfThread(kRows / threadRows),
        piece(b.vec(kPiece, b.getF32Type())) {}

  void emit();

private:
  /// Puts a step's operands into shared memory; `count` of its columns are there, what
  /// is beyond becomes zero.
  void fill(Value step, int64_t count, Value buffer);
  void fillWeights(Value step, int64_t count, Value buffer);
  void fillActivations(Value step, int64_t count, Value buffer);
  /// Adds a step's products to the sums of this thread: [row][weight row].
  SmallVector<Value> addStep(ValueRange sums, Value buffer);
  void finish(ValueRange sums);

  Value xorOf(Value x, Value y) { return b.createOrFold<arith::XOrIOp>(x, y); }

  KernelBuilder &b;
  SmallVector<Linear> roots;
  Value input;
  const int64_t panelsOfRoot, panels;
  const int64_t threadRows, rowsOfThread; // rows of threads; rows of a thread
  const VectorType piece;
  int64_t buffers = 1;
  Value lane, threadRow, firstRow;
  Value weights, activations; // shared: [buffer][row][piece]
};
} // namespace

void TileEmitter::fillWeights(Value step, int64_t count, Value buffer) {
  for (auto [r, root] : llvm::enumerate(roots)) {
    Value from = b.index(int64_t(r) * panelsOfRoot * kLanes);
    Value number = b.sub(b.thread, from); // of this thread, among the root's
    b.when(b.less(number, b.index(panelsOfRoot * kLanes)), [&] {
      PanelReader w = b.panels(root.weight);
      // What is behind the last panel is not stored: any will do.
      Value panel = b.min(b.add(b.panel, b.div(number, kLanes)),
                          b.sub(b.panelsEnd(), b.index(1)));
      Value swizzle = b.rem(b.thread, kPieces);
      SmallVector<Value> columns;
      w.decode(
          w.panel(b.placeOfPanel(panel)), step, count,
          [&](int64_t, Value vector) {
            columns.push_back(vector::ExtractOp::create(b, vector, int64_t(0)));
          },
          lane);
      columns.resize(kStep, b.number(0));
      for (int64_t p = 0; p < kPieces; ++p)
        b.store(vector::FromElementsOp::create(
                    b, piece, ArrayRef(columns).slice(p * kPiece, kPiece)),
                weights, {buffer, b.thread, xorOf(swizzle, b.index(p))});
    });
  }
}

void TileEmitter::fillActivations(Value step, int64_t count, Value buffer) {
  const int64_t decoders = kPanels * kLanes,
                loaders = b.chip.threads - decoders,
                rowsAtOnce = loaders / kPieces;
  b.when(b.less(b.index(decoders - 1), b.thread), [&] {
    Value number = b.sub(b.thread, b.index(decoders));
    Value rowOfThread = b.div(number, kPieces), p = b.rem(number, kPieces);
    Value lastRow = b.sub(b.rows, b.index(1));
    Value first = b.mul(p, kPiece);
    Value column = b.add(b.mul(step, kStep), first);
    for (int64_t row = 0; row < kRows; row += rowsAtOnce) {
      Value r = b.add(rowOfThread, row);
      Value x = vector::LoadOp::create(
          b, piece, input,
          ValueRange{b.min(b.add(firstRow, r), lastRow), column});
      if (count < kStep) { // what pads a row may be anything
        SmallVector<Value> parts;
        for (int64_t c = 0; c < kPiece; ++c)
          parts.push_back(arith::SelectOp::create(
              b, b.less(b.add(first, c), b.index(count)),
              vector::ExtractOp::create(b, x, c), b.number(0)));
        x = vector::FromElementsOp::create(b, piece, parts);
      }
      b.store(x, activations, {buffer, r, xorOf(p, b.rem(r, kPieces))});
    }
  });
}

void TileEmitter::fill(Value step, int64_t count, Value buffer) {
  fillWeights(step, count, buffer);
  fillActivations(step, count, buffer);
}

SmallVector<Value> TileEmitter::addStep(ValueRange sums, Value buffer) {
  Value swizzleW = b.rem(lane, kPieces), swizzleX = b.rem(threadRow, kPieces);
  return b.loop(
      b.index(0), b.index(kPieces), 1, sums, [&](Value p, ValueRange carried) {
        SmallVector<Value> w, next;
        for (int64_t j = 0; j < panels; ++j)
          w.push_back(b.load(
              weights, {buffer, b.add(lane, j * kLanes), xorOf(p, swizzleW)}));
        for (int64_t i = 0; i < rowsOfThread; ++i) {
          Value row = b.add(threadRow, i * threadRows);
          Value x = b.load(activations, {buffer, row, xorOf(p, swizzleX)});
          for (int64_t j = 0; j < panels; ++j) {
            Value sum = carried[size_t(i * panels + j)];
            for (int64_t c = 0; c < kPiece; ++c)
              sum = math::FmaOp::create(b, vector::ExtractOp::create(b, x, c),
                                        vector::ExtractOp::create(b, w[j], c),
                                        sum);
            next.push_back(sum);
          }
        }
        return next;
      });
}

void TileEmitter::finish(ValueRange sums) {
  const int64_t columns = columnsOf(roots.front().result.getType());
  Value end = b.min(b.index(columns), b.mul(b.panelsEnd(), kLanes));
  for (int64_t i = 0; i < rowsOfThread; ++i) {
    Value row = b.add(firstRow, b.add(threadRow, i * threadRows));
    b.when(b.less(row, b.rows), [&] {
      for (int64_t p = 0; p < panelsOfRoot; ++p) {
        Value column = b.add(b.mul(b.add(b.panel, p), kLanes), lane);
        b.when(b.less(column, end), [&] {
          DenseMap<Value, Value> results;
          for (auto [r, root] : llvm::enumerate(roots))
            results[root.result] =
                sums[size_t(i * panels + int64_t(r) * panelsOfRoot + p)];
          b.epilogue(results, row, column);
        });
      }
    });
  }
}

void TileEmitter::emit() {
  b.launchOverPanels(panelsOfRoot, kRows);
  buffers = b.chip.sharedBytes >= 2 * kStepBytes ? 2 : 1;
  weights = b.shared({buffers, panels * kLanes, kPieces}, piece);
  activations = b.shared({buffers, kRows, kPieces}, piece);
  lane = b.rem(b.thread, kLanes);
  threadRow = b.div(b.thread, kLanes);
  firstRow = b.mul(b.item, kRows);

  const int64_t k = columnsOf(roots.front().input.getType());
  const int64_t whole = k / kStep, rest = k % kStep;
  SmallVector<Value> sums(size_t(rowsOfThread * panels), b.number(0));
  auto bufferOf = [&](Value step) { return b.rem(step, buffers); };
  if (buffers == 2 && whole)
    fill(b.index(0), kStep, b.index(0));
  if (whole)
    sums = b.loop(b.index(0), b.index(whole), 1, sums,
                  [&](Value step, ValueRange carried) {
                    b.barrier(); // all have read what is written over next
                    if (buffers == 1) {
                      fill(step, kStep, b.index(0));
                      b.barrier();
                    } else {
                      Value next = b.add(step, 1);
                      b.when(b.less(next, b.index(whole)),
                             [&] { fill(next, kStep, bufferOf(next)); });
                    }
                    return addStep(carried, bufferOf(step));
                  });
  if (rest) {
    if (buffers == 1)
      b.barrier();
    fill(b.index(whole), rest, bufferOf(b.index(whole)));
    b.barrier();
    sums = addStep(sums, bufferOf(b.index(whole)));
  }
  finish(sums);
}

bool quern::simt::takesLinearTiles(KernelOp kernel, const Capabilities &chip) {
  auto roots = kernel.getBody().front().getOps<LinearOp>();
  const int64_t count = std::distance(roots.begin(), roots.end());
  return chip.tiles && chip.threads == 128 && chip.sharedBytes >= kStepBytes &&
         numberOfLinears(kernel) == Number::F32 &&
         kernel.getRole() == Role::Prompt && kernel.getRows() == RowsOf::Step &&
         count > 0 && count <= kPanels;
}

LogicalResult quern::simt::lowerLinearTiles(KernelBuilder &b) {
  auto roots = linearsOf(b);
  if (failed(roots))
    return failure();
  TileEmitter(b, std::move(*roots)).emit();
  return success();
}
