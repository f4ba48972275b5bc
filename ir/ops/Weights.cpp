//===- Weights.cpp - Symbols of a model -----------------------------------===//
#include "ir/Quern.h"

using namespace mlir;
using namespace quern;

LogicalResult ConstantOp::verify() {
  auto values = dyn_cast<DenseElementsAttr>(getValue());
  unsigned bits = values && values.getElementType().isIntOrFloat()
                      ? values.getElementType().getIntOrFloatBitWidth()
                      : 0;
  if (bits != 8 && bits != 16 && bits != 32 && bits != 64) // C1
    return emitOpError("requires dense numbers of whole bytes");
  return success();
}

LogicalResult KvCacheOp::verify() {
  if (getGroup().has_value() != getIndex().has_value() ||
      getGroup().value_or(0) > (1 << 20) ||
      getIndex().value_or(0) > (1 << 20)) // C1
    return emitOpError("requires a group and an index, or neither");
  return success();
}

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
