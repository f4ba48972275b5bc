//===- PlanTable.h - A planned module as the runtime's tables --*- C++ -*-===//
#pragma once
#include "ir/Quern.h"
#include "mlir/IR/BuiltinOps.h"
#include "llvm/Support/raw_ostream.h"
#include <vector>

namespace quern {

/// The plan section (runtime/Plan.h) of a module after quern-plan-memory, and
/// the kernels of each device in the order of Stage::kernel.
struct PlanTable {
  std::vector<uint8_t> bytes;
  std::vector<std::vector<std::string>> kernels;
};
/// What runs stages: a target's name, and whether it has memory of its own.
struct PlanDevice {
  std::string name;
  bool ownMemory = false;
};
PlanTable buildPlanTable(mlir::ModuleOp, llvm::ArrayRef<PlanDevice>);

/// The integer `name` of the module's quern.plan.
int64_t planInteger(mlir::ModuleOp, llvm::StringRef name);

/// The plan for people: stages with their kernels, offsets and barriers, then the sizes
/// of the spaces. Of several devices the stages alone, with their devices: what a device
/// has of a space is not in the module.
void printPlan(mlir::ModuleOp, llvm::ArrayRef<PlanDevice>, llvm::raw_ostream &);

} // namespace quern
