//===- SplitRoles.cpp - One program for each role -------------------------===//
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "passes/Passes.h"

namespace quern {
#define GEN_PASS_DEF_SPLITROLES
#include "passes/Passes.h.inc"
} // namespace quern

using namespace mlir;
using namespace quern;

namespace {
/// linear %x {arithmetic} => convert %x, linear without the attribute
LogicalResult convertOperands(func::FuncOp program, Role role) {
  DenseMap<std::tuple<Value, int, unsigned>, Value> converted;
  WalkResult result = program.walk([&](LinearOp linear) {
    if (!linear.getArithmetic()) {
      linear.emitOpError("requires an arithmetic");
      return WalkResult::interrupt();
    }
    Number number = linear.getArithmetic()->of(role);
    linear.removeArithmeticAttr();
    if (number == Number::F32)
      return WalkResult::advance();
    Value &value =
        converted[{linear.getInput(), int(number), deviceOf(linear)}];
    if (!value) {
      OpBuilder b(linear);
      Value x = linear.getInput();
      auto type = RowsType::get(b.getContext(), columnsOf(x.getType()), number);
      Operation *producer = x.getDefiningOp();
      if (producer)
        b.setInsertionPointAfter(producer);
      value = ConvertOp::create(
          b, producer ? producer->getLoc() : linear.getLoc(), type, x);
      setDevice(value.getDefiningOp(), deviceOf(linear));
    }
    linear.getInputMutable().assign(value);
    return WalkResult::advance();
  });
  return failure(result.wasInterrupted());
}

struct SplitRoles : quern::impl::SplitRolesBase<SplitRoles> {
  void runOnOperation() override {
    auto forward = getOperation().lookupSymbol<func::FuncOp>("forward");
    if (!forward || forward.isDeclaration())
      return;
    OpBuilder b(forward);
    for (Role role : {Role::Prompt, Role::Generated}) {
      func::FuncOp program = forward.clone();
      program.setName(stringifyRole(role));
      program->setAttr("quern.role", RoleAttr::get(&getContext(), role));
      b.insert(program);
      if (failed(convertOperands(program, role)))
        return signalPassFailure();
    }
    forward.erase();
  }
};
} // namespace
