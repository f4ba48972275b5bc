//===- Tile.cpp - The tile dialect ------------------------------*- C++ -*-===//
//
// Verifiers; constraints are numbered as in the descriptions.
//
//===----------------------------------------------------------------------===//
#include "ir/tile/Tile.h"
#include "mlir/IR/DialectImplementation.h"
#include <algorithm>

using namespace mlir;
using namespace quern;
using namespace quern::tile;

#include "ir/tile/TileDialect.cpp.inc"
#define GET_OP_CLASSES
#include "ir/tile/TileOps.cpp.inc"

void TileDialect::initialize() {
  addOperations<
#define GET_OP_LIST
#include "ir/tile/TileOps.cpp.inc"
      >();
}

static bool hasCodes(GroupAttr group) { return group.getElement() < 0; }

static int64_t lanesOf(Type t) { return cast<VectorType>(t).getDimSize(0); }

/// Lanes of a result that is read from a panel.
static int64_t lanesRead(Value lane) { return lane ? 1 : kLanes; }

LogicalResult LoadCodesOp::verify() {
  if (!hasCodes(getGroup())) // C1
    return emitOpError("requires a group with codes");
  if (getPacked().size() != getGroup().getCodes()) // C2
    return emitOpError("requires one result for each bit of a code");
  for (Type t : getPacked().getTypes())
    if (lanesOf(t) != 4 * lanesRead(getLane())) // C3
      return emitOpError("requires results of ")
             << 4 * lanesRead(getLane()) << " bytes";
  return success();
}

LogicalResult UnpackCodesOp::verify() {
  if (!hasCodes(getGroup())) // C1
    return emitOpError("requires a group with codes");
  if (getPacked().size() != getGroup().getCodes()) // C2
    return emitOpError("requires one operand for each bit of a code");
  if (getSlots().size() != kStep / 4) // C3
    return emitOpError("requires eight results");
  auto types =
      llvm::concat<const Type>(getPacked().getTypes(), getSlots().getTypes());
  for (Type t : types)
    if (t != *types.begin() ||
        (lanesOf(t) != 4 * kLanes && lanesOf(t) != 4)) // C4
      return emitOpError("requires operands and results of one type, "
                         "vector<64xi8> or vector<4xi8>");
  return success();
}

/// `%a, %b of #group : type`; the type is that of all operands and results.
ParseResult UnpackCodesOp::parse(OpAsmParser &parser, OperationState &state) {
  SmallVector<OpAsmParser::UnresolvedOperand> operands;
  GroupAttr group;
  Type type;
  if (parser.parseOperandList(operands) || parser.parseKeyword("of") ||
      parser.parseCustomAttributeWithFallback(group, Type(), "group",
                                              state.attributes) ||
      parser.parseOptionalAttrDict(state.attributes) ||
      parser.parseColonType(type) ||
      parser.resolveOperands(operands, type, state.operands))
    return failure();
  state.addTypes(SmallVector<Type>(kStep / 4, type));
  return success();
}

void UnpackCodesOp::print(OpAsmPrinter &printer) {
  printer << ' ' << getPacked() << " of ";
  printer.printStrippedAttrOrType(getGroup());
  printer.printOptionalAttrDict((*this)->getAttrs(), {"group"});
  printer << " : " << getSlots().front().getType();
}

/// Whether the group has the scale, or the offset, that an op asks for.
template <typename Op> static LogicalResult verifyFactor(Op op) {
  if (!hasCodes(op.getGroup())) // C1
    return op.emitOpError("requires a group with codes");
  if (op.getOffset() && !op.getGroup().getOffset()) // C1
    return op.emitOpError("requires a group with an offset");
  return success();
}

template <typename Op> static LogicalResult verifyLanes(Op op) {
  if (lanesOf(op.getResult().getType()) != lanesRead(op.getLane()))
    return op.emitOpError("requires a result of ")
           << lanesRead(op.getLane()) << " lanes";
  return success();
}

LogicalResult LoadSuperOp::verify() {
  if (failed(verifyFactor(*this))) // C1
    return failure();
  if (getIndex() >= getGroup().getSupers()) // C2
    return emitOpError("requires an index less than the supers of a span");
  return verifyLanes(*this); // C3
}

LogicalResult FactorOp::verify() {
  if (failed(verifyFactor(*this))) // C1
    return failure();
  return verifyLanes(*this); // C2
}

LogicalResult LoadFloatsOp::verify() {
  if (hasCodes(getGroup())) // C1
    return emitOpError("requires a group of floats");
  return verifyLanes(*this); // C2
}

LogicalResult PrefetchOp::verify() {
  if (getBytes() == 0 || int64_t(getBytes()) < 0) // C1
    return emitOpError("requires a positive number of bytes");
  return success();
}

LogicalResult DotI8Op::verify() {
  if (lanesOf(getCodes().getType()) != 4 * lanesOf(getSum().getType())) // C1
    return emitOpError("requires four bytes for each lane of the sum");
  if (getMost() < 1 || getMost() > 255) // C2
    return emitOpError("requires a most of 1 to 255");
  return success();
}

LogicalResult DotI16Op::verify() {
  if (lanesOf(getA().getType()) != 2 * lanesOf(getSum().getType())) // C1
    return emitOpError("requires two words for each lane of the sum");
  return success();
}

LogicalResult DotI8WordsOp::verify() {
  if (lanesOf(getCodes().getType()) != 2 * lanesOf(getSum().getType())) // C1
    return emitOpError("requires two bytes for each lane of the sum");
  return success();
}

LogicalResult DotBF16Op::verify() {
  if (lanesOf(getA().getType()) != 2 * lanesOf(getSum().getType())) // C1
    return emitOpError("requires two numbers for each lane of the sum");
  return success();
}

LogicalResult MatmulBF16Op::verify() {
  if (int64_t(getTiles()) < 1 || getTiles() > getOf()) // C1
    return emitOpError("requires a positive number of tiles, no more than ")
           << getOf();
  return success();
}

LogicalResult LookupOp::verify() {
  if (getTable().empty() || getTable().size() > 16) // C1
    return emitOpError("requires a table of 1 to 16 entries");
  return success();
}

LogicalResult ColumnOp::verify() {
  if (getByte() > 3) // C1
    return emitOpError("requires a byte from 0 to 3");
  if (lanesOf(getSlot().getType()) != 4 * lanesOf(getResult().getType())) // C2
    return emitOpError("requires four bytes for each lane of the result");
  return success();
}

LogicalResult ToBF16Op::verify() {
  if (lanesOf(getResult().getType()) != 2 * lanesOf(getEven().getType())) // C1
    return emitOpError("requires a result of twice the lanes of an operand");
  return success();
}
