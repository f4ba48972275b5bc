//===- gptq.cpp - GPTQ, 4 bits, several tensors -----------------*- C++ -*-===//
//
// The tensors of AutoGPTQ's first checkpoint format. Beside the weight NAME lie
//
//   NAME.qweight  int32 [columns / 8][rows]  eight codes of a row, from the low
//                                            bits
//   NAME.qzeros   int32 [groups][rows / 8]   eight rows' zero points, minus 1
//   NAME.scales   f16   [groups][rows]
//   NAME.g_idx    int32 [columns]            the group of each column: with
//                                            act-order any, else column / size
//
//     weight = scale * (code - (zero + 1))
//
// A block is the eight columns of an int32 in one row. Where eight rows share
// an int32, row r is simply the r-th nibble of a row of the tensor.
//
//===----------------------------------------------------------------------===//
#include "ir/Format.h"

namespace quern::formats {

/// Gathered: 8 codes | 8 zeros | 8 x f16, each of a column's own group
Format gptq() {
  return {.name = "gptq", .weights = 8, .bytes = 24, .rowMultiple = 8,
          .parts = {{.name = "qweight", .bits = 32,
                     .row = {32}, .index = {32, Stride::Rows}},
                    {.name = "qzeros", .bits = 4,
                     .row = {4}, .index = {4, Stride::Rows}, .grouped = true},
                    {.name = "scales", .bits = 16,
                     .row = {16}, .index = {16, Stride::Rows},
                     .grouped = true}},
          .groupMap = "g_idx",
          .codes = word(0, 4, 8),
          .zero = word(4, 4, 8), .zeroAdd = 1,
          .scale = {.super = word(8, 16, 8)}};
}

} // namespace quern::formats
