//===- Trace.cpp - What memory a workgroup touches, by its code -----------===//
#include "codegen/simt/Trace.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "llvm/ADT/DenseSet.h"
#include "llvm/ADT/SmallSet.h"
#include "llvm/ADT/TypeSwitch.h"

using namespace mlir;
using namespace quern;
using namespace quern::simt;

namespace {
/// A value in every thread. Integers and indices have 32 bits at most, as on the
/// devices; of everything else, and of what came out of it, nothing is known.
struct Lanes {
  std::vector<uint32_t> values; // empty: unknown
  bool known() const { return !values.empty(); }
};
using Mask = std::vector<bool>;

class Tracer {
public:
  Tracer(gpu::GPUFuncOp function, Integers integers, int64_t task, int64_t item,
         int64_t part)
      : function(function), integers(integers), task(task), item(item),
        part(part), threads((*function.getKnownBlockSize())[0]),
        arguments(function.getFunctionType().getNumInputs()) {
    trace.memory.resize(arguments + 1);
    touched.resize(arguments + 1);
  }

  FailureOr<Trace> run() {
    if (failed(walk(function.getBody().front(), Mask(threads, true))))
      return failure();
    for (auto [memory, bytes] : llvm::zip_equal(trace.memory, touched))
      memory.uniqueBytes = int64_t(bytes.size()) * 4;
    return trace;
  }

private:
  LogicalResult walk(Block &block, const Mask &mask);
  LogicalResult walk(Operation &op, const Mask &mask);
  LogicalResult loop(scf::ForOp op, const Mask &mask);
  LogicalResult branch(scf::IfOp op, const Mask &mask);
  LogicalResult load(memref::LoadOp op, const Mask &mask);
  LogicalResult store(memref::StoreOp op, const Mask &mask);
  FailureOr<std::vector<int64_t>> places(Operation *op, Value memory,
                                         ValueRange indices, const Mask &mask);
  void record(unsigned memory, ArrayRef<int64_t> places, int64_t bytes,
              const Mask &mask);
  LogicalResult share(Operation *op, Value memory, ArrayRef<int64_t> places,
                      bool writes, const Mask &mask);
  Lanes compute(Operation &op);

  unsigned numberOf(Value memory) {
    return std::min(cast<BlockArgument>(memory).getArgNumber(), arguments);
  }
  Lanes all(uint32_t value) { return {std::vector<uint32_t>(threads, value)}; }
  /// Good until the next assign().
  const Lanes &of(Value v) const {
    static const Lanes unknown;
    auto found = values.find(v);
    return found == values.end() ? unknown : found->second;
  }
  /// Threads outside of the mask keep what they had.
  void assign(Value v, Lanes lanes, const Mask &mask);

  gpu::GPUFuncOp function;
  Integers integers;
  int64_t task, item, part;
  size_t threads;
  unsigned arguments;
  Trace trace;
  std::vector<llvm::DenseSet<int64_t>> touched; // words
  DenseMap<Value, Lanes> values;
  /// The workgroup's memory, by memory and element: integers in it, and who has
  /// touched it since which barrier.
  using Place = std::pair<Value, int64_t>;
  struct Touch {
    static constexpr int64_t kNobody = -1, kSeveral = -2;
    int64_t barrier = 0, reader = kNobody,
            writer = kNobody; // a thread's number
  };
  DenseMap<Place, uint32_t> shared;
  DenseMap<Place, Touch> touches;
};
} // namespace

/// Integers of two; nothing for other ops. Division by zero, which only threads
/// that are switched off come to, is anything.
static std::optional<uint32_t> apply(Operation &op, uint32_t x, uint32_t y) {
  return llvm::TypeSwitch<Operation *, std::optional<uint32_t>>(&op)
      .Case<arith::AddIOp>([&](auto) { return x + y; })
      .Case<arith::SubIOp>([&](auto) { return x - y; })
      .Case<arith::MulIOp>([&](auto) { return x * y; })
      .Case<arith::DivUIOp>([&](auto) { return y ? x / y : 0; })
      .Case<arith::RemUIOp>([&](auto) { return y ? x % y : 0; })
      .Case<arith::AndIOp>([&](auto) { return x & y; })
      .Case<arith::OrIOp>([&](auto) { return x | y; })
      .Case<arith::XOrIOp>([&](auto) { return x ^ y; })
      .Case<arith::ShRUIOp>([&](auto) { return y < 32 ? x >> y : 0; })
      .Case<arith::ShLIOp>([&](auto) { return y < 32 ? x << y : 0; })
      .Case<arith::MinUIOp>([&](auto) { return std::min(x, y); })
      .Case<arith::MaxUIOp>([&](auto) { return std::max(x, y); })
      .Case<arith::CmpIOp>([&](arith::CmpIOp cmp) {
        return arith::applyCmpPredicate(cmp.getPredicate(), llvm::APInt(32, x),
                                        llvm::APInt(32, y));
      })
      .Default([](Operation *) { return std::nullopt; });
}

Lanes Tracer::compute(Operation &op) {
  if (auto constant = dyn_cast<arith::ConstantOp>(op)) {
    auto value = dyn_cast<IntegerAttr>(constant.getValue());
    return value ? all(uint32_t(value.getValue().getZExtValue())) : Lanes();
  }
  if (isa<gpu::ThreadIdOp>(op)) {
    Lanes numbers = all(0);
    for (size_t i = 0; i < threads; ++i)
      numbers.values[i] = uint32_t(i);
    return numbers;
  }
  if (auto id = dyn_cast<gpu::BlockIdOp>(op))
    return all(uint32_t(id.getDimension() == gpu::Dimension::x   ? task
                        : id.getDimension() == gpu::Dimension::y ? item
                                                                 : part));
  if (isa<arith::IndexCastOp, arith::IndexCastUIOp, arith::ExtUIOp>(op))
    return of(op.getOperand(0));
  if (auto select = dyn_cast<arith::SelectOp>(op)) {
    const Lanes &which = of(select.getCondition());
    const Lanes &yes = of(select.getTrueValue()),
                &no = of(select.getFalseValue());
    if (!which.known() || !yes.known() || !no.known())
      return {};
    Lanes chosen = no;
    for (size_t i = 0; i < threads; ++i)
      if (which.values[i])
        chosen.values[i] = yes.values[i];
    return chosen;
  }
  if (op.getNumOperands() != 2 || op.getNumResults() != 1)
    return {};
  const Lanes &x = of(op.getOperand(0)), &y = of(op.getOperand(1));
  if (!x.known() || !y.known() || !apply(op, 0, 0))
    return {};
  Lanes result = all(0);
  for (size_t i = 0; i < threads; ++i)
    result.values[i] = *apply(op, x.values[i], y.values[i]);
  return result;
}

void Tracer::assign(Value v, Lanes lanes, const Mask &mask) {
  Lanes &to = values[v];
  if (!lanes.known() || !to.known()) {
    to = lanes;
    return;
  }
  for (size_t i = 0; i < threads; ++i)
    if (mask[i])
      to.values[i] = lanes.values[i];
}

//===----------------------------------------------------------------------===//
// Memory
//===----------------------------------------------------------------------===//

static int64_t bytesOf(Type type) {
  if (auto vector = dyn_cast<VectorType>(type))
    return vector.getNumElements() * bytesOf(vector.getElementType());
  return int64_t(type.getIntOrFloatBitWidth() / 8);
}

/// The element that each thread means, in the order of memory.
FailureOr<std::vector<int64_t>> Tracer::places(Operation *op, Value memref,
                                               ValueRange indices,
                                               const Mask &mask) {
  auto type = cast<MemRefType>(memref.getType());
  const unsigned memory = numberOf(memref);
  std::vector<int64_t> at(threads, 0);
  for (auto [i, index] : llvm::enumerate(indices)) {
    const Lanes &lanes = of(index);
    if (!lanes.known())
      return op->emitError(
          "requires an address that depends on integers alone");
    const int64_t size = type.getDimSize(i);
    // Rows of arguments are as many as the caller's integers ask for.
    const bool isBound = i > 0 || memory == arguments;
    for (size_t t = 0; t < threads; ++t) {
      if (mask[t] && isBound && lanes.values[t] >= size)
        return op->emitError("requires an index within its memory; thread ")
               << t << " has " << lanes.values[t] << " of " << size;
      at[t] = at[t] * (i ? size : 1) + lanes.values[t];
    }
  }
  return at;
}

/// What a thread of the workgroup writes nobody else may touch without a barrier in
/// between.
LogicalResult Tracer::share(Operation *op, Value memory,
                            ArrayRef<int64_t> places, bool writes,
                            const Mask &mask) {
  for (size_t i = 0; i < threads; ++i) {
    if (!mask[i])
      continue;
    const auto thread = int64_t(i);
    Touch &touch = touches[{memory, places[i]}];
    if (touch.barrier != trace.barriers)
      touch = {.barrier = trace.barriers};
    auto isAnother = [&](int64_t other) {
      return other != Touch::kNobody && other != thread;
    };
    if (isAnother(touch.writer) || (writes && isAnother(touch.reader)))
      return op->emitError("requires a barrier before thread ")
             << thread << (writes ? " writes" : " reads") << " element "
             << places[i] << ", which another one has touched";
    if (writes)
      touch.writer = thread;
    else
      touch.reader = isAnother(touch.reader) ? Touch::kSeveral : thread;
  }
  return success();
}

void Tracer::record(unsigned memory, ArrayRef<int64_t> places, int64_t bytes,
                    const Mask &mask) {
  MemoryTrace &into = trace.memory[memory];
  for (size_t first = 0; first < threads; first += kSubgroup) {
    llvm::SmallSet<int64_t, 32> sectors;
    llvm::DenseSet<int64_t> words;
    for (size_t t = first; t < std::min(threads, first + kSubgroup); ++t) {
      if (!mask[t])
        continue;
      int64_t begin = places[t] * bytes, end = begin + bytes;
      ++into.loads;
      ++into.loadsOfWidth[bytes];
      into.requestedBytes += bytes;
      for (int64_t word = begin / 4; word < (end + 3) / 4; ++word) {
        words.insert(word);
        touched[memory].insert(word);
        sectors.insert(word * 4 / kSector);
      }
    }
    if (words.empty())
      continue;
    ++into.requests;
    into.sectors += int64_t(sectors.size());
    into.fewestSectors += (int64_t(words.size()) * 4 + kSector - 1) / kSector;
  }
}

LogicalResult Tracer::load(memref::LoadOp op, const Mask &mask) {
  MemRefType type = op.getMemRefType();
  auto at = places(op, op.getMemRef(), op.getIndices(), mask);
  if (failed(at))
    return failure();
  unsigned memory = numberOf(op.getMemRef());
  if (memory == arguments &&
      failed(share(op, op.getMemRef(), *at, /*writes=*/false, mask)))
    return failure();
  record(memory, *at, bytesOf(type.getElementType()), mask);
  Lanes result;
  if (type.getElementType().isInteger(32)) {
    result = all(0);
    for (size_t t = 0; t < threads && result.known(); ++t) {
      if (!mask[t])
        continue;
      std::optional<int64_t> value;
      if (memory < arguments)
        value = integers(memory, (*at)[t]);
      else if (auto found = shared.find({op.getMemRef(), (*at)[t]});
               found != shared.end())
        value = found->second;
      if (value)
        result.values[t] = uint32_t(*value);
      else
        result = {};
    }
  }
  assign(op.getResult(), result, mask);
  return success();
}

LogicalResult Tracer::store(memref::StoreOp op, const Mask &mask) {
  auto at = places(op, op.getMemRef(), op.getIndices(), mask);
  if (failed(at))
    return failure();
  unsigned memory = numberOf(op.getMemRef());
  if (memory == arguments &&
      failed(share(op, op.getMemRef(), *at, /*writes=*/true, mask)))
    return failure();
  const Lanes &value = of(op.getValue());
  for (size_t t = 0; t < threads; ++t) {
    if (!mask[t])
      continue;
    ++trace.memory[memory].stores;
    if (memory < arguments)
      continue;
    if (value.known())
      shared[{op.getMemRef(), (*at)[t]}] = value.values[t];
    else
      shared.erase({op.getMemRef(), (*at)[t]});
  }
  return success();
}

//===----------------------------------------------------------------------===//
// Control flow
//===----------------------------------------------------------------------===//

LogicalResult Tracer::loop(scf::ForOp op, const Mask &mask) {
  Lanes from = of(op.getLowerBound()), to = of(op.getUpperBound()),
        step = of(op.getStep());
  if (!from.known() || !to.known() || !step.known())
    return op.emitError("requires bounds that depend on integers alone");
  for (auto [argument, init, result] : llvm::zip_equal(
           op.getRegionIterArgs(), op.getInits(), op.getResults())) {
    values.erase(argument), values.erase(result);
    assign(argument, of(init), mask);
    assign(result, of(init), mask);
  }
  Block &body = *op.getBody();
  auto yield = cast<scf::YieldOp>(body.getTerminator());
  for (Lanes now = from;;) {
    Mask inside(threads);
    bool any = false;
    for (size_t t = 0; t < threads; ++t)
      any |= inside[t] = mask[t] && now.values[t] < to.values[t];
    if (!any)
      return success();
    values[op.getInductionVar()] = now;
    if (failed(walk(body, inside)))
      return failure();
    SmallVector<Lanes> next;
    for (Value v : yield.getOperands())
      next.push_back(of(v));
    for (auto [argument, result, lanes] :
         llvm::zip_equal(op.getRegionIterArgs(), op.getResults(), next)) {
      assign(argument, lanes, inside);
      assign(result, lanes, inside);
    }
    for (size_t t = 0; t < threads; ++t)
      if (inside[t])
        now.values[t] += step.values[t];
  }
}

LogicalResult Tracer::branch(scf::IfOp op, const Mask &mask) {
  Lanes which = of(op.getCondition());
  if (!which.known())
    return op.emitError("requires a condition that depends on integers alone");
  for (Value result : op.getResults())
    values.erase(result);
  for (bool taken : {true, false}) {
    Block *block = taken ? op.thenBlock() : op.elseBlock();
    Mask inside(threads);
    bool any = false;
    for (size_t t = 0; t < threads; ++t)
      any |= inside[t] = mask[t] && bool(which.values[t]) == taken;
    if (!block || !any)
      continue;
    if (failed(walk(*block, inside)))
      return failure();
    for (auto [result, v] : llvm::zip_equal(
             op.getResults(), block->getTerminator()->getOperands()))
      assign(result, of(v), inside);
  }
  return success();
}

LogicalResult Tracer::walk(Operation &op, const Mask &mask) {
  return llvm::TypeSwitch<Operation *, LogicalResult>(&op)
      .Case<scf::ForOp>([&](auto loop) { return this->loop(loop, mask); })
      .Case<scf::IfOp>([&](auto branch) { return this->branch(branch, mask); })
      .Case<memref::LoadOp>([&](auto load) { return this->load(load, mask); })
      .Case<memref::StoreOp>(
          [&](auto store) { return this->store(store, mask); })
      .Case<gpu::BarrierOp>([&](auto barrier) -> LogicalResult {
        ++trace.barriers;
        if (llvm::is_contained(mask, false))
          return barrier.emitError("requires all threads at a barrier");
        return success();
      })
      .Default([&](Operation *other) {
        Lanes result = compute(*other);
        for (Value v : other->getResults())
          assign(v, result, mask);
        return success();
      });
}

LogicalResult Tracer::walk(Block &block, const Mask &mask) {
  for (Operation &op : block)
    if (failed(walk(op, mask)))
      return failure();
  return success();
}

MemoryTrace &MemoryTrace::operator+=(const MemoryTrace &other) {
  loads += other.loads, stores += other.stores;
  requestedBytes += other.requestedBytes, uniqueBytes += other.uniqueBytes;
  requests += other.requests;
  sectors += other.sectors, fewestSectors += other.fewestSectors;
  for (auto [bytes, count] : other.loadsOfWidth)
    loadsOfWidth[bytes] += count;
  return *this;
}

FailureOr<Trace> quern::simt::traceWorkgroup(gpu::GPUFuncOp function,
                                             Integers integers, int64_t task,
                                             int64_t item, int64_t part) {
  return Tracer(function, integers, task, item, part).run();
}
