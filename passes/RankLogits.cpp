//===- RankLogits.cpp - The best of each row of logits --------------------===//
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "passes/Passes.h"

namespace quern {
#define GEN_PASS_DEF_RANKLOGITS
#include "passes/Passes.h.inc"
} // namespace quern

using namespace mlir;
using namespace quern;

namespace {
struct RankLogits : quern::impl::RankLogitsBase<RankLogits> {
  using RankLogitsBase::RankLogitsBase;

  void runOnOperation() override {
    if (k < 1 || part < k || lists < 2) {
      getOperation().emitError("requires a k from 1 to the part, and two lists "
                               "that become one");
      return signalPassFailure();
    }
    for (auto program : getOperation().getOps<func::FuncOp>())
      if (program->hasAttr("quern.role") && !program.isDeclaration())
        rank(program);
  }

private:
  void rank(func::FuncOp program) {
    Operation *end = program.getBody().front().getTerminator();
    Operation *maker = end->getNumOperands() == 1
                           ? end->getOperand(0).getDefiningOp()
                           : nullptr;
    constexpr int64_t most = int64_t(1) << 24; // that quern.top_k counts to
    if (!maker || (device >= 0 && deviceOf(maker) != device) ||
        !isActivations(end->getOperand(0).getType()) ||
        columnsOf(end->getOperand(0).getType()) >= most)
      return;
    Value logits = end->getOperand(0), best = bestOf(logits, end);
    OpBuilder b(end);
    Value all = ReadBackOp::create(b, named("logits", logits), logits);
    setDevice(all.getDefiningOp(), deviceOf(maker));
    end->setOperands({all, best});
    program.setType(FunctionType::get(&getContext(), program.getArgumentTypes(),
                                      end->getOperandTypes()));
  }

  /// Lists of parts, and of those one.
  Value bestOf(Value logits, Operation *end) {
    OpBuilder b(end);
    const int64_t columns = columnsOf(logits.getType());
    const int64_t most = std::min<int64_t>(k, columns);
    int64_t count = llvm::divideCeil(columns, part);
    Value best = TopKOp::create(b, named("top_k", logits),
                                activations(&getContext(), count * 2 * most),
                                logits, uint64_t(most), uint64_t(part));
    setDevice(best.getDefiningOp(), deviceOf(logits.getDefiningOp()));
    while (count > 1) {
      count = llvm::divideCeil(count, lists);
      best = MergeTopKOp::create(b, named("merge_top_k", logits),
                                 activations(&getContext(), count * 2 * most),
                                 best, uint64_t(most), uint64_t(lists));
      setDevice(best.getDefiningOp(), deviceOf(logits.getDefiningOp()));
    }
    return best;
  }

  /// What stages are called after.
  Location named(StringRef name, Value logits) {
    return NameLoc::get(StringAttr::get(&getContext(), name), logits.getLoc());
  }
};
} // namespace
