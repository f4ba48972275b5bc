//===- Lanes.cpp - Sixteen floats at a time -------------------------------===//
#include "codegen/cpu/attention/Lanes.h"
#include "mlir/Dialect/Math/IR/Math.h"

using namespace mlir;
using namespace quern;
using namespace quern::cpu;

Value quern::cpu::firstLanes(KernelBuilder &b, int64_t width, int64_t valid) {
  SmallVector<bool> on(width, false);
  std::fill_n(on.begin(), valid, true);
  return arith::ConstantOp::create(
      b, DenseElementsAttr::get(b.vec(width, b.getI1Type()), on));
}

Value quern::cpu::loadLanes(KernelBuilder &b, Value memory, ValueRange at,
                            int64_t valid, int64_t width) {
  Type element = cast<MemRefType>(memory.getType()).getElementType();
  VectorType type = b.vec(width, element), f32 = b.vec(width, b.getF32Type());
  Value v = valid >= width
                ? b.load(type, memory, at)
                : vector::MaskedLoadOp::create(b, type, memory, at,
                                               firstLanes(b, width, valid),
                                               b.splat(type, 0))
                      .getResult();
  return element.isF32() ? v : arith::ExtFOp::create(b, f32, v).getResult();
}

void quern::cpu::storeLanes(KernelBuilder &b, Value v, Value memory,
                            ValueRange at, int64_t valid) {
  v = narrow(b, v, cast<MemRefType>(memory.getType()).getElementType());
  int64_t width = cast<VectorType>(v.getType()).getNumElements();
  if (valid >= width)
    return b.store(v, memory, at);
  vector::MaskedStoreOp::create(b, memory, at, firstLanes(b, width, valid), v);
}

void quern::cpu::zeroPadding(KernelBuilder &b, Value memory, Value row,
                             int64_t columns) {
  Value zero = b.splat(lanes(b), 0);
  for (int64_t c = columns; c < rowStride(columns); c += kWidth)
    storeLanes(b, zero, memory, {row, b.index(c)}, rowStride(columns) - c);
}

/// A constant of the type of `like`, f32 or a vector of it.
static Value constantLike(KernelBuilder &b, Value like, double v) {
  if (auto type = dyn_cast<VectorType>(like.getType()))
    return b.splat(type, v);
  return arith::ConstantOp::create(b, b.getF32FloatAttr(v));
}

Value quern::cpu::narrow(KernelBuilder &b, Value v, Type element) {
  if (element.isF32())
    return v;
  double largest = llvm::APFloat::getLargest(
                       cast<FloatType>(element).getFloatSemantics())
                       .convertToDouble();
  Value high = constantLike(b, v, largest), low = constantLike(b, v, -largest);
  auto where = [&](arith::CmpFPredicate p, Value bound) {
    v = arith::SelectOp::create(b, arith::CmpFOp::create(b, p, v, bound), bound, v);
  };
  where(arith::CmpFPredicate::OGT, high);
  where(arith::CmpFPredicate::OLT, low);
  Type type = element;
  if (auto vector = dyn_cast<VectorType>(v.getType()))
    type = VectorType::get(vector.getShape(), element);
  return arith::TruncFOp::create(b, type, v);
}

Value quern::cpu::shuffle(KernelBuilder &b, Value v, ArrayRef<int64_t> from) {
  return vector::ShuffleOp::create(b, v, v, from);
}

Value quern::cpu::larger(KernelBuilder &b, Value x, Value y) {
  Value is = arith::CmpFOp::create(b, arith::CmpFPredicate::OGT, x, y);
  return arith::SelectOp::create(b, is, x, y);
}

static Value reduceLanes(KernelBuilder &b, Value v,
                         function_ref<Value(Value, Value)> combine) {
  for (int64_t n = cast<VectorType>(v.getType()).getNumElements(); n > 1; n /= 2) {
    SmallVector<int64_t> low, high;
    for (int64_t i = 0; i < n / 2; ++i) {
      low.push_back(i);
      high.push_back(n / 2 + i);
    }
    v = combine(shuffle(b, v, low), shuffle(b, v, high));
  }
  return vector::ExtractOp::create(b, v, ArrayRef<int64_t>{0});
}

Value quern::cpu::sumOfLanes(KernelBuilder &b, Value v) {
  return reduceLanes(b, v, [&](Value x, Value y) {
    return arith::AddFOp::create(b, x, y).getResult();
  });
}

Value quern::cpu::maxOfLanes(KernelBuilder &b, Value v) {
  return reduceLanes(b, v, [&](Value x, Value y) { return larger(b, x, y); });
}

Value quern::cpu::scratch(KernelBuilder &b, ArrayRef<int64_t> shape) {
  OpBuilder::InsertionGuard guard(b);
  b.setInsertionPointToStart(&b.function.getBody().front());
  return memref::AllocaOp::create(b, MemRefType::get(shape, b.getF32Type()),
                                  b.getI64IntegerAttr(64));
}

Value quern::cpu::sumOfSquares(KernelBuilder &b, int64_t columns,
                               function_ref<Value(Value, int64_t)> piece) {
  constexpr int64_t ways = 4, unrolled = 4;
  int64_t pieces = piecesOf(columns), used = std::min(ways, pieces), done = 0;
  SmallVector<Value> sums(used, b.splat(lanes(b), 0));
  auto square = [&](Value offset, int64_t valid, Value sum) -> Value {
    Value x = piece(offset, valid);
    return math::FmaOp::create(b, x, x, sum);
  };
  if (columns / kWidth > ways * unrolled) {
    done = columns / (ways * kWidth) * ways;
    sums = b.loop(b.index(0), b.index(done * kWidth), ways * kWidth, sums,
                  [&](Value offset, ValueRange carried) {
                    SmallVector<Value> next;
                    for (int64_t i = 0; i < ways; ++i)
                      next.push_back(square(b.add(offset, i * kWidth), kWidth, carried[i]));
                    return next;
                  });
  }
  for (; done < pieces; ++done) {
    Value &sum = sums[done % ways];
    sum = square(b.index(done * kWidth), lanesOf(columns, done), sum);
  }
  for (; sums.size() > 1;) { // neighbours, so that four become two
    SmallVector<Value> next;
    for (size_t i = 0; i + 1 < sums.size(); i += 2)
      next.push_back(arith::AddFOp::create(b, sums[i], sums[i + 1]));
    if (sums.size() % 2)
      next.push_back(sums.back());
    sums = next;
  }
  return sumOfLanes(b, sums[0]);
}

Value quern::cpu::rmsScale(KernelBuilder &b, Value sum, int64_t columns,
                           RmsNormOp op, int64_t width) {
  auto constant = [&](float v) -> Value {
    return arith::ConstantOp::create(b, b.getF32FloatAttr(v));
  };
  Value mean = arith::DivFOp::create(b, sum, constant(columns));
  mean = arith::AddFOp::create(b, mean, constant(op.getEpsilon().convertToFloat()));
  Value scale = arith::DivFOp::create(b, constant(1), math::SqrtOp::create(b, mean));
  return b.broadcast(b.vec(width, b.getF32Type()), scale);
}
