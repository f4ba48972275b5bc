//===- Quern.cpp - The quern dialect
//---------------------------------------===//
#include "ir/Quern.h"
#include "ir/Panel.h"
#include "mlir/IR/DialectImplementation.h"
#include "llvm/ADT/TypeSwitch.h"

using namespace mlir;
using namespace quern;

#include "ir/QuernDialect.cpp.inc"
#include "ir/QuernEnums.cpp.inc"
#include "ir/QuernInterfaces.cpp.inc"
#define GET_ATTRDEF_CLASSES
#include "ir/QuernAttributes.cpp.inc"
#define GET_TYPEDEF_CLASSES
#include "ir/QuernTypes.cpp.inc"
#define GET_OP_CLASSES
#include "ir/QuernOps.cpp.inc"

void QuernDialect::initialize() {
  addAttributes<
#define GET_ATTRDEF_LIST
#include "ir/QuernAttributes.cpp.inc"
      >();
  addTypes<
#define GET_TYPEDEF_LIST
#include "ir/QuernTypes.cpp.inc"
      >();
  addOperations<
#define GET_OP_LIST
#include "ir/QuernOps.cpp.inc"
      >();
}

uint64_t KvType::pageBytes() const {
  uint64_t element = getStored().getIntOrFloatBitWidth() / 8;
  return 2 * element * getHeads() * getSize() * getPage();
}

int64_t quern::columnsOf(Type type) {
  return llvm::TypeSwitch<Type, int64_t>(type)
      .Case<WeightType, PanelsType, RowsType>(
          [](auto t) { return t.getColumns(); })
      .Case<RankedTensorType>([](RankedTensorType t) {
        return t.getRank() ? t.getDimSize(t.getRank() - 1) : 1;
      })
      .Default([](Type) { return int64_t(-1); });
}

int64_t quern::rowsOfWeight(Type type) {
  return llvm::TypeSwitch<Type, int64_t>(type)
      .Case<WeightType, PanelsType>([](auto t) { return t.getRows(); })
      .Case<RankedTensorType>([](RankedTensorType t) {
        return t.getRank() < 2 ? 1 : t.getDimSize(0);
      })
      .Default([](Type) { return int64_t(-1); });
}

RankedTensorType quern::activations(MLIRContext *context, int64_t columns) {
  return RankedTensorType::get({ShapedType::kDynamic, columns},
                               Float32Type::get(context));
}

ParseResult quern::parseKvLayout(AsmParser &parser, int64_t &window,
                                 Type &stored, int64_t &page) {
  while (succeeded(parser.parseOptionalComma())) {
    StringRef key;
    auto loc = parser.getCurrentLocation();
    if (parser.parseKeyword(&key) || parser.parseEqual())
      return failure();
    if (key == "window"   ? parser.parseInteger(window)
        : key == "stored" ? parser.parseType(stored)
        : key == "page"
            ? parser.parseInteger(page)
            : parser.emitError(loc, "expected window, stored or page"))
      return failure();
  }
  return success();
}

void quern::printKvLayout(AsmPrinter &printer, int64_t window, Type stored,
                          int64_t page) {
  if (window)
    printer << ", window = " << window;
  if (stored)
    printer << ", stored = " << stored;
  if (page)
    printer << ", page = " << page;
}

ParseResult quern::parseGroupFactors(AsmParser &parser, FactorAttr &scale,
                                     FactorAttr &offset,
                                     SmallVector<int32_t> &table) {
  while (succeeded(parser.parseOptionalComma())) {
    StringRef key;
    auto loc = parser.getCurrentLocation();
    if (parser.parseKeyword(&key) || parser.parseEqual())
      return failure();
    auto entry = [&] { return parser.parseInteger(table.emplace_back()); };
    if (key == "scale"    ? parser.parseCustomAttributeWithFallback(scale)
        : key == "offset" ? parser.parseCustomAttributeWithFallback(offset)
        : key == "table"
            ? parser.parseCommaSeparatedList(AsmParser::Delimiter::Square,
                                             entry)
            : parser.emitError(loc, "expected scale, offset or table"))
      return failure();
  }
  return success();
}

void quern::printGroupFactors(AsmPrinter &printer, FactorAttr scale,
                              FactorAttr offset, ArrayRef<int32_t> table) {
  for (auto [name, factor] :
       {std::pair("scale", scale), std::pair("offset", offset)})
    if (factor) {
      printer << ", " << name << " = ";
      printer.printStrippedAttrOrType(factor);
    }
  if (!table.empty()) {
    printer << ", table = [";
    llvm::interleaveComma(table, printer.getStream());
    printer << "]";
  }
}

//===----------------------------------------------------------------------===//
// Enums as bare keywords
//===----------------------------------------------------------------------===//

template <typename AttrT, typename Enum>
static ParseResult parseKeyword(OpAsmParser &parser, AttrT &attr,
                                StringRef what,
                                std::optional<Enum> (*symbolize)(StringRef)) {
  StringRef keyword;
  auto loc = parser.getCurrentLocation();
  if (parser.parseKeyword(&keyword))
    return failure();
  std::optional<Enum> value = symbolize(keyword);
  if (!value)
    return parser.emitError(loc, "unknown ") << what << " '" << keyword << "'";
  attr = AttrT::get(parser.getContext(), *value);
  return success();
}

ParseResult quern::parseRowsOfKeyword(OpAsmParser &p, RowsOfAttr &a) {
  return parseKeyword<RowsOfAttr, RowsOf>(p, a, "row count", symbolizeRowsOf);
}
void quern::printRowsOfKeyword(OpAsmPrinter &p, Operation *, RowsOfAttr a) {
  p << stringifyRowsOf(a.getValue());
}
ParseResult quern::parseRoleKeyword(OpAsmParser &p, RoleAttr &a) {
  return parseKeyword<RoleAttr, Role>(p, a, "role", symbolizeRole);
}
void quern::printRoleKeyword(OpAsmPrinter &p, Operation *, RoleAttr a) {
  p << stringifyRole(a.getValue());
}
ParseResult quern::parseActivationKeyword(OpAsmParser &p, ActivationAttr &a) {
  return parseKeyword<ActivationAttr, Activation>(p, a, "activation",
                                                  symbolizeActivation);
}
void quern::printActivationKeyword(OpAsmPrinter &p, Operation *,
                                   ActivationAttr a) {
  p << stringifyActivation(a.getValue());
}
