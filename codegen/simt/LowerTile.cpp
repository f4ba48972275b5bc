//===- LowerTile.cpp - Tile ops to words and short vectors ----------------===//
#include "codegen/kernel/TileToVector.h"
#include "codegen/kernel/VectorBuilder.h"
#include "codegen/simt/Passes.h"
#include "ir/tile/Tile.h"
#include "mlir/Transforms/GreedyPatternRewriteDriver.h"

using namespace mlir;
using namespace quern;
using namespace quern::simt;

static bool isBytes(Type type) {
  auto memory = dyn_cast<MemRefType>(type);
  return memory && memory.getElementType().isInteger(8);
}

/// The bytes of `load`, of a memory of words.
static Value loadWords(VectorBuilder &b, vector::LoadOp load, Value words) {
  const int64_t bytes = load.getVectorType().getNumElements();
  Value at = load.getIndices()[0], two = b.index(2), three = b.index(3);
  Value first = b.createOrFold<arith::ShRUIOp>(at, two);
  auto word = [&](int64_t i) -> Value {
    return memref::LoadOp::create(b, words, b.add(first, i));
  };
  if (bytes < 4) { // the part of the word, moved to its low end
    Value bit = b.mul(b.createOrFold<arith::AndIOp>(at, three), 8);
    Value low = arith::ShRUIOp::create(
        b, word(0), arith::IndexCastOp::create(b, b.getI32Type(), bit));
    low =
        arith::TruncIOp::create(b, b.getIntegerType(unsigned(8 * bytes)), low);
    Value one = vector::FromElementsOp::create(b, b.vec(1, low.getType()), low);
    return b.bitcast(one, load.getVectorType());
  }
  SmallVector<Value> parts;
  for (int64_t i = 0; i < bytes / 4; ++i)
    parts.push_back(word(i));
  Value all =
      vector::FromElementsOp::create(b, b.i32s(int64_t(parts.size())), parts);
  return b.bitcast(all, load.getVectorType());
}

/// Memory of bytes, all of whose users are loads, becomes one of words.
static LogicalResult toWords(Value memory) {
  auto type = cast<MemRefType>(memory.getType());
  memory.setType(MemRefType::get(
      {ShapedType::kDynamic}, IntegerType::get(type.getContext(), 32),
      MemRefLayoutAttrInterface(), type.getMemorySpace()));
  for (Operation *user : llvm::make_early_inc_range(memory.getUsers())) {
    auto load = dyn_cast<vector::LoadOp>(user);
    if (!load)
      return user->emitOpError("requires memory that is only loaded from");
    OpBuilder builder(load);
    VectorBuilder b(load, builder);
    load.replaceAllUsesWith(loadWords(b, load, memory));
    load.erase();
  }
  return success();
}

/// The function's arguments, and its type with them.
static LogicalResult bytesToWords(gpu::GPUFuncOp function) {
  SmallVector<Type> types;
  for (BlockArgument argument : function.getArguments()) {
    if (isBytes(argument.getType()) && failed(toWords(argument)))
      return failure();
    if (types.size() < function.getFunctionType().getNumInputs())
      types.push_back(argument.getType());
  }
  function.setFunctionType(FunctionType::get(function.getContext(), types, {}));
  return success();
}

namespace {
struct LowerTile : PassWrapper<LowerTile, OperationPass<ModuleOp>> {
  MLIR_DEFINE_EXPLICIT_INTERNAL_INLINE_TYPE_ID(LowerTile)

  StringRef getArgument() const override { return "quern-simt-lower-tile"; }
  StringRef getDescription() const override {
    return "lower tile ops to words and short vectors";
  }
  void getDependentDialects(DialectRegistry &registry) const override {
    registry.insert<arith::ArithDialect, math::MathDialect,
                    memref::MemRefDialect, vector::VectorDialect>();
  }
  void runOnOperation() override {
    RewritePatternSet patterns(&getContext());
    populatePanelToVectorPatterns(patterns);
    populateTileToVectorPatterns(patterns);
    if (failed(applyPatternsGreedily(getOperation(), std::move(patterns))))
      return signalPassFailure();
    auto lowered = getOperation().walk([](gpu::GPUFuncOp function) {
      return WalkResult(bytesToWords(function));
    });
    if (lowered.wasInterrupted())
      signalPassFailure();
  }
};
} // namespace

std::unique_ptr<Pass> quern::simt::createLowerTilePass() {
  return std::make_unique<LowerTile>();
}
