//===- Tails.h - How a program ends -----------------------------*- C++ -*-===//
#pragma once
#include "ir/Quern.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"

namespace quern {

/// The first launches of the two tails of a program that quern-rank-logits has given
/// any: those that rank the logits, and the one, last of all, that brings them to the
/// front. Null where there are none.
struct Tails {
  LaunchOp rank, logits;
};

/// Of launches in order. A program of two results that does not end so has a `rank`
/// of null.
inline Tails tailsOf(mlir::func::FuncOp program) {
  mlir::Operation *end = program.getBody().front().getTerminator();
  if (end->getNumOperands() != 2)
    return {};
  Tails tails;
  tails.logits = end->getOperand(0).getDefiningOp<LaunchOp>();
  if (!tails.logits || tails.logits->getNextNode() != end ||
      tails.logits->getNumOperands() != 1)
    return {{}, tails.logits};
  mlir::Operation *head = tails.logits->getOperand(0).getDefiningOp();
  mlir::Operation *best = end->getOperand(1).getDefiningOp();
  if (head && best && best->getNextNode() == tails.logits &&
      head->isBeforeInBlock(best))
    tails.rank = mlir::dyn_cast<LaunchOp>(head->getNextNode());
  return tails;
}

} // namespace quern
