//===- CopyAtSeams.cpp - What crosses from device to device ---------------===//
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "passes/CacheOf.h"
#include "passes/Passes.h"

namespace quern {
#define GEN_PASS_DEF_COPYATSEAMS
#include "passes/Passes.h.inc"
} // namespace quern

using namespace mlir;
using namespace quern;

namespace {
struct CopyAtSeams : quern::impl::CopyAtSeamsBase<CopyAtSeams> {
  void runOnOperation() override {
    deviceOfCache.clear();
    for (auto program : getOperation().getOps<func::FuncOp>()) {
      if (!program->hasAttr("quern.role") || program.isDeclaration())
        continue;
      copied.clear();
      for (auto stage : llvm::to_vector(program.getOps<StageOp>()))
        for (OpOperand &operand : stage->getOpOperands())
          if (failed(bring(operand, stage)))
            return signalPassFailure();
    }
  }

private:
  /// Has the stage read a copy where another device made the operand.
  LogicalResult bring(OpOperand &operand, StageOp stage) {
    unsigned device = deviceOf(stage);
    Value value = operand.get();
    if (isa<KvType>(value.getType())) {
      auto [known, added] = deviceOfCache.try_emplace(cacheOf(value), device);
      if (known->second != device)
        return stage.emitError("requires a KV cache that no other device uses");
    }
    auto maker = value.getDefiningOp<StageOp>();
    if (!maker || deviceOf(maker) == device)
      return success();
    if (!isActivations(value.getType()))
      return stage.emitError("requires activations in f32 of another device");
    Value &copy = copied[{value, device}];
    if (!copy) {
      OpBuilder b(stage);
      copy = CopyOp::create(b, maker.getLoc(), maker.getNameAttr(),
                            maker.getRowsAttr(), value);
      setDevice(copy.getDefiningOp(), device);
    }
    operand.set(copy);
    return success();
  }

  DenseMap<std::pair<Value, unsigned>, Value> copied; // in a program
  DenseMap<Cache, unsigned> deviceOfCache;            // in both
};
} // namespace
