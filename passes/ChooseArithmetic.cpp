//===- ChooseArithmetic.cpp - Numbers of activations ----------------------===//
#include "ir/Panel.h"
#include "passes/Passes.h"

namespace quern {
#define GEN_PASS_DEF_CHOOSEARITHMETIC
#include "passes/Passes.h.inc"
} // namespace quern

using namespace mlir;
using namespace quern;

namespace {
/// By the target's traits. Prompt rows are many, so that dequantizing weights pays where
/// a chip multiplies bf16 well; generated rows are few, and 16-bit activations cost
/// nothing while weights stream from memory.
///
///     linear %x, %w => linear %x, %w {arithmetic = ...}
struct ChooseArithmetic : quern::impl::ChooseArithmeticBase<ChooseArithmetic> {
  using ChooseArithmeticBase::ChooseArithmeticBase;

  void runOnOperation() override {
    getOperation().walk([&](LinearOp linear) {
      if (device >= 0 && device != deviceOf(linear))
        return;
      auto weight = dyn_cast<WeightType>(linear.getWeight().getType());
      const Format *format =
          weight ? findFormat(weight.getFormat().str()) : nullptr;
      if (linear.getArithmetic() || !format || !hasKernel(*format))
        return;
      auto [prompt, generated] = choiceFor(shapeOf(*format));
      linear.setArithmeticAttr(
          ArithmeticAttr::get(linear.getContext(), prompt, generated));
    });
  }

  ArithmeticChoice choiceFor(const GroupShape &shape) {
    if (shape.kind == GroupShape::Kind::Floats)
      return {floatsPrompt, floatsGenerated};
    if (greatestCode(shape) > 127)
      return {widePrompt, wideGenerated};
    return {codesPrompt, codesGenerated};
  }
};
} // namespace
