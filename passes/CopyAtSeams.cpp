//===- CopyAtSeams.cpp - What crosses from device to device ---------------===//
#include "mlir/Dialect/Func/IR/FuncOps.h"
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
    for (auto program : getOperation().getOps<func::FuncOp>()) {
      if (!program->hasAttr("quern.role") || program.isDeclaration())
        continue;
      DenseMap<std::pair<Value, unsigned>, Value> copied;
      for (auto stage : llvm::to_vector(program.getOps<StageOp>()))
        for (OpOperand &operand : stage->getOpOperands()) {
          auto maker = operand.get().getDefiningOp<StageOp>();
          unsigned device = deviceOf(stage);
          if (!maker || deviceOf(maker) == device)
            continue;
          Value &copy = copied[{operand.get(), device}];
          if (!copy) {
            if (!isActivations(operand.get().getType())) {
              stage.emitError("requires activations in f32 of another device");
              return signalPassFailure();
            }
            OpBuilder b(stage);
            copy = CopyOp::create(b, maker.getLoc(), maker.getNameAttr(),
                                  maker.getRowsAttr(), operand.get());
            setDevice(copy.getDefiningOp(), device);
          }
          operand.set(copy);
        }
    }
  }
};
} // namespace
