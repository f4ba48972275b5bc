//===- PlanMemory.cpp - Places and barriers -------------------------------===//
#include "ir/Panel.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "passes/CacheOf.h"
#include "passes/MemorySize.h"
#include "passes/Passes.h"
#include "passes/Tails.h"
#include "runtime/Plan.h"
#include <array>

namespace quern {
#define GEN_PASS_DEF_PLANMEMORY
#include "passes/Passes.h.inc"
} // namespace quern

using namespace mlir;
using namespace quern;

namespace {
constexpr int64_t kPageBytes = 4096;
constexpr int64_t kMostKvBytes = int64_t(1) << 46;

struct Interval {
  int64_t begin, end; // bytes of the arena
  bool overlaps(const Interval &o) const {
    return begin < o.end && o.begin < end;
  }
};

/// First-fit over lifetimes: `place` finds the lowest offset at which nothing
/// that is alive in [first, last] lies.
class Arena {
public:
  Arena(int64_t front, int64_t alignment)
      : alignment(alignment), front(front), top(front) {}
  int64_t place(int64_t bytes, int64_t first, int64_t last) {
    bytes = llvm::alignTo(bytes, alignment);
    SmallVector<Interval> taken;
    for (auto &block : blocks)
      if (block.first <= last && first <= block.last)
        taken.push_back(block.at);
    llvm::sort(taken, [](auto &a, auto &b) { return a.begin < b.begin; });
    int64_t at = front;
    for (Interval i : taken) {
      if (i.begin - at >= bytes)
        break;
      at = std::max(at, i.end);
    }
    blocks.push_back({{at, at + bytes}, first, last});
    top = std::max(top, at + bytes);
    return at;
  }
  int64_t size() const { return top; }

private:
  struct Block {
    Interval at;
    int64_t first, last;
  };
  SmallVector<Block> blocks;
  int64_t alignment, front, top;
};

/// What has been touched since the last barrier.
class Hazards {
public:
  /// Whether something that touches these must wait; if so, forgets the past.
  bool mustWait(ArrayRef<Interval> reads, ArrayRef<Interval> writes,
                ArrayRef<Cache> cacheReads, ArrayRef<Cache> cacheWrites) {
    auto meets = [](ArrayRef<Interval> a, ArrayRef<Interval> b) {
      return llvm::any_of(a, [&](auto &x) {
        return llvm::any_of(b, [&](auto &y) { return x.overlaps(y); });
      });
    };
    auto shares = [](ArrayRef<Cache> a, ArrayRef<Cache> b) {
      return llvm::any_of(a, [&](Cache c) { return llvm::is_contained(b, c); });
    };
    bool wait = meets(written, reads) || meets(written, writes) ||
                meets(read, writes) || shares(cachesWritten, cacheReads) ||
                shares(cachesWritten, cacheWrites) ||
                shares(cachesRead, cacheWrites);
    if (wait) {
      read.clear(), written.clear();
      cachesRead.clear(), cachesWritten.clear();
    }
    llvm::append_range(read, reads);
    llvm::append_range(written, writes);
    llvm::append_range(cachesRead, cacheReads);
    llvm::append_range(cachesWritten, cacheWrites);
    return wait;
  }

private:
  SmallVector<Interval> read, written;
  SmallVector<Cache> cachesRead, cachesWritten;
};

struct PlanMemory : quern::impl::PlanMemoryBase<PlanMemory> {
  using PlanMemoryBase::PlanMemoryBase;

  void runOnOperation() override {
    ModuleOp module = getOperation();
    if (context <= 0 || maxBatch <= 0 || chunk <= 0 || context > (1 << 24) ||
        maxBatch > 4096 || chunk > (1 << 16)) {
      module.emitError(
          "requires context, max-batch and chunk within their limits");
      return signalPassFailure();
    }
    if (alignment < 64 || alignment > kPageBytes ||
        !llvm::isPowerOf2_64(uint64_t(alignment))) {
      module.emitError("requires an alignment of 64 to 4096, a power of two");
      return signalPassFailure();
    }
    plan.clear(), groups.clear();
    logitRows = std::max<int64_t>(32, maxBatch);
    vocabulary = bestColumns = 0;
    for (auto program : programs())
      if (failed(checkResult(program)))
        return signalPassFailure();
    placeWeights();
    if (failed(planFront()))
      return signalPassFailure();
    SmallVector<Lifetimes> lifetimes;
    for (auto program : programs())
      lifetimes.push_back(lifetimesOf(program));
    // What is copied is where the host reaches it, and that is the front.
    int64_t end = front, arena = front;
    for (Lifetimes &values : lifetimes)
      end = std::max(end, place(values, /*copied=*/true, front));
    front = arena = llvm::alignTo(end, kPageBytes);
    set("front_bytes", front);
    for (Lifetimes &values : lifetimes)
      arena = std::max(arena, place(values, /*copied=*/false, front));
    for (auto [program, values] : llvm::zip(programs(), lifetimes))
      setPlaces(program, values);
    set("arena_bytes", llvm::alignTo(arena, kPageBytes));
    set("context", context), set("max_batch", maxBatch), set("chunk", chunk);
    set("logit_rows", logitRows), set("tile_rows", plan::kTileRows);
    Builder b(&getContext());
    plan.push_back(b.getNamedAttr("groups", b.getArrayAttr(groups)));
    module->setAttr("quern.plan", b.getDictionaryAttr(plan));
  }

private:
  SmallVector<func::FuncOp> programs() {
    return llvm::to_vector(llvm::make_filter_range(
        getOperation().getOps<func::FuncOp>(), [](func::FuncOp f) {
          return f->hasAttr("quern.role") && !f.isDeclaration();
        }));
  }

  /// A program returns logits, and perhaps the best of each row. There are only so
  /// many rows of both: made by launches of selected rows, in as many columns as those
  /// of other programs.
  LogicalResult checkResult(func::FuncOp program) {
    Operation *end = program.getBody().front().getTerminator();
    if (end->getNumOperands() > 2)
      return program.emitError("requires a program with one result, the "
                               "logits, or two, those and the best of them");
    for (auto [i, value] : llvm::enumerate(end->getOperands())) {
      auto launch = value.getDefiningOp<LaunchOp>();
      if (!launch || SymbolTable::lookupNearestSymbolFrom<KernelOp>(
                         launch, launch.getKernelAttr())
                             .getRows() != RowsOf::Logits)
        return program.emitError(
            "requires a result that a launch of `rows logits`"
            " makes, such as one after quern.select_rows");
      int64_t &known = i ? bestColumns : vocabulary;
      int64_t columns = columnsOf(value.getType());
      if (known && columns != known)
        return program.emitError("requires ")
               << (i ? "the best logits in " : "logits of ") << known
               << " columns, as the other program has";
      known = columns;
    }
    if (end->getNumOperands() == 2 && !tailsOf(program).rank)
      return program.emitError(
          "requires a program of two results to end in launches that rank what "
          "its last launch brings back");
    return success();
  }

  void set(StringRef name, int64_t value) {
    Builder b(&getContext());
    plan.push_back(b.getNamedAttr(name, b.getI64IntegerAttr(value)));
  }

  /// Offsets in the weights section. Large weights are padded to whole pages, so
  /// that few of them share one.
  void placeWeights() {
    int64_t at = 0;
    Builder b(&getContext());
    for (Operation &op : *getOperation().getBody()) {
      int64_t bytes = 0;
      if (auto weight = dyn_cast<WeightOp>(op)) {
        bytes = weightBytes(weight.getType());
        weight.setOffsetAttr(b.getI64IntegerAttr(at));
      } else if (auto constant = dyn_cast<ConstantOp>(op)) {
        bytes = weightBytes(constant.getValue().getType());
        constant.setOffsetAttr(b.getI64IntegerAttr(at));
      }
      at += llvm::alignTo(bytes, bytes >= 16 * kPageBytes ? kPageBytes : alignment);
      if (bytes)
        at = llvm::alignTo(at, alignment);
    }
    // Kernels prefetch and load a little beyond the end of a stream.
    set("weights_bytes", llvm::alignTo(at + 2 * kPageBytes, kPageBytes));
  }

  /// Step inputs, page tables and logits at the front of the arena.
  LogicalResult planFront() {
    int64_t rows = std::max<int64_t>(chunk, maxBatch), at = 0;
    auto put = [&](StringRef name, int64_t bytes) {
      set(name, at);
      at = llvm::alignTo(at + bytes, alignment);
    };
    put("tokens", 4 * rows), put("positions", 4 * rows), put("slots", 4 * rows);
    put("tiles", 8 * rows), put("select", 4 * logitRows);
    set("max_tiles", rows);
    if (failed(planGroups(at)))
      return failure();
    at = llvm::alignTo(at, kPageBytes);
    logitsOffset = at;
    set("logits", at), set("logit_stride", rowStride(vocabulary));
    set("vocabulary", vocabulary);
    at = llvm::alignTo(at + 4 * logitRows * rowStride(vocabulary), alignment);
    bestOffset = at;
    set("ranked", bestColumns ? at : 0), set("best", bestColumns / 2);
    set("best_stride", rowStride(bestColumns));
    front =
        llvm::alignTo(at + 4 * logitRows * rowStride(bestColumns), kPageBytes);
    return success();
  }

  /// Caches by group; groups are numbered from 0 without gaps.
  FailureOr<SmallVector<std::pair<KvType, int64_t>>> layersOfGroups() {
    SmallVector<std::pair<KvType, int64_t>> layers;
    for (auto cache : getOperation().getOps<KvCacheOp>()) {
      if (!cache.getType().isLaidOut() || !cache.getGroup())
        return cache.emitOpError("requires a layout (quern-lay-out-kv)");
      size_t group = *cache.getGroup();
      if (group >= layers.size())
        layers.resize(group + 1);
      auto &[type, count] = layers[group];
      if (type && type != cache.getType())
        return cache.emitOpError("requires the type ")
               << type << " of the other caches of group " << group;
      type = cache.getType();
      ++count;
    }
    for (auto [group, entry] : llvm::enumerate(layers))
      if (!entry.first)
        return getOperation().emitError("requires a cache in group ") << group;
    return layers;
  }

  LogicalResult planGroups(int64_t &at) {
    Builder b(&getContext());
    auto layers = layersOfGroups();
    if (failed(layers))
      return failure();
    int64_t pool = 0;
    for (auto [type, count] : *layers) {
      int64_t perSequence = llvm::divideCeil(context, type.getPage());
      int64_t pages =
          plan::kvPagesNeeded(type.getWindow(), context, type.getPage(),
                              maxBatch, std::max<int64_t>(chunk, maxBatch));
      auto attr = [&](StringRef name, int64_t v) {
        return b.getNamedAttr(name, b.getI64IntegerAttr(v));
      };
      groups.push_back(b.getDictionaryAttr(
          {attr("window", type.getWindow()), attr("layers", count),
           attr("pages", pages), attr("pages_per_sequence", perSequence),
           attr("page_bytes", type.pageBytes()),
           attr("page_tokens", type.getPage()), attr("pool", pool),
           attr("table", at)}));
      __int128 bytes = __int128(count) * pages * type.pageBytes() + pool;
      if (bytes > kMostKvBytes)
        return getOperation().emitError(
            "requires KV caches of less than 64 TiB; "
            "choose a smaller context or batch");
      pool = llvm::alignTo(int64_t(bytes), kPageBytes);
      at = llvm::alignTo(at + 4 * maxBatch * perSequence, alignment);
    }
    set("kv_bytes", pool);
    return success();
  }

  /// A result of a launch that is no row of logits, and when it is alive: from the
  /// launch's number in its program to that of the last reader.
  struct Lifetime {
    Value value;
    int64_t first, last, bytes;
    bool copied; // other devices read it as well
    int64_t offset = 0;
  };
  using Lifetimes = SmallVector<Lifetime>;

  Lifetimes lifetimesOf(func::FuncOp program) {
    auto role = program->getAttrOfType<RoleAttr>("quern.role").getValue();
    SymbolTable symbols(getOperation());
    DenseMap<Operation *, int64_t> order;
    int64_t last = 0, head = std::numeric_limits<int64_t>::max();
    auto isHead = [&](LaunchOp launch) {
      return symbols.lookup<KernelOp>(launch.getKernel()).getRows() ==
             RowsOf::Logits;
    };
    for (Operation &op : program.getBody().front()) {
      if (auto launch = dyn_cast<LaunchOp>(op); launch && isHead(launch))
        head = std::min(head, last);
      order[&op] = last++;
    }
    Operation *end = program.getBody().front().getTerminator();
    Lifetimes lifetimes;
    for (auto launch : program.getOps<LaunchOp>()) {
      int64_t rows = isHead(launch)         ? logitRows
                     : role == Role::Prompt ? int64_t(chunk)
                                            : int64_t(maxBatch);
      for (Value v : launch.getOutputs()) {
        if (llvm::is_contained(end->getOperands(), v))
          continue;
        int64_t first = order.lookup(launch), until = first;
        bool copied = false;
        // A copy lies where its operand lies, so its readers are readers of that.
        SmallVector<Operation *> users(v.getUsers());
        while (!users.empty()) {
          Operation *user = users.pop_back_val();
          int64_t at = order.lookup(user);
          // What the logits stages read must survive their repetition.
          until = std::max(until, at >= head && first < head ? last : at);
          if (isa<CopyOp>(user)) {
            copied = true;
            llvm::append_range(users, user->getUsers());
          }
        }
        lifetimes.push_back(
            {v, first, until, activationBytes(v.getType(), rows), copied});
      }
    }
    return lifetimes;
  }

  /// Gives places from `begin` on to what is copied, or to the rest; returns the end.
  int64_t place(Lifetimes &lifetimes, bool copied, int64_t begin) {
    Arena arena(begin, alignment);
    for (Lifetime &value : lifetimes)
      if (value.copied == copied)
        value.offset = arena.place(value.bytes, value.first, value.last);
    return arena.size();
  }

  /// Offsets and barriers of one program.
  void setPlaces(func::FuncOp program, const Lifetimes &lifetimes) {
    DenseMap<Value, Interval> places;
    for (const Lifetime &value : lifetimes)
      places[value.value] = {value.offset, value.offset + value.bytes};
    Operation *end = program.getBody().front().getTerminator();
    for (auto [offset, v] :
         llvm::zip(std::array{logitsOffset, bestOffset}, end->getOperands()))
      places[v] = {offset, offset + activationBytes(v.getType(), logitRows)};
    Builder b(&getContext());
    for (Operation &op : program.getBody().front())
      if (auto copy = dyn_cast<CopyOp>(op)) {
        places[copy] = places.lookup(copy.getInput());
      } else if (auto launch = dyn_cast<LaunchOp>(op)) {
        SmallVector<int64_t> offsets;
        for (Value v : launch.getOutputs())
          offsets.push_back(places.lookup(v).begin);
        launch.setOffsetsAttr(b.getDenseI64ArrayAttr(offsets));
      }
    setBarriers(program, places);
  }

  /// A device begins when the one before it has ended: that is a barrier, too. A tail
  /// may follow the head or the other tail.
  void setBarriers(func::FuncOp program, const DenseMap<Value, Interval> &places) {
    SymbolTable symbols(getOperation());
    Hazards hazards;
    std::optional<unsigned> device;
    const Tails tails = tailsOf(program);
    for (auto launch : program.getOps<LaunchOp>()) {
      SmallVector<Interval> reads, writes;
      SmallVector<Cache> cacheReads, cacheWrites;
      for (Value v : launch.getInputs())
        if (auto place = places.find(v); place != places.end())
          reads.push_back(place->second);
      for (Value v : launch.getOutputs())
        writes.push_back(places.lookup(v));
      Block &body =
          symbols.lookup<KernelOp>(launch.getKernel()).getBody().front();
      for (Operation &op : body)
        for (const MemoryEffects::EffectInstance &effect : effectsOf(op)) {
          auto argument = cast<BlockArgument>(effect.getValue());
          Cache cache = cacheOf(launch.getInputs()[argument.getArgNumber()]);
          (isa<MemoryEffects::Write>(effect.getEffect()) ? cacheWrites
                                                         : cacheReads)
              .push_back(cache);
        }
      bool seam = (device && *device != deviceOf(launch)) ||
                  launch == tails.rank || launch == tails.logits;
      if (seam)
        hazards = {};
      device = deviceOf(launch);
      bool wait = hazards.mustWait(reads, writes, cacheReads, cacheWrites);
      launch.setBarrier(wait || seam);
    }
  }

  /// Those on the kernel's arguments.
  static SmallVector<MemoryEffects::EffectInstance> effectsOf(Operation &op) {
    SmallVector<MemoryEffects::EffectInstance> effects;
    if (auto interface = dyn_cast<MemoryEffectOpInterface>(op))
      interface.getEffects(effects);
    llvm::erase_if(effects, [](const MemoryEffects::EffectInstance &effect) {
      return !isa_and_nonnull<BlockArgument>(effect.getValue());
    });
    return effects;
  }

  int64_t logitRows = 0, front = 0;
  int64_t logitsOffset = 0, vocabulary = 0; // of what programs return
  int64_t bestOffset = 0, bestColumns = 0;
  SmallVector<NamedAttribute> plan;
  SmallVector<Attribute> groups;
};
} // namespace
