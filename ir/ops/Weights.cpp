//===- Weights.cpp - Symbols of a model
//------------------------------------===//
#include "ir/Quern.h"

using namespace mlir;
using namespace quern;

LogicalResult GetOp::verifySymbolUses(SymbolTableCollection &symbols) {
  Operation *op = symbols.lookupNearestSymbolFrom(*this, getSymbolAttr());
  Type type;
  if (auto weight = dyn_cast_or_null<WeightOp>(op))
    type = weight.getType();
  else if (auto constant = dyn_cast_or_null<ConstantOp>(op))
    type = constant.getValue().getType();
  else if (auto cache = dyn_cast_or_null<KvCacheOp>(op))
    type = cache.getType();
  else // C1
    return emitOpError("requires a weight, constant or KV cache called '")
           << getSymbol() << "'";
  if (type != getResult().getType()) // C2
    return emitOpError("requires a result of type ") << type;
  return success();
}
