//===- Structure.cpp - Stages, kernels, launches
//---------------------------===//
#include "ir/Quern.h"

using namespace mlir;
using namespace quern;

static LogicalResult verifyTypes(Operation *op, TypeRange have, TypeRange want,
                                 StringRef what) {
  if (have == want)
    return success();
  return op->emitOpError("requires ") << what;
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
  return verifyTypes(*this, yield.getValues().getTypes(),
                     getOutputs().getTypes(),
                     "yielded values of the results' types");
}

/// The arguments of a kernel leave out what a launch passes as constants.
LogicalResult LaunchOp::verifySymbolUses(SymbolTableCollection &symbols) {
  auto kernel =
      symbols.lookupNearestSymbolFrom<KernelOp>(*this, getKernelAttr());
  if (!kernel)
    return emitOpError("requires a quern.kernel called '")
           << getKernel() << "'";
  TypeRange wanted = kernel.getBody().front().getArgumentTypes();
  if (wanted.size() != getInputs().size())
    return emitOpError("requires ") << wanted.size() << " operands";
  for (auto [index, want, have] :
       llvm::enumerate(wanted, getInputs().getTypes())) {
    auto kv = dyn_cast<KvType>(have);
    // A window is a constant of the launch: one kernel serves all of them.
    Type plain = !kv ? have
                     : KvType::get(getContext(), kv.getHeads(), kv.getSize(), 0,
                                   kv.getStored(), kv.getPage());
    if (want != have && want != plain)
      return emitOpError("requires operand ") << index << " of type " << want;
  }
  return success();
}
