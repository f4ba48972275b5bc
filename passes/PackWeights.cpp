//===- PackWeights.cpp - How weights are stored in the artifact
//------------===//
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
  void runOnOperation() override {
    SymbolTable symbols(getOperation());
    DenseMap<Operation *, bool> streamed; // by a linear or an embedding
    getOperation().walk([&](GetOp get) {
      if (auto weight = symbols.lookup<WeightOp>(get.getSymbol()))
        for (Operation *user : get.getResult().getUsers())
          streamed[weight] |= isa<LinearOp, EmbedOp>(user);
    });
    for (auto weight : getOperation().getOps<WeightOp>())
      if (failed(pack(weight, streamed.lookup(weight))))
        return signalPassFailure();
    getOperation().walk([&](GetOp get) {
      if (auto weight = symbols.lookup<WeightOp>(get.getSymbol()))
        get.getResult().setType(weight.getType());
    });
  }

  LogicalResult pack(WeightOp op, bool streamed) {
    auto type = dyn_cast<WeightType>(op.getType());
    if (!type)
      return success();
    Type packed;
    if (!streamed) {
      if (type.getRows() != 1)
        return op.emitOpError(
            "requires a vector where nothing multiplies with it");
      packed = RankedTensorType::get({type.getColumns()},
                                     Float32Type::get(&getContext()));
    } else {
      const Format *format = findFormat(type.getFormat().str());
      if (!format || !hasKernel(*format))
        return op.emitOpError("requires a format with kernels; '")
               << type.getFormat() << "' can only be decoded";
      packed = PanelsType::get(&getContext(), type.getRows(), type.getColumns(),
                               groupAttr(&getContext(), shapeOf(*format)));
    }
    op.setTypeAttr(TypeAttr::get(packed));
    return success();
  }
};
} // namespace
