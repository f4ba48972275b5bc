//===- Intrinsics.cpp - Instructions by LLVM's names ----------------------===//
#include "codegen/cpu/tile/Intrinsics.h"

using namespace mlir;
using namespace quern;

Value quern::cpu::intrinsic(VectorBuilder &b, StringRef name, Type result,
                            ValueRange arguments) {
  return LLVM::CallIntrinsicOp::create(b, result, b.getStringAttr(name), arguments)
      .getResult(0);
}

Value quern::cpu::inPieces(VectorBuilder &b, ArrayRef<Value> operands,
                           ArrayRef<int64_t> sizes, int64_t pieces,
                           function_ref<Value(ArrayRef<Value>)> f) {
  SmallVector<Value> results;
  for (int64_t p = 0; p < pieces; ++p) {
    SmallVector<Value> part;
    for (auto [v, n] : llvm::zip(operands, sizes))
      part.push_back(vector::ExtractStridedSliceOp::create(
          b, v, ArrayRef<int64_t>{p * n}, ArrayRef<int64_t>{n},
          ArrayRef<int64_t>{1}));
    results.push_back(f(part));
  }
  while (results.size() > 1) {
    SmallVector<Value> joined;
    for (size_t i = 0; i < results.size(); i += 2) {
      SmallVector<int64_t> order(2 * VectorBuilder::lanes(results[i]));
      std::iota(order.begin(), order.end(), 0);
      joined.push_back(
          vector::ShuffleOp::create(b, results[i], results[i + 1], order));
    }
    results = joined;
  }
  return results[0];
}
