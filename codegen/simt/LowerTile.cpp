//===- LowerTile.cpp - Tile ops to pieces and short vectors ---------------===//
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

static bool isStoredTo(Value memory) {
  return llvm::any_of(memory.getUsers(), [](Operation *user) {
    return isa<vector::StoreOp>(user);
  });
}

/// Reads bytes of a memory of pieces of 16 bytes. All addresses are multiples of what
/// is loaded, so nothing crosses the end of a piece.
class PieceReader {
public:
  PieceReader(VectorBuilder &b, Value pieces, vector::LoadOp load)
      : b(b), at(load.getIndices()[0]),
        bytes(load.getVectorType().getNumElements()) {
    Value four = b.index(4);
    piece = memref::LoadOp::create(b, pieces,
                                   b.createOrFold<arith::ShRUIOp>(at, four));
  }

  /// `count` bytes from byte `first` of the load on.
  Value read(int64_t first, int64_t count) {
    if (bytes == 16)
      return bytesOf(word(piece, first / 4), 8 * (first % 4), count);
    Value two = b.index(2), three = b.index(3);
    Value index = arith::AndIOp::create(
        b, b.createOrFold<arith::ShRUIOp>(at, two), three);
    if (first >= 4)
      index = b.add(index, first / 4);
    Value chosen = vector::ExtractOp::create(b, piece, index);
    if (bytes >= 4)
      return bytesOf(chosen, 8 * (first % 4), count);
    Value bit = b.mul(b.createOrFold<arith::AndIOp>(at, three), 8);
    chosen = arith::ShRUIOp::create(
        b, chosen, arith::IndexCastOp::create(b, b.getI32Type(), bit));
    return bytesOf(chosen, 0, count);
  }

private:
  Value word(Value from, int64_t i) {
    return vector::ExtractOp::create(b, from, i);
  }
  Value bytesOf(Value word, int64_t shift, int64_t count) {
    if (shift)
      word = arith::ShRUIOp::create(
          b, word,
          arith::ConstantOp::create(b, b.getI32IntegerAttr(int32_t(shift))));
    if (count < 4)
      word = arith::TruncIOp::create(b, b.getIntegerType(unsigned(8 * count)),
                                     word);
    Value one =
        vector::FromElementsOp::create(b, b.vec(1, word.getType()), word);
    return b.bitcast(one, b.vec(count, b.getI8Type()));
  }

  VectorBuilder &b;
  Value at, piece;
  int64_t bytes;
};

/// vector.load of bytes => a load of the piece that has them, and what is asked of
/// it. What is longer than a word is only looked at in slices.
static LogicalResult readPiece(vector::LoadOp load, Value pieces) {
  OpBuilder builder(load);
  VectorBuilder b(load, builder);
  PieceReader reader(b, pieces, load);
  const int64_t bytes = load.getVectorType().getNumElements();
  if (bytes <= 4) {
    load.replaceAllUsesWith(reader.read(0, bytes));
    load.erase();
    return success();
  }
  for (Operation *user : llvm::make_early_inc_range(load->getUsers())) {
    auto slice = dyn_cast<vector::ExtractStridedSliceOp>(user);
    if (!slice)
      return user->emitOpError("requires slices of a load of more than a word");
    auto number = [](ArrayAttr list) {
      return cast<IntegerAttr>(list[0]).getInt();
    };
    slice.replaceAllUsesWith(
        reader.read(number(slice.getOffsets()), number(slice.getSizes())));
    slice.erase();
  }
  load.erase();
  return success();
}

/// Gives memory of bytes another element.
static void setElement(Value memory, Type element) {
  auto type = cast<MemRefType>(memory.getType());
  memory.setType(MemRefType::get({ShapedType::kDynamic}, element,
                                 MemRefLayoutAttrInterface(),
                                 type.getMemorySpace()));
}

/// Memory of bytes, all of whose users are stores, becomes one of words.
static LogicalResult toWords(Value memory) {
  Type i32 = IntegerType::get(memory.getContext(), 32);
  setElement(memory, i32);
  for (Operation *user : llvm::make_early_inc_range(memory.getUsers())) {
    auto store = dyn_cast<vector::StoreOp>(user);
    if (!store || store.getVectorType().getNumElements() != 4)
      return user->emitOpError(
          "requires memory that is only stored to, in words");
    OpBuilder builder(store);
    VectorBuilder b(store, builder);
    Value word = vector::ExtractOp::create(
        b, b.bitcast(store.getValueToStore(), b.i32s(1)), int64_t(0));
    Value two = b.index(2);
    memref::StoreOp::create(
        b, word, memory,
        b.createOrFold<arith::ShRUIOp>(store.getIndices()[0], two));
    store.erase();
  }
  return success();
}

/// Memory of bytes, all of whose users are loads, becomes one of pieces.
static LogicalResult toPieces(Value memory) {
  Type i32 = IntegerType::get(memory.getContext(), 32);
  setElement(memory, VectorType::get({4}, i32));
  for (Operation *user : llvm::make_early_inc_range(memory.getUsers())) {
    auto load = dyn_cast<vector::LoadOp>(user);
    if (!load)
      return user->emitOpError("requires memory that is only loaded from");
    if (failed(readPiece(load, memory)))
      return failure();
  }
  return success();
}

/// Four floats of a row. Where nothing else touches the memory it becomes one of such
/// fours; else they are loaded one by one.
static void floatsToPieces(Value memory) {
  auto type = dyn_cast<MemRefType>(memory.getType());
  if (!type || type.getRank() != 2 || !type.getElementType().isF32())
    return;
  auto isFour = [](Operation *user) {
    auto load = dyn_cast<vector::LoadOp>(user);
    return load && load.getVectorType().getNumElements() == 4;
  };
  SmallVector<Operation *> loads =
      llvm::filter_to_vector(memory.getUsers(), isFour);
  if (loads.empty())
    return;
  const bool fours = llvm::all_of(memory.getUsers(), isFour);
  if (fours)
    memory.setType(MemRefType::get({type.getDimSize(0), type.getDimSize(1) / 4},
                                   VectorType::get({4}, type.getElementType()),
                                   MemRefLayoutAttrInterface(),
                                   type.getMemorySpace()));
  for (Operation *op : loads) {
    auto load = cast<vector::LoadOp>(op);
    OpBuilder builder(load);
    VectorBuilder b(load, builder);
    Value row = load.getIndices()[0], column = load.getIndices()[1];
    auto at = [&](Value c) {
      return memref::LoadOp::create(b, memory, ValueRange{row, c}).getResult();
    };
    if (fours) {
      load.replaceAllUsesWith(
          at(b.createOrFold<arith::ShRUIOp>(column, b.index(2))));
    } else {
      SmallVector<Value> parts;
      for (int64_t c = 0; c < 4; ++c)
        parts.push_back(at(b.add(column, c)));
      load.replaceAllUsesWith(
          vector::FromElementsOp::create(b, load.getVectorType(), parts)
              .getResult());
    }
    load.erase();
  }
}

/// The function's arguments, and its type with them.
static LogicalResult bytesToPieces(gpu::GPUFuncOp function) {
  SmallVector<Type> types;
  for (BlockArgument argument : function.getArguments()) {
    if (isBytes(argument.getType()) &&
        failed(isStoredTo(argument) ? toWords(argument) : toPieces(argument)))
      return failure();
    floatsToPieces(argument);
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
    return "lower tile ops to pieces of 16 bytes and short vectors";
  }
  void getDependentDialects(DialectRegistry &registry) const override {
    registry.insert<arith::ArithDialect, math::MathDialect,
                    memref::MemRefDialect, vector::VectorDialect>();
  }
  void runOnOperation() override {
    if (failed(lowerTile(getOperation(), RewritePatternSet(&getContext()))))
      signalPassFailure();
  }
};
} // namespace

LogicalResult quern::simt::lowerTile(ModuleOp module,
                                     RewritePatternSet &&patterns) {
  populatePanelToVectorPatterns(patterns);
  populateTileToVectorPatterns(patterns);
  if (failed(applyPatternsGreedily(module, std::move(patterns))))
    return failure();
  return failure(module
                     .walk([](gpu::GPUFuncOp function) {
                       return WalkResult(bytesToPieces(function));
                     })
                     .wasInterrupted());
}

std::unique_ptr<Pass> quern::simt::createLowerTilePass() {
  return std::make_unique<LowerTile>();
}
