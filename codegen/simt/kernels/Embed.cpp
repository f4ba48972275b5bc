//===- Embed.cpp - Rows of the embedding ----------------------------------===//
//
//     y[r] = scale * table[tokens[r]]
//
// The table lies in panels like any other weight; a row is one lane of a panel. A
// thread decodes one step of 32 columns of its row.
//
//===----------------------------------------------------------------------===//
#include "codegen/simt/Kernel.h"

using namespace mlir;
using namespace quern;
using namespace quern::simt;

bool quern::simt::takesEmbed(KernelOp kernel, const Capabilities &) {
  Operation &op = kernel.getBody().front().front();
  return isa<EmbedOp>(op) &&
         op.getNextNode()->hasTrait<OpTrait::IsTerminator>();
}

LogicalResult quern::simt::lowerEmbed(KernelBuilder &b) {
  auto op = cast<EmbedOp>(b.body().front());
  if (!isa<PanelsType>(op.getTable().getType()))
    return op.emitOpError("requires a packed table");
  PanelReader w = b.panels(op.getTable());
  b.launchOverRows((w.steps + b.chip.threads - 1) / b.chip.threads);
  Value token = b.loadIndex(b.memory(op.getTokens()), b.item);
  // Of rows that are not bound in this launch another one makes the numbers.
  Value place = b.placeOfPanel(b.div(token, kLanes)); // wraps around below 0
  Value bound = b.less(place, b.boundPanels());
  Value panelAt = w.panel(place), lane = b.rem(token, kLanes);
  Value scale = b.number(op.getScale().convertToFloat());
  auto decode = [&](Value step, int64_t columns) {
    // All loads before the first store, which might write what they read.
    SmallVector<Value> numbers;
    w.decode(
        panelAt, step, columns,
        [&](int64_t, Value vector) {
          Value v = vector::ExtractOp::create(b, vector, int64_t(0));
          numbers.push_back(arith::MulFOp::create(b, v, scale));
        },
        lane);
    for (auto [c, v] : llvm::enumerate(numbers))
      b.store(v, b.result(0), {b.item, b.add(b.mul(step, kStep), int64_t(c))});
  };
  const int64_t whole = w.columns / kStep, rest = w.columns % kStep;
  Value step = b.add(b.mul(b.task, b.chip.threads), b.thread);
  auto is = [&](Value condition) -> Value {
    return arith::AndIOp::create(b, bound, condition);
  };
  b.when(is(b.less(step, b.index(whole))), [&] { decode(step, kStep); });
  if (rest)
    b.when(is(arith::CmpIOp::create(b, arith::CmpIPredicate::eq, step,
                                    b.index(whole))),
           [&] { decode(step, rest); });
  return success();
}
