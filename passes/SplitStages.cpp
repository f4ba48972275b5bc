//===- SplitStages.cpp - Roots in two phases ------------------------------===//
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/IRMapping.h"
#include "passes/Passes.h"
#include "llvm/ADT/MapVector.h"

namespace quern {
#define GEN_PASS_DEF_SPLITSTAGES
#include "passes/Passes.h.inc"
} // namespace quern

using namespace mlir;
using namespace quern;

namespace {
/// Values of a stage, by those of the body that it was a part of.
using Inside = function_ref<Value(Value)>;

/// A phase of a stage, at `b`. Of what is read inside, `inputs` says what it is
/// outside; `body` makes what the phase yields.
StageOp makePhase(OpBuilder &b, StageOp whole,
                  ArrayRef<std::pair<Value, Value>> inputs, TypeRange results,
                  function_ref<SmallVector<Value>(OpBuilder &, Inside)> body) {
  SmallVector<Value> outside = llvm::map_to_vector(
      inputs, [](const std::pair<Value, Value> &p) { return p.second; });
  auto stage = StageOp::create(b, whole.getLoc(), results, whole.getNameAttr(),
                               whole.getRowsAttr(), outside);
  setDevice(stage, deviceOf(whole));
  OpBuilder inside = b;
  Block *block = inside.createBlock(&stage.getBody());
  DenseMap<Value, Value> values;
  for (auto [of, v] : inputs)
    values[of] = block->addArgument(v.getType(), v.getLoc());
  YieldOp::create(inside, whole.getLoc(),
                  body(inside, [&](Value v) { return values.lookup(v); }));
  return stage;
}

/// What ops of a stage's body read of its inputs: block argument, input.
SmallVector<std::pair<Value, Value>> inputsOf(StageOp stage,
                                              ArrayRef<Operation *> ops) {
  llvm::MapVector<Value, Value> inputs;
  for (Operation *op : ops)
    for (Value v : op->getOperands())
      if (auto argument = dyn_cast<BlockArgument>(v))
        inputs[v] = stage.getInputs()[argument.getArgNumber()];
  return llvm::to_vector(inputs.takeVector());
}

struct SplitStages : quern::impl::SplitStagesBase<SplitStages> {
  using SplitStagesBase::SplitStagesBase;

  void runOnOperation() override {
    if (attentionKeys < 0 || attentionParts < 2 || context < 1 ||
        linearTasks < 0 || linearColumns < 32 || linearColumns % 32) {
      getOperation().emitError("requires a context, two parts or more, a "
                               "multiple of 32 columns, and "
                               "no negative number of keys or tasks");
      return signalPassFailure();
    }
    for (auto program : getOperation().getOps<func::FuncOp>()) {
      auto role = program->getAttrOfType<RoleAttr>("quern.role");
      // Prompt rows are tasks enough.
      if (!role || role.getValue() != Role::Generated ||
          program.isDeclaration())
        continue;
      for (StageOp stage : llvm::to_vector(program.getOps<StageOp>())) {
        if (device >= 0 && device != deviceOf(stage))
          continue;
        if (isa<AttentionOp>(stage.getBody().front().front()))
          splitAttention(stage);
        else
          splitLinears(stage);
      }
    }
  }

private:
  /// stage { attention } => stage { attention_parts }, stage { merge_parts }
  void splitAttention(StageOp stage) {
    Block &body = stage.getBody().front();
    auto attention = cast<AttentionOp>(body.front());
    if (attentionKeys == 0 || body.getOperations().size() != 2)
      return;
    const int64_t keys =
        llvm::alignTo(llvm::divideCeil(context, attentionParts), attentionKeys);
    const int64_t parts = llvm::divideCeil(context, keys);
    // Of a short window all parts but a few would be empty.
    const int64_t window = attention.getCache().getType().getWindow();
    if (parts < 2 || (window > 0 && window <= 4 * keys))
      return;
    const int64_t size = attention.getCache().getType().getSize();
    const int64_t heads = columnsOf(attention.getQuery().getType()) / size;
    OpBuilder b(stage);
    Type type = activations(&getContext(), heads * parts * (size + 2));
    StageOp first = makePhase(
        b, stage, inputsOf(stage, {attention}), type,
        [&](OpBuilder &inside, Inside of) -> SmallVector<Value> {
          return {AttentionPartsOp::create(
              inside, attention.getLoc(), type, of(attention.getQuery()),
              of(attention.getCache()), of(attention.getStep()),
              attention.getScaleAttr(), attention.getSoftcapAttr(),
              b.getI64IntegerAttr(keys), b.getI64IntegerAttr(parts))};
        });
    Value made = attention.getResult();
    StageOp second =
        makePhase(b, stage, {{made, first.getOutputs()[0]}}, made.getType(),
                  [&](OpBuilder &inside, Inside of) -> SmallVector<Value> {
                    return {MergePartsOp::create(
                        inside, attention.getLoc(), made.getType(), of(made),
                        b.getI64IntegerAttr(parts), b.getI64IntegerAttr(size))};
                  });
    stage.replaceAllUsesWith(second);
    stage.erase();
  }

  /// Columns of a part of a product, or all of them.
  int64_t columnsOfPart(LinearOp linear) const {
    const int64_t columns = columnsOf(linear.getWeight().getType());
    const int64_t panels =
        llvm::divideCeil(rowsOfWeight(linear.getWeight().getType()), kLanes);
    const int64_t parts =
        std::min<int64_t>(llvm::divideCeil(int64_t(linearTasks), panels),
                          columns / linearColumns);
    // Where a super-scale ends, so that none is read in two parts.
    auto packed = dyn_cast<PanelsType>(linear.getWeight().getType());
    const int64_t unit = packed ? packed.getGroup().getSpan() : kStep;
    return parts < 2 ? columns
                     : llvm::alignTo(llvm::divideCeil(columns, parts), unit);
  }

  /// stage { linear.., epilogue } => stage { linear_parts.. },
  ///                                 stage { sum_parts.., epilogue }
  void splitLinears(StageOp stage) {
    Block &body = stage.getBody().front();
    SmallVector<Operation *> linears, others;
    for (Operation &op : body.without_terminator())
      (isa<LinearOp>(op) ? linears : others).push_back(&op);
    // Those of a stage have weights of one shape.
    if (linears.empty() || linearTasks == 0 ||
        !llvm::all_of(others, llvm::IsaPred<ElementwiseOpInterface>))
      return;
    auto one = cast<LinearOp>(linears.front());
    const int64_t all = columnsOf(one.getWeight().getType()),
                  columns = columnsOfPart(one);
    if (columns >= all)
      return;
    const int64_t parts = llvm::divideCeil(all, columns);
    OpBuilder b(stage);
    SmallVector<Type> types;
    for (Operation *op : linears)
      types.push_back(activations(
          &getContext(), parts * columnsOf(op->getResult(0).getType())));
    StageOp first =
        makePhase(b, stage, inputsOf(stage, linears), types,
                  [&](OpBuilder &inside, Inside of) {
                    SmallVector<Value> made;
                    for (auto [op, type] : llvm::zip_equal(linears, types))
                      made.push_back(LinearPartsOp::create(
                          inside, op->getLoc(), type, of(op->getOperand(0)),
                          of(op->getOperand(1)), b.getI64IntegerAttr(columns),
                          b.getI64IntegerAttr(parts)));
                    return made;
                  });
    SmallVector<std::pair<Value, Value>> inputs = inputsOf(stage, others);
    for (auto [op, v] : llvm::zip_equal(linears, first.getOutputs()))
      inputs.push_back({op->getResult(0), v});
    StageOp second = makePhase(
        b, stage, inputs, stage.getResultTypes(),
        [&](OpBuilder &inside, Inside of) {
          IRMapping map;
          for (auto [v, input] : inputs)
            map.map(v, of(v));
          for (Operation &op : body.without_terminator())
            if (isa<LinearOp>(op))
              map.map(op.getResult(0),
                      SumPartsOp::create(
                          inside, op.getLoc(), op.getResult(0).getType(),
                          of(op.getResult(0)), b.getI64IntegerAttr(parts)));
            else
              inside.clone(op, map);
          return llvm::map_to_vector(body.getTerminator()->getOperands(),
                                     [&](Value v) { return map.lookup(v); });
        });
    stage.replaceAllUsesWith(second);
    stage.erase();
  }
};
} // namespace
