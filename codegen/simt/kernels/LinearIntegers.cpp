//===- LinearIntegers.cpp - Products with packed weights, integer rows ----===//
//
// By slices (SlicedLinear.h): a thread takes its weight row's codes of a step apart
// into bytes and multiplies those with the rows' integers, four columns at a time
// (RowIntegers.h). Of a row's record it loads the codes in four pieces of 16 bytes, the
// same ones as the fifteen threads beside it, and one or two pieces of scales. Against
// the kernel of f32 rows, for a step of 4-bit codes with a scale and a bias of each 32
// columns, without addresses:
//
//                              integers                    f32
//     codes, once a step       7 shifts, 8 masks           the same, and of 32 columns
//                                                          a shift, a mask, a conversion
//                                                          and a multiply-add each
//     loads of a row           6 of 16 bytes               32 of 4 bytes
//     products of a row        16 dot products that add    32 multiply-adds
//     scales of a row          a shift and an add,         -
//                              a conversion, two products
//                              and a multiply-add
//
// So a row is 28 instructions instead of 64, and a step has 15 instead of about 140 to
// begin with. Where a chip has no dot product of unsigned with signed bytes its driver
// takes it apart into four products. Rows of 8 bits have half of these dot products.
//
//===----------------------------------------------------------------------===//
#include "codegen/kernel/RowIntegers.h"
#include "codegen/simt/SlicedLinear.h"
#include "ir/RowRecord.h"

using namespace mlir;
using namespace quern;
using namespace quern::simt;

namespace {
class IntegerEmitter : public SlicedLinear {
public:
  IntegerEmitter(KernelBuilder &b, SmallVector<Linear> roots, Number kind)
      : SlicedLinear(b, std::move(roots)), kind(kind) {}

private:
  void addSteps(PanelReader &w, size_t root) override;
  SmallVector<Value> loadPieces(Value record, Value rowInBlock);

  const Number kind;
};
} // namespace

/// A row's codes and scales of a step, 16 bytes each; those that nobody asks for go
/// away again.
SmallVector<Value> IntegerEmitter::loadPieces(Value record, Value rowInBlock) {
  using namespace rowRecord;
  SmallVector<Value> pieces;
  auto load = [&](Value from, int64_t bytes) {
    for (int64_t at = 0; at < bytes; at += 16)
      pieces.push_back(vector::LoadOp::create(b, b.vec(16, b.getI8Type()),
                                              input, b.add(from, at)));
  };
  load(b.add(record, b.mul(rowInBlock, kCodes)), kCodes);
  load(b.add(b.add(record, kScalesAt), b.mul(rowInBlock, kScales)), kScales);
  return pieces;
}

void IntegerEmitter::addSteps(PanelReader &w, size_t root) {
  using namespace rowRecord;
  Value panelAt = w.panel(b.placeOfPanel(b.panel));
  b.loop(b.add(firstStep, slice), endStep, slices, [&](Value step) {
    Value record = w.record(panelAt, b.div(step, w.stepsPerSpan));
    Value inSpan = b.rem(step, w.stepsPerSpan);
    PanelReader::Factors factors =
        w.factors(w.supers(record, lane), record, inSpan, lane);
    SmallVector<Value> codes =
        w.unpack(w.packedCodes(w.codesAt(record, inSpan), lane));
    eachSum(root, [&](Value r, Value sum) -> Value {
      Value row = b.add(firstRow, r);
      Value number = b.add(b.mul(b.div(row, kRows), w.steps), step);
      SmallVector<Value> pieces =
          loadPieces(b.mul(number, kBytes), b.rem(row, kRows));
      auto numberOf = [&](VectorType type, size_t, int64_t byte) -> Value {
        Value four = vector::ExtractStridedSliceOp::create(
            b, pieces[size_t(byte / 16)], ArrayRef<int64_t>{byte % 16},
            ArrayRef<int64_t>{4}, ArrayRef<int64_t>{1});
        return vector::BitCastOp::create(b, type, four);
      };
      Value one = b.broadcast(b.vec(1, b.getF32Type()), sum);
      addIntegerStep(w, kind, codes, factors, numberOf, {}, one);
      return vector::ExtractOp::create(b, one, int64_t(0));
    });
  });
}

bool quern::simt::takesLinearIntegers(KernelOp kernel, const Capabilities &) {
  std::optional<Number> number = numberOfLinears(kernel);
  return number == Number::I16 || number == Number::I8;
}

LogicalResult quern::simt::lowerLinearIntegers(KernelBuilder &b) {
  auto roots = linearsOf(b);
  if (failed(roots))
    return failure();
  for (const Linear &root : *roots)
    if (!b.panels(root.weight).hasCodes())
      return root.op->emitOpError(
          "requires weights of integer codes for integer rows");
  IntegerEmitter(b, std::move(*roots), *numberOfLinears(b.kernel)).emit();
  return success();
}
