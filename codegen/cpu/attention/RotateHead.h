//===- RotateHead.h - Rotary embedding of one head in registers -*- C++ -*-===//
#pragma once
#include "codegen/cpu/attention/HeadRows.h"

namespace quern::cpu {

/// The head of row `row` rotated by the angles of the op's table.
HeadPieces rotateHead(KernelBuilder &, RopeOp, HeadPieces, mlir::Value row);

} // namespace quern::cpu
