//===- ToAmx.cpp - Matrix products on AMX -----------------------*- C++ -*-===//
//
// Eight tile registers of 16 rows of 64 bytes (Intel SDM volume 1, chapter 18). Four
// hold sums of two times 16 rows and two tiles, two hold rows of activations, two hold
// weights:
//
//     for 32 rows, for 2 tiles:    t0 t1 t2 t3 = sums
//       for 16 pairs of columns:   t4 t5 = x    t6 t7 = weights
//                                  t0 += t4 . t6   t1 += t4 . t7
//                                  t2 += t5 . t6   t3 += t5 . t7
//     then 16 rows with t0 t1, and what is left of rows with a shape of their own
//
// so that a load feeds two products. Registers are named, as the instructions name
// them: what lives in which is decided here and holds for the whole of a product.
//
//===----------------------------------------------------------------------===//
#include "codegen/cpu/isa/x86/ToX86.h"
#include "codegen/kernel/LoopBuilder.h"
#include "ir/Panel.h"
#include "ir/tile/Tile.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"

using namespace mlir;
using namespace quern;
using namespace quern::cpu;
using namespace quern::tile;

namespace {
constexpr int64_t kTileRows = 16, kTileBytes = 64;

class MatrixProduct {
public:
  MatrixProduct(MatmulBF16Op op, PatternRewriter &rewriter)
      : op(op), b(op.getLoc(), rewriter) {}
  void emit();

private:
  /// Memory of tiles: the address of the first, and what lies between rows.
  struct Memory {
    Value address;
    int64_t rowBytes;
  };
  /// Element [row, column] of 2-D memory, or `column` of 1-D memory.
  Value addressOf(Value memory, Value row, Value column);
  static int64_t bytesOfRow(Value memory) {
    auto type = cast<MemRefType>(memory.getType());
    return type.getShape().back() * type.getElementTypeBitWidth() / 8;
  }

  Value config();
  void configure(Value rowsOfTile);
  void call(StringRef name, ValueRange operands) {
    LLVM::CallIntrinsicOp::create(
        b, b.getStringAttr(("llvm.x86." + name).str()), operands);
  }
  Value number(int64_t tile) {
    return LLVM::ConstantOp::create(b, b.getI8Type(),
                                    b.getI8IntegerAttr(int8_t(tile)));
  }
  void loadOrStore(StringRef name, int64_t tile, Memory);
  void load(int64_t tile, Memory m) { loadOrStore("tileloadd64", tile, m); }
  void store(int64_t tile, Memory m) { loadOrStore("tilestored64", tile, m); }

  void allTiles(Value row, int64_t blocks);
  void product(Value row, int64_t blocks, int64_t tile, int64_t tiles);

  static int64_t sumTile(int64_t block, int64_t tile) { return 2 * block + tile; }
  static int64_t rowTile(int64_t block) { return 4 + block; }
  static int64_t weightTile(int64_t tile) { return 6 + tile; }

  MatmulBF16Op op;
  LoopBuilder b;
  Value configuration; // 64 bytes of the stack
};
} // namespace

Value MatrixProduct::addressOf(Value memory, Value row, Value column) {
  auto type = cast<MemRefType>(memory.getType());
  const int64_t bytes = type.getElementTypeBitWidth() / 8;
  Value base = memref::ExtractAlignedPointerAsIndexOp::create(b, memory);
  Value at = b.mul(column, bytes);
  if (row)
    at = b.add(at, b.mul(row, bytesOfRow(memory)));
  Value address = arith::IndexCastOp::create(b, b.getI64Type(), b.add(base, at));
  return LLVM::IntToPtrOp::create(
      b, LLVM::LLVMPointerType::get(b.getContext()), address);
}

/// 64 bytes of the function's frame, aligned.
Value MatrixProduct::config() {
  OpBuilder::InsertionGuard guard(b);
  b.setInsertionPointToStart(
      &op->getParentOfType<FunctionOpInterface>().getFunctionBody().front());
  return memref::AllocaOp::create(
      b, MemRefType::get({kTileBytes}, b.getI8Type()), b.getI64IntegerAttr(64));
}

/// The shapes of LDTILECFG's operand: palette 1, all tiles 16 rows of 64 bytes, but
/// those of the first rows' sums and activations `rowsOfTile`.
void MatrixProduct::configure(Value rowsOfTile) {
  constexpr int64_t kColumnsAt = 16, kRowsAt = 48;
  SmallVector<int8_t> bytes(kTileBytes, 0);
  SmallVector<bool> shorter(kTileBytes, false);
  bytes[0] = 1;
  for (int64_t tile = 0; tile < 8; ++tile) {
    bytes[size_t(kColumnsAt + 2 * tile)] = kTileBytes; // 16 bits
    bytes[size_t(kRowsAt + tile)] = kTileRows;
  }
  for (int64_t tile : {sumTile(0, 0), sumTile(0, 1), rowTile(0)})
    shorter[size_t(kRowsAt + tile)] = true;
  auto type = b.vec(kTileBytes, b.getI8Type());
  Value shape = arith::ConstantOp::create(
      b, DenseElementsAttr::get(type, ArrayRef<int8_t>(bytes)));
  if (rowsOfTile) {
    Value mask = arith::ConstantOp::create(
        b, DenseElementsAttr::get(b.vec(kTileBytes, b.getI1Type()), shorter));
    Value rows = arith::IndexCastOp::create(b, b.getI8Type(), rowsOfTile);
    shape =
        arith::SelectOp::create(b, mask, b.broadcast(type, rows), shape);
  }
  b.store(shape, configuration, b.index(0));
  call("ldtilecfg", addressOf(configuration, {}, b.index(0)));
}

void MatrixProduct::loadOrStore(StringRef name, int64_t tile, Memory memory) {
  Value stride = LLVM::ConstantOp::create(
      b, b.getI64Type(), b.getI64IntegerAttr(memory.rowBytes));
  call(name, {number(tile), memory.address, stride});
}

/// `blocks` times 16 rows from `row` on (or fewer, as configured) with tiles [tile, tile
/// + tiles).
void MatrixProduct::product(Value row, int64_t blocks, int64_t tile,
                            int64_t tiles) {
  auto eachSum = [&](function_ref<void(int64_t, Memory)> f) {
    for (int64_t i = 0; i < blocks; ++i)
      for (int64_t t = 0; t < tiles; ++t) {
        Value at = b.add(op.getRow(), b.add(row, i * kTileRows));
        Value column = b.add(op.getColumn(), (tile + t) * int64_t(kLanes));
        f(sumTile(i, t), {addressOf(op.getSums(), at, column),
                          bytesOfRow(op.getSums())});
      }
  };
  eachSum([&](int64_t t, Memory m) { load(t, m); });
  const int64_t of = int64_t(op.getOf());
  b.loop(b.index(0), op.getPairs(), kTileRows, [&](Value pair) {
    for (int64_t i = 0; i < blocks; ++i) {
      Value at = b.add(op.getXRow(), b.add(row, i * kTileRows));
      Value column = b.add(op.getXColumn(), b.mul(pair, 2));
      load(rowTile(i), {addressOf(op.getX(), at, column), bytesOfRow(op.getX())});
    }
    for (int64_t t = 0; t < tiles; ++t) {
      Value unit = b.add(b.mul(pair, of), tile + t);
      Value at = b.add(op.getAt(), b.mul(unit, 2 * int64_t(kLanes)));
      load(weightTile(t), {addressOf(op.getWeights(), {}, at), of * kTileBytes});
    }
    for (int64_t i = 0; i < blocks; ++i)
      for (int64_t t = 0; t < tiles; ++t)
        call("tdpbf16ps", {number(sumTile(i, t)), number(rowTile(i)),
                           number(weightTile(t))});
  });
  eachSum([&](int64_t t, Memory m) { store(t, m); });
}

void MatrixProduct::allTiles(Value row, int64_t blocks) {
  const int64_t tiles = int64_t(op.getTiles());
  for (int64_t tile = 0; tile < tiles; tile += 2)
    product(row, blocks, tile, std::min<int64_t>(2, tiles - tile));
}

void MatrixProduct::emit() {
  configuration = config();
  configure({});
  Value rows = op.getRows(), from = b.index(0);
  for (int64_t blocks : {2, 1}) {
    const int64_t some = blocks * kTileRows;
    Value to = b.sub(rows, b.rem(b.sub(rows, from), some));
    b.loop(from, to, some, [&](Value row) { allTiles(row, blocks); });
    from = to;
  }
  b.when(b.less(from, rows), [&] {
    configure(b.sub(rows, from));
    allTiles(from, 1);
  });
  // Tiles that hold something are saved when threads change.
  call("tilerelease", {});
}

namespace {
struct MatmulBF16Amx : OpRewritePattern<MatmulBF16Op> {
  MatmulBF16Amx(MLIRContext *context) : OpRewritePattern(context, /*benefit=*/2) {}
  LogicalResult matchAndRewrite(MatmulBF16Op op,
                                PatternRewriter &rewriter) const override {
    if (!op->getParentOfType<FunctionOpInterface>())
      return rewriter.notifyMatchFailure(op, "not in a function");
    for (Value memory : {op.getSums(), op.getX(), op.getWeights()}) {
      auto type = cast<MemRefType>(memory.getType());
      if (!type.getLayout().isIdentity() ||
          (type.getRank() > 1 && type.isDynamicDim(type.getRank() - 1)))
        return rewriter.notifyMatchFailure(op, "rows of unknown distance");
    }
    MatrixProduct(op, rewriter).emit();
    rewriter.eraseOp(op);
    return success();
  }
};
} // namespace

void quern::cpu::populateTileToAmxPatterns(RewritePatternSet &patterns) {
  patterns.add<MatmulBF16Amx>(patterns.getContext());
}
