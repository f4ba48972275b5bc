//===- PackWeights.cpp - How weights are stored in the artifact -----------===//
#include "ir/Panel.h"
#include "passes/Passes.h"

namespace quern {
#define GEN_PASS_DEF_PACKWEIGHTS
#include "passes/Passes.h.inc"
} // namespace quern

using namespace mlir;
using namespace quern;

namespace {
/// Panels for what linears and embeddings read, f32 vectors for the rest.
///
///     weight @w : !quern.weight<576 x 576, "q4_1">
///       => weight @w : !quern.panels<576 x 576, <codes = 4, ...>>
struct PackWeights : quern::impl::PackWeightsBase<PackWeights> {
  using PackWeightsBase::PackWeightsBase;

  void runOnOperation() override {
    SymbolTable symbols(getOperation());
    DenseMap<Operation *, Readers> readers;
    getOperation().walk([&](GetOp get) {
      if (auto weight = symbols.lookup<WeightOp>(get.getSymbol()))
        for (Operation *user : get.getResult().getUsers())
          (isa<LinearOp, EmbedOp>(user) ? readers[weight].matrix
                                        : readers[weight].vector) = true;
    });
    for (auto weight : getOperation().getOps<WeightOp>())
      if ((device < 0 || device == deviceOf(weight)) &&
          failed(pack(weight, readers.lookup(weight))))
        return signalPassFailure();
    getOperation().walk([&](GetOp get) {
      if (auto weight = symbols.lookup<WeightOp>(get.getSymbol()))
        get.getResult().setType(weight.getType());
    });
  }

  /// What a weight is read as: by linears and embeddings, and by others.
  struct Readers {
    bool matrix = false, vector = false;
  };

  LogicalResult pack(WeightOp op, Readers readers) {
    auto type = dyn_cast<WeightType>(op.getType());
    if (!type)
      return success();
    const Format *format = findFormat(type.getFormat().str());
    if (!format)
      return op.emitOpError("requires a known format; '")
             << type.getFormat() << "' is none";
    if (readers.matrix && readers.vector)
      return op.emitOpError(
          "requires readers that all multiply with it, or none that does");
    Type packed;
    if (!readers.matrix) {
      if (type.getRows() != 1)
        return op.emitOpError(
            "requires a vector where nothing multiplies with it");
      packed = RankedTensorType::get({type.getColumns()},
                                     Float32Type::get(&getContext()));
    } else {
      if (!hasKernel(*format))
        return op.emitOpError("requires a format with kernels; '")
               << type.getFormat() << "' can only be decoded";
      packed = PanelsType::get(&getContext(), type.getRows(), type.getColumns(),
                               groupAttr(&getContext(), shapeOf(*format, order)));
    }
    op.setTypeAttr(TypeAttr::get(packed));
    return success();
  }
};
} // namespace
