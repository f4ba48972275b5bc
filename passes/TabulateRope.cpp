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

/// Rows of cos and sin of a position times each frequency.
SmallVector<float, 0> tableOf(RopeOp rope, int64_t coarse) {
  int64_t pairs = rope.getDims() / 2;
  double base = rope.getBase()->convertToDouble();
  SmallVector<double> frequencies;
  for (int64_t i = 0; i < pairs; ++i)
    frequencies.push_back(std::pow(base, -double(i) / pairs));
  SmallVector<float, 0> values((kFine + coarse) * 2 * pairs);
  for (int64_t row = 0; row < kFine + coarse; ++row) {
    int64_t position = row < kFine ? row : (row - kFine) * kFine;
    float *at = &values[row * 2 * pairs];
    for (int64_t i = 0; i < pairs; ++i) {
      double angle = position * frequencies[i];
      if (rope.getFactors())
        angle /= (*rope.getFactors())[i];
      at[i] = std::cos(angle);
      at[pairs + i] = std::sin(angle);
    }
  }
  return values;
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
    DenseMap<std::tuple<int64_t, Attribute, Attribute>, Attribute> computed;
    int64_t coarse = (context + kFine - 1) / kFine;
    module.walk([&](RopeOp rope) {
      if (rope.getTable())
        return;
      auto type = RankedTensorType::get(
          {kFine + coarse, int64_t(rope.getDims())}, b.getF32Type());
      Attribute &values = computed[{rope.getDims(), rope.getBaseAttr(),
                                    rope.getFactorsAttr()}];
      if (!values)
        values = DenseElementsAttr::get<float>(type, tableOf(rope, coarse));
      StringAttr &symbol = made[values];
      if (!symbol) {
        auto name = b.getStringAttr("rope." + Twine(made.size() - 1));
        auto constant =
            ConstantOp::create(b, NameLoc::get(name), name,
                               cast<ElementsAttr>(values), IntegerAttr());
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
