//===- PlaceOps.cpp - Which device runs what ------------------------------===//
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "passes/CacheOf.h"
#include "passes/Passes.h"
#include "llvm/ADT/MapVector.h"
#include "llvm/Support/GlobPattern.h"

namespace quern {
#define GEN_PASS_DEF_PLACEOPS
#include "passes/Passes.h.inc"
} // namespace quern

using namespace mlir;
using namespace quern;

std::optional<int64_t> quern::layerOf(StringRef symbol) {
  int64_t layer;
  if (!symbol.consume_front("blk.") || symbol.consumeInteger(10, layer) ||
      !symbol.starts_with("."))
    return std::nullopt;
  return layer;
}

int64_t quern::layerCount(ModuleOp module) {
  int64_t count = 0;
  for (auto symbol : module.getOps<SymbolOpInterface>())
    if (auto layer = layerOf(symbol.getName()))
      count = std::max(count, *layer + 1);
  return count;
}

namespace {
/// The part of the model that an op is in: before the first layer, layer N, or
/// behind the last one. An op without weights of its own is where the latest of
/// its operands comes from.
class Parts {
public:
  static constexpr int64_t kEmbedding = -1;
  static constexpr int64_t kOutput = std::numeric_limits<int64_t>::max();

  explicit Parts(func::FuncOp forward)
      : count(layerCount(forward->getParentOfType<ModuleOp>())) {
    for (Operation &op : forward.getBody().front())
      partOf[&op] = compute(&op);
  }
  int64_t layers() const { return count; }
  /// Where it is if the last layers, so many, are the first device's.
  unsigned deviceOf(Operation *op, int64_t last) const {
    int64_t part = partOf.lookup(op);
    bool first = part == kEmbedding ? last > 0 && last == count
                 : part == kOutput  ? last > 0
                                    : part >= count - last;
    return first ? 0 : 1;
  }

private:
  int64_t compute(Operation *op) {
    if (isa<SelectRowsOp>(op))
      return kOutput;
    int64_t part = kEmbedding;
    if (auto get = dyn_cast<GetOp>(op))
      part = layerOf(get.getSymbol()).value_or(kEmbedding);
    for (Value v : op->getOperands())
      if (Operation *producer = v.getDefiningOp())
        part = std::max(part, partOf.lookup(producer));
    return part;
  }

  DenseMap<Operation *, int64_t> partOf;
  int64_t count;
};

/// "PATTERN=DEVICE": tensors that go there whatever their layer is.
class TensorRules {
public:
  LogicalResult add(StringRef text, func::FuncOp forward) {
    auto [pattern, device] = text.rsplit('=');
    unsigned number;
    if (device.getAsInteger(10, number) || number > 1)
      return forward.emitError(
                 "requires PATTERN=DEVICE, of device 0 or 1, not '")
             << text << "'";
    auto glob = llvm::GlobPattern::create(pattern);
    if (!glob)
      return forward.emitError("requires another pattern than '")
             << pattern << "': " << llvm::toString(glob.takeError());
    rules.push_back({pattern, std::move(*glob), number});
    return success();
  }

  /// The device that the last rule which matches says. A name is as good without
  /// the ending that tensors have in the file.
  std::optional<unsigned> deviceOf(StringRef name) {
    std::optional<unsigned> device;
    for (Rule &rule : rules)
      if (rule.glob.match(name) || rule.glob.match((name + ".weight").str())) {
        rule.used = true;
        device = rule.device;
      }
    return device;
  }

  LogicalResult checkUsed(func::FuncOp forward) const {
    for (const Rule &rule : rules)
      if (!rule.used)
        return forward.emitError("no tensor's name matches '")
               << rule.pattern << "'";
    return success();
  }

private:
  struct Rule {
    StringRef pattern;
    llvm::GlobPattern glob;
    unsigned device;
    bool used = false;
  };
  SmallVector<Rule> rules;
};

/// Gives every op its device: first those that read weights, then the rest.
class Places {
public:
  Places(func::FuncOp forward, const Parts &parts, int64_t layers)
      : parts(parts), layers(layers), block(forward.getBody().front()) {
    for (auto embed : block.getOps<EmbedOp>())
      if (auto get = embed.getTable().getDefiningOp<GetOp>())
        embedded.insert(get.getSymbolAttr().getAttr());
  }

  void decide(TensorRules &rules) {
    for (Operation &op : block)
      if (auto device = deviceByWeights(&op, rules))
        place(&op, *device);
    gatherUnits();
    for (Operation &op : block)
      if (!isa<GetOp>(op) && !op.hasTrait<OpTrait::IsTerminator>() &&
          !placed.contains(&op))
        placeUnit(unitOf(&op));
  }

private:
  using Unit = SmallVector<Operation *, 4>;

  void place(Operation *op, unsigned device) {
    placed.insert(op);
    setDevice(op, device);
  }

  /// Of an op that reads weights: by name, else by layer.
  std::optional<unsigned> deviceByWeights(Operation *op, TensorRules &rules) {
    std::optional<unsigned> device;
    bool reads = false;
    for (Value v : op->getOperands())
      if (auto get = v.getDefiningOp<GetOp>();
          get && isa<WeightType>(get.getType())) {
        reads = true;
        if (auto named = rules.deviceOf(nameFor(op, get)))
          device = named;
      }
    return reads ? device.value_or(parts.deviceOf(op, layers)) : device;
  }

  /// A matrix that is both embedding and output goes by either name.
  StringRef nameFor(Operation *op, GetOp get) const {
    bool output =
        isa<LinearOp>(op) && embedded.contains(get.getSymbolAttr().getAttr());
    return output ? "output" : get.getSymbol();
  }

  /// What works on a layer's keys and values stays with them: their write,
  /// attention, and the rotations before these.
  void gatherUnits() {
    llvm::MapVector<Cache, Unit> ofCache;
    auto gather = [&](Operation *op, Value cache) {
      Unit &unit = ofCache[cacheOf(cache)];
      for (Value v : op->getOperands())
        if (auto rope = v.getDefiningOp<RopeOp>();
            rope && !llvm::is_contained(unit, rope))
          unit.push_back(rope);
      unit.push_back(op);
    };
    for (Operation &op : block)
      if (auto write = dyn_cast<KvWriteOp>(op))
        gather(write, write.getCache());
      else if (auto attention = dyn_cast<AttentionOp>(op))
        gather(attention, attention.getCache());
    for (auto &[cache, unit] : ofCache)
      for (Operation *op : unit)
        units[op] = unit;
  }
  Unit unitOf(Operation *op) const {
    auto found = units.find(op);
    return found == units.end() ? Unit{op} : found->second;
  }

  void placeUnit(const Unit &unit) {
    unsigned device = deviceFor(unit);
    for (Operation *op : unit)
      place(op, device);
  }

  /// That to and from which the fewest values have to be copied; else where all that
  /// the unit reads comes from; else by layer.
  unsigned deviceFor(const Unit &unit) const {
    unsigned copies[2] = {}, made[2] = {}; // if it is there; there
    DenseSet<Value> seen;
    for (Operation *op : unit) {
      for (Value v : op->getOperands()) {
        Operation *maker = v.getDefiningOp();
        if (!maker || !placed.contains(maker) || !seen.insert(v).second)
          continue;
        unsigned here = quern::deviceOf(maker);
        ++made[here];
        copies[!here] += !isRead(v, !here);
      }
      for (Value v : op->getResults())
        for (unsigned device : {0, 1})
          copies[device] += isRead(v, !device);
    }
    if (copies[0] != copies[1])
      return copies[1] < copies[0];
    if (!made[0] != !made[1])
      return !made[0];
    return parts.deviceOf(unit.back(), layers);
  }

  /// By an op of which is known where it is.
  bool isRead(Value v, unsigned device) const {
    return llvm::any_of(v.getUsers(), [&](Operation *user) {
      return placed.contains(user) && quern::deviceOf(user) == device;
    });
  }

  const Parts &parts;
  int64_t layers;
  Block &block;
  DenseSet<StringAttr> embedded;
  llvm::SmallPtrSet<Operation *, 32> placed;
  DenseMap<Operation *, Unit> units;
};

struct PlaceOps : quern::impl::PlaceOpsBase<PlaceOps> {
  using PlaceOpsBase::PlaceOpsBase;

  void runOnOperation() override {
    auto forward = getOperation().lookupSymbol<func::FuncOp>("forward");
    if (!forward || forward.isDeclaration())
      return;
    Parts parts(forward);
    if (layers < 0 || layers > parts.layers()) {
      forward.emitError("requires 0 to ")
          << parts.layers() << " layers on the first device, not "
          << int64_t(layers);
      return signalPassFailure();
    }
    TensorRules rules;
    for (const std::string &text : tensors)
      if (failed(rules.add(text, forward)))
        return signalPassFailure();
    Places(forward, parts, layers).decide(rules);
    if (failed(rules.checkUsed(forward)))
      return signalPassFailure();
    giveSymbols(forward);
  }

private:
  /// Every weight gets the device that reads it, and a second one for a second
  /// device: each packs it in its own way.
  void giveSymbols(func::FuncOp forward) {
    SymbolTable symbols(getOperation());
    llvm::MapVector<Operation *, SmallVector<std::pair<unsigned, GetOp>>> known;
    for (GetOp get :
         llvm::make_early_inc_range(forward.getBody().front().getOps<GetOp>())) {
      auto weight = symbols.lookup<WeightOp>(get.getSymbol());
      if (!weight)
        continue;
      auto &gets = known[weight];
      auto uses = llvm::to_vector(llvm::make_pointer_range(get->getUses()));
      llvm::sort(uses, [](OpOperand *a, OpOperand *b) { // the first keeps the name
        return a->getOwner()->isBeforeInBlock(b->getOwner());
      });
      for (OpOperand *use : uses) {
        unsigned device = deviceOf(use->getOwner());
        auto *found = llvm::find_if(
            gets, [&](auto &entry) { return entry.first == device; });
        if (found == gets.end())
          found = &gets.emplace_back(
              device, gets.empty() ? first(get, weight, device)
                                   : another(get, weight, device, symbols));
        use->set(found->second);
      }
      if (get.use_empty())
        get.erase();
    }
  }

  static GetOp first(GetOp get, WeightOp weight, unsigned device) {
    setDevice(weight, device);
    return get;
  }

  static GetOp another(GetOp get, WeightOp weight, unsigned device,
                       SymbolTable &symbols) {
    WeightOp copy = weight.clone();
    if (!copy.getSource())
      copy.setSource(weight.getSymName());
    setDevice(copy, device);
    StringAttr name = symbols.insert(copy, std::next(weight->getIterator()));
    OpBuilder b(get);
    return GetOp::create(b, get.getLoc(), get.getType(),
                         FlatSymbolRefAttr::get(name));
  }
};
} // namespace
