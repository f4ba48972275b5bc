//===- Quern.cpp - The quern dialect --------------------------------------===//
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

bool quern::isActivations(Type type) {
  auto t = dyn_cast<RankedTensorType>(type);
  return t && t.getRank() == 2 && t.isDynamicDim(0) && t.getDimSize(1) > 0 &&
         t.getElementType().isF32();
}

bool quern::isRowIntegers(Type type) {
  auto t = dyn_cast<RankedTensorType>(type);
  return t && t.getRank() == 1 && t.isDynamicDim(0) &&
         t.getElementType().isSignlessInteger(32);
}

LogicalResult quern::verifyElementwise(Operation *op) {
  if (op->getNumResults() != 1 || !isActivations(op->getResult(0).getType()) ||
      !llvm::all_equal(
          llvm::concat<const Type>(SmallVector<Type>(op->getOperandTypes()),
                                   SmallVector<Type>(op->getResultTypes()))))
    return op->emitOpError("requires operands and a result of one type");
  return success();
}

//===----------------------------------------------------------------------===//
// What types and attributes may say
//===----------------------------------------------------------------------===//

/// No model has a larger matrix side or head, and no product of what this lets
/// through overflows.
static constexpr int64_t kMost = int64_t(1) << 31;

static LogicalResult verifySizes(function_ref<InFlightDiagnostic()> emitError,
                                 ArrayRef<int64_t> sizes) {
  for (int64_t size : sizes)
    if (size <= 0 || size > kMost)
      return emitError() << "requires sizes between 1 and 2^31";
  return success();
}

LogicalResult WeightType::verify(function_ref<InFlightDiagnostic()> emitError,
                                 int64_t rows, int64_t columns, StringRef) {
  return verifySizes(emitError, {rows, columns});
}

LogicalResult PanelsType::verify(function_ref<InFlightDiagnostic()> emitError,
                                 int64_t rows, int64_t columns, GroupAttr) {
  return verifySizes(emitError, {rows, columns});
}

LogicalResult RowsType::verify(function_ref<InFlightDiagnostic()> emitError,
                               int64_t columns, Number number) {
  if (number == Number::F32)
    return emitError() << "requires another number than f32, which a tensor is";
  return verifySizes(emitError, {columns});
}

LogicalResult KvType::verify(function_ref<InFlightDiagnostic()> emitError,
                             int64_t heads, int64_t size, int64_t window,
                             Type stored, int64_t page) {
  if (failed(verifySizes(emitError, {heads, size, heads * size})))
    return failure();
  if (window < 0 && !ShapedType::isDynamic(window))
    return emitError() << "requires a window of 0 or more tokens";
  if (bool(stored) != (page != 0))
    return emitError() << "requires a stored type and a page, or neither";
  if (stored && !stored.isF16() && !stored.isF32())
    return emitError() << "requires keys and values stored as f16 or f32";
  if (page < 0 || page > kMostPage || page % 16)
    return emitError() << "requires a page of a multiple of 16 tokens up to "
                       << kMostPage;
  return success();
}

LogicalResult FactorAttr::verify(function_ref<InFlightDiagnostic()> emitError,
                                 uint32_t codec, uint32_t bits, bool, int32_t,
                                 int32_t) {
  if (codec > uint32_t(Codec::UE4M3Half) || bits > 8)
    return emitError() << "requires a known codec and at most 8 bits";
  return success();
}

LogicalResult GroupAttr::verify(function_ref<InFlightDiagnostic()> emitError,
                                uint32_t codes, uint32_t span, uint32_t supers,
                                uint32_t group, int32_t, int32_t element,
                                bool, FactorAttr scale, FactorAttr,
                                ArrayRef<int32_t> table) {
  if (element > int32_t(Codec::UE4M3Half) || (element < 0) != (codes > 0) ||
      codes > 8)
    return emitError() << "requires codes of 1 to 8 bits or a float element";
  if (codes && !scale)
    return emitError() << "requires a scale for codes";
  if (!span || span % kStep || span > (1 << 16) || !group || span % group ||
      !supers || span % supers)
    return emitError() << "requires a span of whole steps, groups and supers";
  for (int32_t value : table)
    if (value != int8_t(value))
      return emitError() << "requires a table of bytes";
  return success();
}

static constexpr StringRef kDevice = "quern.device";

unsigned quern::deviceOf(Operation *op) {
  auto device = op->getAttrOfType<IntegerAttr>(kDevice);
  return device ? device.getInt() : 0;
}

void quern::setDevice(Operation *op, unsigned device) {
  if (device)
    op->setAttr(kDevice, Builder(op->getContext()).getI32IntegerAttr(device));
  else
    op->removeAttr(kDevice);
}

LogicalResult QuernDialect::verifyOperationAttribute(Operation *op,
                                                     NamedAttribute attribute) {
  StringRef name = attribute.getName();
  Attribute value = attribute.getValue();
  auto positive = [&] {
    auto integer = dyn_cast<IntegerAttr>(value);
    return integer && integer.getInt() > 0;
  };
  if (name == "quern.role" && !isa<RoleAttr>(value))
    return op->emitError("requires quern.role = #quern<role prompt> or "
                         "#quern<role generated>");
  if ((name == "quern.vocabulary" || name == "quern.context") && !positive())
    return op->emitError("requires a positive integer for ") << name;
  if (name == kDevice && !positive())
    return op->emitError("requires a positive integer for quern.device; "
                         "device 0 is where there is none");
  if (name == "quern.plan" && !isa<DictionaryAttr>(value))
    return op->emitError("requires a dictionary for quern.plan");
  return success();
}

//===----------------------------------------------------------------------===//

KvType KvType::ofAnyWindow() const {
  return get(getContext(), getHeads(), getSize(), ShapedType::kDynamic,
             getStored(), getPage());
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
    if (key == "window" && succeeded(parser.parseOptionalQuestion()))
      window = ShapedType::kDynamic;
    else if (key == "window"   ? parser.parseInteger(window)
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
  if (ShapedType::isDynamic(window))
    printer << ", window = ?";
  else if (window)
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
