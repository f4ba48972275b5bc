//===- Embed.cpp - Rows of the embedding ------------------------*- C++ -*-===//
//
//     y[r] = scale * table[tokens[r]]
//
// The table lies in panels like any other weight, so that an output layer can
// share it. A row is one lane of a panel: tile ops with `lane` read that alone.
// Workers share rows.
//
//===----------------------------------------------------------------------===//
#include "codegen/kernel/PanelReader.h"
#include "ir/tile/Tile.h"
#include "mlir/Dialect/Math/IR/Math.h"

using namespace mlir;
using namespace quern;
using namespace quern::cpu;

bool quern::cpu::takesEmbed(KernelOp kernel) {
  Operation &op = kernel.getBody().front().front();
  return isa<EmbedOp>(op) &&
         op.getNextNode()->hasTrait<OpTrait::IsTerminator>();
}

namespace {
class Embedder {
public:
  Embedder(KernelBuilder &b, EmbedOp op)
      : b(b), w(b.panels(op.getTable())), y(b.result(0)),
        scale(op.getScale().convertToFloat()) {}

  void row(Value r, Value token);

private:
  void floats(Value r, Value panelAt, Value lane);
  void codes(Value r, Value panelAt, Value lane);
  void step(Value r, Value record, Value s, Value number, Value lane,
            const PanelReader::Factors &supers);

  KernelBuilder &b;
  PanelReader w;
  Value y;
  float scale;
};

void Embedder::row(Value r, Value token) {
  Value panelAt = w.panel(b.div(token, kLanes)), lane = b.rem(token, kLanes);
  w.hasCodes() ? codes(r, panelAt, lane) : floats(r, panelAt, lane);
}

void Embedder::floats(Value r, Value panelAt, Value lane) {
  VectorType one = b.vec(1, b.getF32Type());
  const int64_t columnBytes = kLanes * codecBytes(w.shape.element);
  b.loop(b.index(0), b.index(w.columns), 1, [&](Value c) {
    Value v = tile::LoadFloatsOp::create(
        b, one, w.memory, b.add(panelAt, b.mul(c, columnBytes)), lane, /*byte=*/0,
        w.group);
    b.store(arith::MulFOp::create(b, v, b.splat(one, scale)), y, {r, c});
  });
}

void Embedder::codes(Value r, Value panelAt, Value lane) {
  b.loop(b.index(0), b.index(w.spans), 1, [&](Value n) {
    Value record = w.record(panelAt, n), first = b.mul(n, w.stepsPerSpan);
    PanelReader::Factors supers = w.supers(record, lane);
    Value count =
        b.min(b.index(w.stepsPerSpan), b.sub(b.index(w.steps), first));
    b.loop(b.index(0), count, 1,
           [&](Value s) { step(r, record, s, b.add(first, s), lane, supers); });
  });
}

/// All columns of step `s` of a record, step `number` of the row. Columns of
/// the matrix's padding lie in the row's.
void Embedder::step(Value r, Value record, Value s, Value number, Value lane,
                    const PanelReader::Factors &supers) {
  SmallVector<Value> slots =
      w.unpack(w.packedCodes(w.codesAt(record, s), lane));
  PanelReader::Factors f = w.factors(supers, record, s, lane);
  const int64_t groups = w.groupsPerStep(), columns = kStep / groups;
  VectorType floats = b.vec(columns, b.getF32Type()),
             ints = b.vec(columns, b.getI32Type());
  for (int64_t g = 0; g < groups; ++g) {
    Value dwords = b.splat(b.vec(columns / 4, b.getI32Type()), 0);
    for (int64_t i = 0; i < columns / 4; ++i) {
      Value four = vector::BitCastOp::create(b, b.vec(1, b.getI32Type()),
                                             slots[g * columns / 4 + i]);
      dwords = vector::InsertOp::create(
          b, Value(vector::ExtractOp::create(b, four, int64_t(0))), dwords, i);
    }
    Value u =
        vector::BitCastOp::create(b, b.vec(columns, b.getI8Type()), dwords);
    u = arith::ExtUIOp::create(b, ints, u);
    if (w.excess())
      u = arith::SubIOp::create(b, u, b.splat(ints, w.excess()));
    Value v = arith::SIToFPOp::create(b, floats, u);
    Value factor = b.broadcast(floats, f.scale[g]);
    v = w.shape.offset ? math::FmaOp::create(b, v, factor,
                                             b.broadcast(floats, f.offset[g]))
                             .getResult()
                       : arith::MulFOp::create(b, v, factor).getResult();
    v = arith::MulFOp::create(b, v, b.splat(floats, scale));
    b.store(v, y, {r, b.add(b.mul(number, kStep), g * columns)});
  }
}
} // namespace

LogicalResult quern::cpu::lowerEmbed(KernelBuilder &b) {
  auto op = cast<EmbedOp>(b.body().front());
  if (!isa<PanelsType>(op.getTable().getType()))
    return op.emitOpError("requires a packed table");
  b.choose("a row");
  b.because("a token's row is one lane of a panel, and is read alone");
  Embedder embedder(b, op);
  Value tokens = b.memory(op.getTokens());
  auto [from, to] = b.share(b.rows);
  b.loop(from, to, 1,
         [&](Value r) { embedder.row(r, b.loadIndex(tokens, r)); });
  return success();
}
