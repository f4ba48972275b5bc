//===- PlaceLayers.cpp - Which device runs what ---------------------------===//
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "passes/Passes.h"
#include "llvm/ADT/MapVector.h"

namespace quern {
#define GEN_PASS_DEF_PLACELAYERS
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

  explicit Parts(func::FuncOp forward)
      : count(layerCount(forward->getParentOfType<ModuleOp>())) {
    for (Operation &op : forward.getBody().front())
      partOf[&op] = compute(&op);
  }
  int64_t layers() const { return count; }
  int64_t of(Operation *op) const { return partOf.lookup(op); }
  static constexpr int64_t kOutput = std::numeric_limits<int64_t>::max();

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

struct PlaceLayers : quern::impl::PlaceLayersBase<PlaceLayers> {
  using PlaceLayersBase::PlaceLayersBase;

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
    for (Operation &op : forward.getBody().front())
      if (!isa<GetOp>(op) && !op.hasTrait<OpTrait::IsTerminator>())
        setDevice(&op, onFirst(parts, &op) ? 0 : 1);
    giveSymbols(forward);
  }

private:
  bool onFirst(const Parts &parts, Operation *op) {
    int64_t part = parts.of(op);
    return part == Parts::kEmbedding ? layers > 0 && layers == parts.layers()
           : part == Parts::kOutput  ? layers > 0
                                     : part >= parts.layers() - layers;
  }

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
