//===- Structure.cpp - Stages, kernels, launches --------------------------===//
#include "ir/Quern.h"
#include "mlir/Interfaces/FunctionInterfaces.h"

using namespace mlir;
using namespace quern;

static LogicalResult verifyTypes(Operation *op, TypeRange have, TypeRange want,
                                 StringRef what) {
  if (have == want)
    return success();
  return op->emitOpError("requires ") << what;
}

static LogicalResult verifyRows(Operation *op, RowsOf rows, TypeRange types) {
  if (rows == RowsOf::Logits && llvm::any_of(types, llvm::IsaPred<StepType>))
    return op->emitOpError("requires no step where rows are those of logits");
  return success();
}

LogicalResult StageOp::verify() {
  Block &block = getBody().front();
  if (failed(verifyTypes(*this, block.getArgumentTypes(),
                         getInputs().getTypes(),
                         "block arguments of the operands' types")))
    return failure();
  auto yield =
      dyn_cast_or_null<YieldOp>(block.empty() ? nullptr : &block.back());
  if (!yield)
    return emitOpError("requires a body that ends in quern.yield");
  if (failed(verifyTypes(*this, yield.getValues().getTypes(),
                         getOutputs().getTypes(),
                         "yielded values of the results' types")))
    return failure();
  return verifyRows(*this, getRows(), getInputs().getTypes()); // C3
}

LogicalResult KernelOp::verify() {
  Block &block = getBody().front();
  if (block.empty() || !isa<YieldOp>(block.back())) // C1
    return emitOpError("requires a body that ends in quern.yield");
  return verifyRows(*this, getRows(), block.getArgumentTypes()); // C2
}

LogicalResult CopyOp::verify() {
  Operation *maker = getInput().getDefiningOp();
  if (isa_and_nonnull<StageOp, LaunchOp>(maker) &&
      deviceOf(maker) != deviceOf(*this)) // C1
    return success();
  return emitOpError(
      "requires what a stage or launch of another device has made");
}

LogicalResult LaunchOp::verify() {
  if (getOffsets() && getOffsets()->size() != getOutputs().size()) // C4
    return emitOpError("requires an offset for each result");
  return success();
}

/// The arguments of a kernel leave out what a launch passes as constants.
LogicalResult LaunchOp::verifySymbolUses(SymbolTableCollection &symbols) {
  Operation *callee = symbols.lookupNearestSymbolFrom(*this, getKernelAttr());
  if (isa_and_nonnull<FunctionOpInterface>(callee)) // lowered
    return success();
  auto kernel = dyn_cast_or_null<KernelOp>(callee);
  if (!kernel) // C1
    return emitOpError("requires a quern.kernel called '")
           << getKernel() << "'";
  TypeRange wanted = kernel.getBody().front().getArgumentTypes();
  if (wanted.size() != getInputs().size())
    return emitOpError("requires ") << wanted.size() << " operands";
  for (auto [index, want, have] :
       llvm::enumerate(wanted, getInputs().getTypes())) {
    auto kv = dyn_cast<KvType>(have);
    if (want != have && !(kv && want == kv.ofAnyWindow()))
      return emitOpError("requires operand ") << index << " of type " << want;
  }
  auto yield = cast<YieldOp>(kernel.getBody().front().getTerminator());
  return verifyTypes(*this, getOutputs().getTypes(), // C3
                     yield.getValues().getTypes(),
                     "results of the types that the kernel yields");
}
