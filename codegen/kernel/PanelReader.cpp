//===- PanelReader.cpp - Walking a packed matrix ----------------*- C++ -*-===//
#include "codegen/kernel/PanelReader.h"
#include "ir/tile/Tile.h"
#include "mlir/Dialect/Math/IR/Math.h"

using namespace mlir;
using namespace quern;

PanelReader::PanelReader(LoopBuilder &b, PanelsType type, Value memory)
    : b(b), group(type.getGroup()), shape(groupShape(group)),
      layout(layoutOf(shape)), memory(memory),
      panels(paddedRows(type.getRows()) / kLanes), columns(type.getColumns()),
      steps((columns + kStep - 1) / kStep),
      spans(paddedColumns(shape, columns) / shape.span),
      stepsPerSpan(shape.span / kStep) {}

int PanelReader::excess() const { return excessOf(shape); }
unsigned PanelReader::groupsPerStep() const {
  return tile::groupsPerStep(shape);
}

Value PanelReader::panel(Value number) {
  return b.mul(number, spans * int64_t(layout.record));
}
Value PanelReader::record(Value panelAt, Value span) {
  return b.add(panelAt, b.mul(span, layout.record));
}
Value PanelReader::codesAt(Value record, Value stepOfSpan) {
  return b.add(b.add(record, layout.codes),
               b.mul(stepOfSpan, layout.codesPerStep));
}

static VectorType floatsOf(LoopBuilder &b, Value lane) {
  return b.vec(lane ? 1 : kLanes, b.getF32Type());
}

PanelReader::Factors PanelReader::supers(Value record, Value lane) {
  Factors f;
  auto read = [&](bool offset, unsigned i) {
    return tile::LoadSuperOp::create(b, floatsOf(b, lane), memory, record, lane,
                                     offset, i, group);
  };
  for (unsigned i = 0; i < shape.superPerSpan; ++i) {
    f.scale.push_back(read(false, i));
    if (shape.offset)
      f.offset.push_back(read(true, i));
  }
  return f;
}

PanelReader::Factors PanelReader::factors(const Factors &supers, Value record,
                                          Value stepOfSpan, Value lane) {
  const unsigned perStep = groupsPerStep(),
                 perGroup = std::max(1u, shape.group / kStep);
  Factors f;
  for (unsigned g = 0; g < perStep; ++g) {
    Value number = b.add(b.mul(b.div(stepOfSpan, perGroup), perStep), g);
    // Several super-scales of a span: it is one step, and they share it evenly.
    const unsigned super = g * shape.superPerSpan / perStep;
    auto read = [&](Value s, bool offset) {
      return tile::FactorOp::create(b, s.getType(), s, memory, record, number,
                                    lane, offset, group);
    };
    f.scale.push_back(read(supers.scale[super], false));
    if (shape.offset)
      f.offset.push_back(read(supers.offset[super], true));
  }
  return f;
}

SmallVector<Value> PanelReader::packedCodes(Value at, Value lane) {
  SmallVector<Type> types(shape.codeBits,
                          b.vec(lane ? 4 : 4 * kLanes, b.getI8Type()));
  return tile::LoadCodesOp::create(b, types, memory, at, lane, group)
      .getResults();
}

SmallVector<Value> PanelReader::unpack(ValueRange packed) {
  SmallVector<Type> types(kStep / 4, packed[0].getType());
  return tile::UnpackCodesOp::create(b, types, packed, group).getResults();
}

void PanelReader::decode(Value panelAt, Value step, int64_t count,
                         function_ref<void(int64_t, Value)> column,
                         Value lane) {
  if (hasCodes())
    return decodeCodes(panelAt, step, count, column, lane);
  Value at = codesAt(record(panelAt, step), b.index(0));
  if (shape.order == PanelOrder::Lanes) {
    const unsigned bytes = codecBytes(shape.element);
    for (int64_t c = 0; c < count; ++c) {
      unsigned place = placeInLanes(kStep * bytes, unsigned(c) * bytes, 0);
      Value piece = b.add(at, place / 16 * 16);
      column(c, tile::LoadFloatsOp::create(b, floatsOf(b, lane), memory, piece,
                                           lane, place % 16, group));
    }
    return;
  }
  for (int64_t c = 0; c < count; ++c)
    column(c, tile::LoadFloatsOp::create(
                  b, floatsOf(b, lane), memory,
                  b.add(at, c * kLanes * codecBytes(shape.element)), lane,
                  /*byte=*/0, group));
}

void PanelReader::decodeCodes(Value panelAt, Value step, int64_t count,
                              function_ref<void(int64_t, Value)> column,
                              Value lane) {
  Value rec = record(panelAt, b.div(step, stepsPerSpan));
  Value inSpan = b.rem(step, stepsPerSpan);
  Factors f = factors(supers(rec, lane), rec, inSpan, lane);
  SmallVector<Value> slots = unpack(packedCodes(codesAt(rec, inSpan), lane));
  VectorType floats = floatsOf(b, lane);
  // scale * (u - excess) + offset as one fma. scale * excess is exact: scales
  // are products of 11 and at most 7 bits, the excess has at most 7.
  SmallVector<Value, 2> addends(f.scale.size());
  for (unsigned g = 0; g < f.scale.size(); ++g) {
    if (shape.offset)
      addends[g] = f.offset[g];
    if (!excess())
      continue;
    Value shift =
        arith::MulFOp::create(b, f.scale[g], b.splat(floats, -excess()));
    addends[g] = addends[g]
                     ? arith::AddFOp::create(b, addends[g], shift).getResult()
                     : shift;
  }
  const unsigned columnsPerGroup = kStep / groupsPerStep();
  for (int64_t c = 0; c < count; ++c) {
    const unsigned g = c / columnsPerGroup;
    Value u = tile::ColumnOp::create(b, floats, slots[c / 4], c % 4);
    column(c,
           addends[g]
               ? math::FmaOp::create(b, u, f.scale[g], addends[g]).getResult()
               : arith::MulFOp::create(b, u, f.scale[g]).getResult());
  }
}
