//===- Kernel.cpp - From a kernel's body to loops over memory -------------===//
#include "codegen/cpu/Kernel.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "llvm/ADT/TypeSwitch.h"

using namespace mlir;
using namespace quern;
using namespace quern::cpu;

SmallVector<MemRefType, 3> quern::cpu::buffersOf(Type type) {
  MLIRContext *c = type.getContext();
  constexpr int64_t dyn = ShapedType::kDynamic;
  Type i8 = IntegerType::get(c, 8), i32 = IntegerType::get(c, 32);
  auto flat = [&](Type t) { return MemRefType::get({dyn}, t); };
  using List = SmallVector<MemRefType, 3>;
  return llvm::TypeSwitch<Type, List>(type)
      .Case<RankedTensorType>([&](RankedTensorType t) -> List {
        if (!t.hasStaticShape() && t.getRank() == 2)
          return {MemRefType::get({dyn, rowStride(t.getDimSize(1))},
                                  t.getElementType())};
        return {MemRefType::get(t.getShape(), t.getElementType())};
      })
      .Case<RowsType>([&](RowsType t) -> List {
        if (t.getNumber() == Number::BF16)
          return {MemRefType::get({dyn, rowStride(t.getColumns())},
                                  BFloat16Type::get(c))};
        return {flat(i8)};
      })
      .Case<PanelsType>([&](PanelsType) -> List { return {flat(i8)}; })
      .Case<KvType>([&](KvType t) -> List {
        if (!t.isLaidOut())
          return {};
        return {flat(t.getStored()), flat(i32)};
      })
      .Case<StepType>([&](StepType) -> List {
        return {flat(i32), flat(i32), flat(i32)};
      })
      .Default([](Type) -> List { return {}; });
}

unsigned quern::cpu::constantsOf(Type type) {
  return isa<KvType>(type) ? 2 : 0;
}

KernelBuilder::KernelBuilder(KernelOp kernel, const Chip &chip)
    : LoopBuilder(kernel.getLoc(), kernel.getContext()), chip(chip),
      kernel(kernel) {
  setInsertionPoint(kernel);
  Type pointer = LLVM::LLVMPointerType::get(getContext()), i64 = getI64Type();
  function = func::FuncOp::create(
      *this, kernel.getSymName(),
      getFunctionType({pointer, pointer, pointer, i64, i64}, {}));
  Block *entry = function.addEntryBlock();
  setInsertionPointToStart(entry);
  auto toIndex = [&](Value v) {
    return arith::IndexCastOp::create(*this, getIndexType(), v).getResult();
  };
  auto count = [&](unsigned which) {
    Value at = LLVM::GEPOp::create(*this, pointer, i64, entry->getArgument(2),
                                   ArrayRef<LLVM::GEPArg>{int32_t(which)});
    return toIndex(LLVM::LoadOp::create(*this, i64, at));
  };
  rows = count(unsigned(kernel.getRows()));
  tiles = count(1);
  worker = toIndex(entry->getArgument(3));
  workers = toIndex(entry->getArgument(4));

  unsigned buffers = 0, constants = 0;
  for (BlockArgument argument : body().getArguments()) {
    slots[argument] = {buffers, constants};
    buffers += buffersOf(argument.getType()).size();
    constants += constantsOf(argument.getType());
  }
  firstResult = buffers;
  // All addresses are loaded here, where they dominate every use.
  for (BlockArgument argument : body().getArguments()) {
    unsigned at = slots[argument].firstBuffer;
    for (MemRefType type : buffersOf(argument.getType()))
      buffer(at++, type);
  }
  for (Type type : body().getTerminator()->getOperandTypes())
    buffer(buffers++, buffersOf(type).front());
  func::ReturnOp::create(*this);
  setInsertionPoint(entry->getTerminator());
}

Value KernelBuilder::buffer(unsigned number, MemRefType type) {
  Value &memory = made[number];
  if (memory)
    return memory;
  Type pointer = LLVM::LLVMPointerType::get(getContext());
  Value at =
      LLVM::GEPOp::create(*this, pointer, pointer, function.getArgument(0),
                          ArrayRef<LLVM::GEPArg>{int32_t(number)});
  Value address = LLVM::LoadOp::create(*this, pointer, at);
  memory =
      UnrealizedConversionCastOp::create(*this, type, address).getResult(0);
  return memory;
}

Value KernelBuilder::constant(unsigned number) {
  OpBuilder::InsertionGuard guard(*this);
  Type pointer = LLVM::LLVMPointerType::get(getContext());
  Block *entry = &function.getBody().front();
  setInsertionPointToStart(entry);
  Value at =
      LLVM::GEPOp::create(*this, pointer, getI64Type(), function.getArgument(1),
                          ArrayRef<LLVM::GEPArg>{int32_t(number)});
  Value v = LLVM::LoadOp::create(*this, getI64Type(), at);
  return arith::IndexCastOp::create(*this, getIndexType(), v);
}

void KernelBuilder::choose(const Twine &tile) {
  function->setAttr("quern.tile", getStringAttr(tile));
}

void KernelBuilder::because(const Twine &why) {
  function->setAttr("quern.why", getStringAttr(why));
}

Value KernelBuilder::memory(Value argument) {
  return made.lookup(slots.lookup(argument).firstBuffer);
}

KvMemory KernelBuilder::kv(Value argument) {
  Slot s = slots.lookup(argument);
  return {made.lookup(s.firstBuffer), made.lookup(s.firstBuffer + 1),
          constant(s.firstConstant), constant(s.firstConstant + 1)};
}

StepMemory KernelBuilder::step(Value argument) {
  unsigned first = slots.lookup(argument).firstBuffer;
  return {made.lookup(first), made.lookup(first + 1), made.lookup(first + 2)};
}

Value KernelBuilder::result(unsigned i) { return made.lookup(firstResult + i); }

std::pair<Value, Value> KernelBuilder::share(Value count) {
  auto bound = [&](Value w) {
    return arith::DivUIOp::create(*this, mul(count, w), workers).getResult();
  };
  return {bound(worker), bound(add(worker, 1))};
}

void KernelBuilder::epilogue(const DenseMap<Value, Value> &roots, Value row,
                             Value column) {
  DenseMap<Value, Value> vectors = roots;
  auto type = cast<VectorType>(roots.begin()->second.getType());
  auto vectorOf = [&](Value v) {
    Value &vector = vectors[v];
    if (!vector)
      vector = load(type, memory(v), {row, column});
    return vector;
  };
  for (Operation &op : body()) {
    auto elementwise = dyn_cast<ElementwiseOpInterface>(op);
    if (!elementwise)
      continue;
    SmallVector<Value> operands;
    for (Value v : op.getOperands())
      operands.push_back(vectorOf(v));
    Value result = elementwise.emit(*this, operands);
    vectors[op.getResult(0)] = result;
  }
  for (auto [i, v] : llvm::enumerate(body().getTerminator()->getOperands()))
    store(vectorOf(v), result(i), {row, column});
}
