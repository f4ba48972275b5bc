//===- Kernel.cpp - From a kernel's body to workgroups of threads ---------===//
#include "codegen/simt/Kernel.h"
#include "runtime/Plan.h"
#include "llvm/ADT/TypeSwitch.h"

using namespace mlir;
using namespace quern;
using namespace quern::simt;

int64_t quern::simt::sharedBytes(gpu::GPUFuncOp function) {
  int64_t bytes = 0;
  for (BlockArgument memory : function.getWorkgroupAttributions()) {
    auto type = cast<MemRefType>(memory.getType());
    int64_t elements = type.getNumElements();
    Type element = type.getElementType();
    if (auto vector = dyn_cast<VectorType>(element))
      elements *= vector.getNumElements(), element = vector.getElementType();
    bytes += elements * int64_t(element.getIntOrFloatBitWidth() / 8);
  }
  return bytes;
}

SmallVector<MemRefType, 3> quern::simt::buffersOf(Type type) {
  MLIRContext *c = type.getContext();
  constexpr int64_t dyn = ShapedType::kDynamic;
  Attribute global = gpu::AddressSpaceAttr::get(c, gpu::AddressSpace::Global);
  auto memory = [&](ArrayRef<int64_t> shape, Type element) {
    return MemRefType::get(shape, element, MemRefLayoutAttrInterface(), global);
  };
  Type i8 = IntegerType::get(c, 8), i32 = IntegerType::get(c, 32);
  using List = SmallVector<MemRefType, 3>;
  return llvm::TypeSwitch<Type, List>(type)
      .Case<RankedTensorType>([&](RankedTensorType t) -> List {
        if (!t.hasStaticShape() && t.getRank() == 2)
          return {
              memory({dyn, rowStride(t.getDimSize(1))}, t.getElementType())};
        return {memory(t.getShape(), t.getElementType())};
      })
      .Case<RowsType>([&](RowsType t) -> List {
        if (t.getNumber() != Number::I16 && t.getNumber() != Number::I8)
          return {};
        return {memory({dyn}, i8)};
      })
      .Case<PanelsType>([&](PanelsType) -> List { return {memory({dyn}, i8)}; })
      .Case<KvType>([&](KvType t) -> List {
        if (!t.isLaidOut())
          return {};
        return {memory({dyn}, t.getStored()), memory({dyn}, i32)};
      })
      .Case<StepType>([&](StepType) -> List {
        return {memory({dyn}, i32), memory({dyn}, i32), memory({dyn}, i32)};
      })
      .Default([](Type) -> List { return {}; });
}

/// Nothing for other ops.
static std::optional<Linear> linearOf(Operation &op) {
  if (auto linear = dyn_cast<LinearOp>(op))
    return Linear{&op,
                  linear.getInput(),
                  linear.getWeight(),
                  linear.getResult(),
                  columnsOf(linear.getWeight().getType()),
                  1};
  if (auto linear = dyn_cast<LinearPartsOp>(op))
    return Linear{&op,
                  linear.getInput(),
                  linear.getWeight(),
                  linear.getResult(),
                  int64_t(linear.getColumns()),
                  int64_t(linear.getParts())};
  return std::nullopt;
}

std::optional<Number> quern::simt::numberOfLinears(KernelOp kernel) {
  for (Operation &op : kernel.getBody().front())
    if (auto linear = linearOf(op)) {
      auto rows = dyn_cast<RowsType>(linear->input.getType());
      return rows ? rows.getNumber() : Number::F32;
    }
  return std::nullopt;
}

FailureOr<SmallVector<Linear>> quern::simt::linearsOf(KernelBuilder &b) {
  SmallVector<Linear> linears;
  Operation *other = nullptr;
  auto refuse = [](Operation *op) {
    return op->emitOpError(
        "requires linears of one operand with packed weights of one shape");
  };
  for (Operation &op : b.body().without_terminator()) {
    auto linear = linearOf(op);
    if (!linear) {
      if (!isa<ElementwiseOpInterface>(op))
        return refuse(&op);
      other = &op;
      continue;
    }
    linears.push_back(*linear);
    const Linear &first = linears.front();
    if (!isa<PanelsType>(linear->weight.getType()) ||
        !isa<BlockArgument>(linear->input) || linear->input != first.input ||
        rowsOfWeight(linear->weight.getType()) !=
            rowsOfWeight(first.weight.getType()) ||
        linear->columns != first.columns)
      return refuse(&op);
  }
  if (other && linears.front().parts > 1) // what follows, follows the sum
    return refuse(other);
  return linears;
}

KernelBuilder::KernelBuilder(KernelOp kernel, const Capabilities &chip)
    : LoopBuilder(kernel.getLoc(), kernel.getContext()), chip(chip),
      kernel(kernel) {
  setInsertionPoint(kernel);
  auto module = gpu::GPUModuleOp::create(*this, kernel.getSymName());
  Type counts =
      buffersOf(RankedTensorType::get({ShapedType::kDynamic}, getI32Type()))[0];
  SmallVector<Type> types{counts, counts};
  unsigned constants = 0;
  for (BlockArgument argument : body().getArguments()) {
    firstBuffer[argument] = types.size();
    firstConstant[argument] = constants;
    constants += isa<KvType>(argument.getType()) ? 2 : 0;
    llvm::append_range(types, buffersOf(argument.getType()));
  }
  firstResult = types.size();
  for (Type type : body().getTerminator()->getOperandTypes())
    types.push_back(buffersOf(type).front());
  setInsertionPointToStart(module.getBody());
  function = gpu::GPUFuncOp::create(*this, kernel.getSymName(),
                                    getFunctionType(types, {}));
  function->setAttr(gpu::GPUDialect::getKernelFuncAttrName(), getUnitAttr());
  function.setKnownBlockSize(ArrayRef<int32_t>{int32_t(chip.threads), 1, 1});
  setInsertionPointToStart(&function.getBody().front());
  auto count = [&](int64_t which) {
    return loadIndex(function.getArgument(0), index(which));
  };
  rows = count(int64_t(kernel.getRows()));
  task = gpu::BlockIdOp::create(*this, gpu::Dimension::x);
  function->setAttr("quern.constants", getI64IntegerAttr(constants));
  describePanels(constants);
  item = gpu::BlockIdOp::create(*this, gpu::Dimension::y);
  part = gpu::BlockIdOp::create(*this, gpu::Dimension::z);
  thread = gpu::ThreadIdOp::create(*this, gpu::Dimension::x);
  gpu::ReturnOp end = gpu::ReturnOp::create(*this);
  setInsertionPoint(end);
}

/// Of a kernel that reads packed weights: says so, and loads which of the panels
/// are bound. `constant`: how many constants the stage has.
void KernelBuilder::describePanels(unsigned constant) {
  SmallVector<int64_t> arguments, bytes;
  int64_t count = 0;
  for (BlockArgument argument : body().getArguments()) {
    if (!isa<PanelsType>(argument.getType()))
      continue;
    PanelReader w = panels(argument);
    arguments.push_back(firstBuffer.lookup(argument));
    bytes.push_back(int64_t(panelBytes(w.shape, uint64_t(w.columns))));
    count = w.panels;
  }
  if (arguments.empty())
    return;
  firstPanel = loadIndex(function.getArgument(1), index(constant));
  panelCount = loadIndex(function.getArgument(1), index(constant + 1));
  auto number = [&](StringRef name, int64_t value) {
    return getNamedAttr(name, getI64IntegerAttr(value));
  };
  function->setAttr(
      "quern.panels",
      getDictionaryAttr(
          {number("count", count),
           getNamedAttr("arguments", getDenseI64ArrayAttr(arguments)),
           getNamedAttr("bytes", getDenseI64ArrayAttr(bytes))}));
}

void KernelBuilder::launchOver(int64_t count, int64_t tasks, int64_t rowsOfItem,
                               int64_t parts) {
  function->setAttr("quern.grid",
                    getDictionaryAttr({
                        getNamedAttr("tasks", getI64IntegerAttr(tasks)),
                        getNamedAttr("of", getI64IntegerAttr(count)),
                        getNamedAttr("rows", getI64IntegerAttr(rowsOfItem)),
                        getNamedAttr("parts", getI64IntegerAttr(parts)),
                    }));
}

void KernelBuilder::launchOverTiles(int64_t tasks) {
  launchOver(plan::kTiles, tasks, /*rowsOfItem=*/1, /*parts=*/1);
}

void KernelBuilder::launchOverPanels(int64_t panelsOfTask, int64_t rowsOfItem,
                                     int64_t parts) {
  auto described = function->getAttrOfType<DictionaryAttr>("quern.panels");
  const int64_t count = described.getAs<IntegerAttr>("count").getInt();
  launchOverRows((count + panelsOfTask - 1) / panelsOfTask, rowsOfItem, parts);
  NamedAttrList list(described);
  list.set("task", getI64IntegerAttr(panelsOfTask));
  function->setAttr("quern.panels", list.getDictionary(getContext()));
  panel = add(mul(task, panelsOfTask), firstPanel);
}

Value KernelBuilder::memory(Value argument) {
  return function.getArgument(firstBuffer.lookup(argument));
}

KvMemory KernelBuilder::kv(Value argument) {
  unsigned buffer = firstBuffer.lookup(argument);
  auto constant = [&](unsigned i) {
    return loadIndex(function.getArgument(1),
                     index(firstConstant.lookup(argument) + i));
  };
  return {function.getArgument(buffer), function.getArgument(buffer + 1),
          constant(0), constant(1)};
}

StepMemory KernelBuilder::step(Value argument) {
  unsigned buffer = firstBuffer.lookup(argument);
  return {function.getArgument(buffer), function.getArgument(buffer + 1),
          function.getArgument(buffer + 2)};
}

Value KernelBuilder::result(unsigned i) {
  return function.getArgument(firstResult + i);
}

Value KernelBuilder::shared(ArrayRef<int64_t> shape, Type element) {
  Attribute space =
      gpu::AddressSpaceAttr::get(getContext(), gpu::AddressSpace::Workgroup);
  return function.addWorkgroupAttribution(
      MemRefType::get(shape, element, MemRefLayoutAttrInterface(), space),
      getLoc());
}

SmallVector<Value> KernelBuilder::combine(ValueRange numbers, Value scratch,
                                          Combine two) {
  const bool isOne = cast<MemRefType>(scratch.getType()).getRank() == 1;
  auto place = [&](size_t i, Value thread) {
    return isOne ? SmallVector<Value, 2>{thread}
                 : SmallVector<Value, 2>{index(int64_t(i)), thread};
  };
  for (auto [i, v] : llvm::enumerate(numbers))
    store(v, scratch, place(i, thread));
  for (int64_t half = chip.threads / 2; half > 0; half /= 2) {
    barrier();
    when(less(thread, index(half)), [&] {
      Value other = add(thread, half);
      for (size_t i = 0; i < numbers.size(); ++i)
        store(two(load(scratch, place(i, thread)),
                  load(scratch, place(i, other))),
              scratch, place(i, thread));
    });
  }
  barrier();
  SmallVector<Value> results;
  for (size_t i = 0; i < numbers.size(); ++i)
    results.push_back(load(scratch, place(i, index(0))));
  return results;
}

void KernelBuilder::epilogue(const DenseMap<Value, Value> &roots, Value row,
                             Value column) {
  DenseMap<Value, Value> numbers = roots;
  auto numberOf = [&](Value v) {
    Value known = numbers.lookup(v);
    if (!known)
      numbers[v] = known = load(memory(v), {row, column});
    return known;
  };
  for (Operation &op : body()) {
    auto elementwise = dyn_cast<ElementwiseOpInterface>(op);
    if (!elementwise)
      continue;
    SmallVector<Value> operands;
    for (Value v : op.getOperands())
      operands.push_back(numberOf(v));
    numbers[op.getResult(0)] = elementwise.emit(*this, operands);
  }
  for (auto [i, v] : llvm::enumerate(body().getTerminator()->getOperands()))
    store(numberOf(v), result(i), {row, column});
}
