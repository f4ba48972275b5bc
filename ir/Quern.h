//===- Quern.h - The quern dialect -----------------------------*- C++ -*-===//
//
// The dialect's C++ face. Ops are described in ops/*.td (one screen each, with
// numbered constraints and an example) and defined in ops/*.cpp;
// build/ir/Dialect.md is generated from them. See Quern.td for the idea.
//
//===----------------------------------------------------------------------===//
#pragma once
#include "ir/Reference.h"
#include "mlir/Bytecode/BytecodeOpInterface.h"
#include "mlir/IR/Builders.h"
#include "mlir/IR/BuiltinAttributes.h"
#include "mlir/IR/BuiltinTypes.h"
#include "mlir/IR/Dialect.h"
#include "mlir/IR/OpDefinition.h"
#include "mlir/IR/OpImplementation.h"
#include "mlir/IR/SymbolTable.h"
#include "mlir/Interfaces/InferTypeOpInterface.h"
#include "mlir/Interfaces/SideEffectInterfaces.h"

#include "ir/QuernDialect.h.inc"

namespace quern {
/// tensor<?xCxf32> with a positive C; tensor<?xi32>.
bool isActivations(mlir::Type);
bool isRowIntegers(mlir::Type);
/// (E1) of ElementwiseOpInterface.
llvm::LogicalResult verifyElementwise(mlir::Operation *);

template <typename ConcreteType>
class ReadsNamedRows
    : public mlir::OpTrait::TraitBase<ConcreteType, ReadsNamedRows> {};

/// `, window = 512, stored = f16, page = 64`: each only where it says
/// something.
mlir::ParseResult parseKvLayout(mlir::AsmParser &, int64_t &window,
                                mlir::Type &stored, int64_t &page);
void printKvLayout(mlir::AsmPrinter &, int64_t window, mlir::Type stored,
                   int64_t page);
} // namespace quern

#include "ir/QuernEnums.h.inc"
#include "ir/QuernInterfaces.h.inc"
namespace quern {
class FactorAttr;
/// `, scale = <...>, offset = <...>, table = [...]`: those that there are.
mlir::ParseResult parseGroupFactors(mlir::AsmParser &, FactorAttr &scale,
                                    FactorAttr &offset,
                                    llvm::SmallVector<int32_t> &table);
void printGroupFactors(mlir::AsmPrinter &, FactorAttr scale, FactorAttr offset,
                       llvm::ArrayRef<int32_t> table);
} // namespace quern

#define GET_ATTRDEF_CLASSES
#include "ir/QuernAttributes.h.inc"
#define GET_TYPEDEF_CLASSES
#include "ir/QuernTypes.h.inc"
#define GET_OP_CLASSES
#include "ir/QuernOps.h.inc"

namespace quern {

struct GroupShape;

/// A kernel's view of a format as an attribute, and back.
GroupAttr groupAttr(mlir::MLIRContext *, const GroupShape &);
GroupShape groupShape(GroupAttr);

/// Columns of an activation, or of a weight (its inputs) and its rows.
int64_t columnsOf(mlir::Type);
int64_t rowsOfWeight(mlir::Type);

/// Rows of f32 activations lie this many elements apart in memory: the columns
/// rounded up to 32, so that whole vectors and whole steps may be read. What
/// lies in the padding is finite and otherwise unspecified.
inline int64_t rowStride(int64_t columns) { return (columns + 31) / 32 * 32; }

/// Rows of activations: tensor<?xCxf32>.
mlir::RankedTensorType activations(mlir::MLIRContext *, int64_t columns);

/// The device that an op runs on, or that reads a weight: `quern.device`, a number
/// in the order of --target; 0 where there is no such attribute.
unsigned deviceOf(mlir::Operation *);
void setDevice(mlir::Operation *, unsigned device);

/// Prints and parses an enum as a bare keyword.
mlir::ParseResult parseRowsOfKeyword(mlir::OpAsmParser &, RowsOfAttr &);
void printRowsOfKeyword(mlir::OpAsmPrinter &, mlir::Operation *, RowsOfAttr);
mlir::ParseResult parseRoleKeyword(mlir::OpAsmParser &, RoleAttr &);
void printRoleKeyword(mlir::OpAsmPrinter &, mlir::Operation *, RoleAttr);
mlir::ParseResult parseActivationKeyword(mlir::OpAsmParser &, ActivationAttr &);
void printActivationKeyword(mlir::OpAsmPrinter &, mlir::Operation *,
                            ActivationAttr);

} // namespace quern
