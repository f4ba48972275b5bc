//===- RowIntegers.h - Activations in integers ------------------*- C++ -*-===//
//
// The arithmetic of `!quern.rows<N, i16>`, `<N, i16_words>` and `<N, i8>`, for vectors of
// any number of lanes: how columns become integers, and how a step of them is multiplied
// with codes,
//
//     all   = -excess * sum(x) + sum of u . x
//     y    += float(all) * scale * x.scale
//     y    += offset * x.scale * sum(x)
//
// where u are the unsigned bytes of tile.unpack_codes. The integers are exact, so it is
// all the same whether x comes in halves,
//
//     all   = 256 * sum of u . x.high + sum of u . x.low   tile.dot_i8, 4 columns a lane
//
// or in words that meet words of codes, tile.dot_i16, 2 columns a lane. Integers of 8
// bits have one half,
//
//     all   = sum of u . x
//
// and where bytes meet bytes in words only (AVX2), as many of these products are added
// there as cannot overflow: of 4-bit codes those of a whole group. Groups of 16 columns
// are two halves of a step.
//
//===----------------------------------------------------------------------===//
#pragma once
#include "codegen/kernel/PanelReader.h"

namespace quern {

/// What 32 columns have in common: f32 scale; what to divide by; an i1, true where
/// the scale would be less than a normal number and all is zero instead.
struct RowScale {
  mlir::Value scale, divisor, isTiny;
};
/// `most`: the bits of the greatest |x| of the columns, an i32. Those bits are in the
/// order of the numbers, NaNs above all others.
RowScale rowScale(LoopBuilder &, Number, mlir::Value most);
/// The integers (i32) of columns `x`, a vector of f32.
mlir::Value rowIntegers(LoopBuilder &, const RowScale &, mlir::Value x);
/// Of integers q = 256 * high + low, with low as a signed byte: high, in i32. The
/// low byte of q is low.
mlir::Value highHalves(LoopBuilder &, mlir::Value q);

/// Loads 4 bytes of one row's record, at a step, as a number in all lanes of `type`.
/// `byte` counts the row's codes and behind them its scales (ir/RowRecord.h), and is a
/// multiple of 4.
using NumberOfRow = llvm::function_ref<mlir::Value(mlir::VectorType type,
                                                   size_t row, int64_t byte)>;

/// Codes of a slot (tile.unpack_codes) as words: of its even columns, and of its odd
/// ones. Those of a row lie in the same order (ir/RowRecord.h).
struct WordPairs {
  mlir::Value even, odd;
};
WordPairs wordsOf(LoopBuilder &, mlir::Value slot);

/// How products are added, which the result does not show.
struct IntegerSums {
  size_t together = 1;    // rows whose dot products advance side by side
  bool bytesInWords = false; // i8: by tile.dot_i8_words
};

/// Slots of a group whose products with 8-bit integers tile.dot_i8_words may add; 0: not
/// even those of one.
int64_t slotsInWords(const GroupShape &);

/// Adds a step's products to the sums of rows, vectors of f32 with a lane for each
/// weight row. `kind`: one of the three. `codes` and `factors`: the step's, of the
/// reader, with as many lanes.
void addIntegerStep(PanelReader &, Number kind,
                    llvm::ArrayRef<mlir::Value> codes,
                    const PanelReader::Factors &factors, NumberOfRow,
                    IntegerSums, llvm::MutableArrayRef<mlir::Value> sums);

} // namespace quern
