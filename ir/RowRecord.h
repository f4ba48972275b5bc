//===- RowRecord.h - Where integer rows lie ---------------------*- C++ -*-===//
//
// The layout of `!quern.rows<N, i16>`, `<N, i16_words>` and `<N, i8>` (Types.td) in
// numbers, for those who write and read it: bytes, from the begin of what they are of.
//
//===----------------------------------------------------------------------===//
#pragma once
#include <cstdint>

namespace quern::rowRecord {

/// A record is for so many rows and a step of 32 columns.
inline constexpr int64_t kRows = 8, kBytes = 768;

/// Of each row first the codes, then, behind those of all rows, the scales.
inline constexpr int64_t kCodes = 64, kScalesAt = kRows * kCodes, kScales = 32;
static_assert(kScalesAt + kRows * kScales == kBytes);

/// In a row's codes: the high halves; the low ones.
inline constexpr int64_t kHigh = 0, kLow = 32;
/// Or, in words, four columns after four columns, of each the even ones first.
inline constexpr int64_t kWordOrder[] = {0, 2, 1, 3};
/// In its scales. Of the sums and what they are scaled there are three, 4 bytes each:
/// of columns 0-15, 16-31 and all.
inline constexpr int64_t kScale = 0, kScaledSums = 4, kSums = 16, kZero = 28;

} // namespace quern::rowRecord
