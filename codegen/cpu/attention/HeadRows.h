//===- HeadRows.h - Work that is done head by head -------------*- C++ -*-===//
//
// Between the linears of an attention block and its scores lies work that never
// looks beyond one head of one row: the norm of q and k, rotary embedding, an
// element-wise factor, the writing of the cache. A head fits into registers, so
// a chain of these ops is emitted as one pass over them, and heads of rows are
// tasks that are shared out freely:
//
//     %0 = quern.rms_norm %q, %w      task (row, head < 4):   load, norm, rotate,
//     %1 = quern.rope %0, %step                               store to result 0
//     %2 = quern.rope %k, %step       task (row, head - 4):   load, rotate, write
//     quern.kv_write %2, %v, ...                              to the page
//     quern.yield %1
//
//===----------------------------------------------------------------------===//
#pragma once
#include "codegen/cpu/Kernel.h"

namespace quern::cpu {

/// Columns of one head, piece i being columns [16 i, 16 i + 16) of it, with
/// zeros past the head's end.
using HeadPieces = llvm::SmallVector<mlir::Value>;

/// The columns of a head if every op of the body is one that lowerHeads emits
/// and all agree on them; else 0.
int64_t headSize(KernelOp);

/// Lowers a body of which headSize() is not 0.
mlir::LogicalResult lowerHeads(KernelBuilder &);


} // namespace quern::cpu
