//===- TabulateRope.cpp - The angles of rotary embeddings -----------------===//
#include "passes/Passes.h"
#include <cmath>

namespace quern {
#define GEN_PASS_DEF_TABULATEROPE
#include "passes/Passes.h.inc"
} // namespace quern

using namespace mlir;
using namespace quern;

namespace {
constexpr int64_t kFine = 64; // positions of the fine half of the table

/// cos and sin of `position` times each frequency.
void fillRow(RopeOp rope, int64_t position, float *row) {
  int64_t pairs = rope.getDims() / 2;
  double base = rope.getBase()->convertToDouble();
  for (int64_t i = 0; i < pairs; ++i) {
    double angle = position * std::pow(base, -double(i) / pairs);
    if (rope.getFactors())
      angle /= (*rope.getFactors())[i];
    row[i] = std::cos(angle);
    row[pairs + i] = std::sin(angle);
  }
}

/// A table operand for every rope, in place of what it was computed from: so
/// that layers whose angles differ in nothing else share a kernel.
///
///     rope %x, %step {base = ..} => rope %x, %step table %t
struct TabulateRope : quern::impl::TabulateRopeBase<TabulateRope> {
  using TabulateRopeBase::TabulateRopeBase;

  void runOnOperation() override {
    ModuleOp module = getOperation();
    OpBuilder b(module.getBodyRegion());
    SymbolTable symbols(module);
    DenseMap<Attribute, StringAttr> made; // values -> symbol
    module.walk([&](RopeOp rope) {
      if (rope.getTable())
        return;
      int64_t coarse = (context + kFine - 1) / kFine;
      auto type = RankedTensorType::get(
          {kFine + coarse, int64_t(rope.getDims())}, b.getF32Type());
      std::vector<float> values(type.getNumElements());
      for (int64_t row = 0; row < kFine + coarse; ++row)
        fillRow(rope, row < kFine ? row : (row - kFine) * kFine,
                &values[row * rope.getDims()]);
      auto dense = DenseElementsAttr::get(type, ArrayRef<float>(values));
      StringAttr &symbol = made[dense];
      if (!symbol) {
        auto name = b.getStringAttr("rope." + Twine(made.size() - 1));
        auto constant = ConstantOp::create(b, NameLoc::get(name), name, dense,
                                           IntegerAttr());
        constant->remove();
        symbol = symbols.insert(constant, module.getBody()->begin());
      }
      OpBuilder at(rope);
      Value table = GetOp::create(at, rope.getLoc(), type,
                                  FlatSymbolRefAttr::get(symbol));
      rope.getTableMutable().assign(table);
      rope.removeBaseAttr();
      rope.removeFactorsAttr();
    });
  }
};
} // namespace
