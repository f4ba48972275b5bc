//===- Glu.cpp - Gated linear unit ----------------------------------------===//
#include "ir/Elementwise.h"
#include <cmath>

using namespace mlir;
using namespace quern;

void GluOp::reference(ReferenceFrame &frame) {
  bool silu = getActivation() == Activation::Silu;
  referenceElementwise(*this, frame, [&](auto x) -> float {
    double g = x(0);
    double a = silu ? g / (1 + std::exp(-g))
                    : 0.5 * g *
                          (1 + std::tanh(0.7978845608028654 *
                                         (g + 0.044715 * g * g * g)));
    return a * x(1);
  });
}

Value GluOp::emit(OpBuilder &builder, ValueRange x) {
  FloatBuilder b(*this, builder, x[0]);
  Value g = x[0], one = b.constant(1.0f);
  if (getActivation() == Activation::Silu) {
    Value e = b.exp(b.sub(b.constant(0.0f), g));
    return b.mul(b.div(g, b.add(one, e)), x[1]);
  }
  // 0.5 g (1 + tanh(u)) = g / (1 + e^-2u)
  Value u = b.fma(b.mul(b.constant(0.044715f), b.mul(g, g)), g, g);
  Value e = b.exp(b.mul(b.constant(-2 * 0.7978845608028654f), u));
  return b.mul(b.div(g, b.add(one, e)), x[1]);
}
