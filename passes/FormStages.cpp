//===- FormStages.cpp - Group ops into stages -----------------------------===//
//
// First every op of a program is put in a group; then each group becomes a
// stage where its last op stood. So what joins is moved down to what it joins.
// Nothing can notice: only ops without effects move, and only past ops that do
// not read their results.
//
//===----------------------------------------------------------------------===//
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/IRMapping.h"
#include "passes/CacheOf.h"
#include "passes/Passes.h"
#include "llvm/ADT/SetVector.h"

namespace quern {
#define GEN_PASS_DEF_FORMSTAGES
#include "passes/Passes.h.inc"
} // namespace quern

using namespace mlir;
using namespace quern;

namespace {
using Group = SmallVector<Operation *, 4>;

class Grouping {
public:
  /// Of the ops of one device, or (-1) of all.
  Grouping(func::FuncOp program, int64_t device, bool epilogue, bool convert,
           bool rotate)
      : epilogue(epilogue), convert(convert), rotate(rotate) {
    for (Operation &op : program.getBody().front())
      if (!isa<GetOp, StageOp>(op) && !op.hasTrait<OpTrait::IsTerminator>() &&
          (device < 0 || device == deviceOf(&op)))
        place(&op);
  }
  /// Groups in the order of their last ops.
  SmallVector<Group> take() {
    SmallVector<Group> result;
    for (Group &group : groups)
      if (!group.empty())
        result.push_back(std::move(group));
    llvm::stable_sort(result, [](const Group &a, const Group &b) {
      return a.back()->isBeforeInBlock(b.back());
    });
    return result;
  }

private:
  /// The group that makes `v`, if this is its only use.
  std::optional<unsigned> sole(Value v) {
    Operation *op = v.getDefiningOp();
    if (!op || !v.hasOneUse() || !groupOf.contains(op))
      return std::nullopt;
    return groupOf[op];
  }

  void join(Operation *op, unsigned group) {
    groups[group].push_back(op);
    groupOf[op] = group;
  }
  /// Moves all ops of `from` to `to`, in the order of the program.
  void merge(unsigned from, unsigned to) {
    for (Operation *op : groups[from])
      join(op, to);
    groups[from].clear();
    llvm::sort(groups[to], [](Operation *a, Operation *b) {
      return a->isBeforeInBlock(b);
    });
  }

  void place(Operation *op) {
    if (isa<ElementwiseOpInterface>(op) && epilogue && placeEpilogue(op))
      return;
    if (isa<ConvertOp>(op) && convert && placeConvert(op))
      return;
    groupOf[op] = groups.size();
    groups.push_back({op});
    if (auto write = dyn_cast<KvWriteOp>(op); write && rotate)
      placeWrite(write);
  }

  /// Nothing but these: not a norm that a cache write has taken in, which must
  /// not move.
  bool takesEpilogue(unsigned group) {
    return llvm::all_of(groups[group], [](Operation *op) {
      return isa<LinearOp, RmsNormOp, ElementwiseOpInterface>(op);
    });
  }

  /// Of two groups whose results `op` alone reads it joins the later, so that as
  /// little as possible moves.
  bool placeEpilogue(Operation *op) {
    SmallVector<unsigned, 2> candidates;
    for (Value v : op->getOperands())
      if (auto group = sole(v); group && takesEpilogue(*group) &&
                                !llvm::is_contained(candidates, *group))
        candidates.push_back(*group);
    if (candidates.empty())
      return false;
    // Two products of one shape over the same rows: one stage for both.
    if (candidates.size() == 2 && samePair(candidates[0], candidates[1])) {
      merge(candidates[1], candidates[0]);
      join(op, candidates[0]);
      return true;
    }
    join(op, *llvm::max_element(candidates, [&](unsigned a, unsigned b) {
           return groups[a].back()->isBeforeInBlock(groups[b].back());
         }));
    return true;
  }

  bool samePair(unsigned a, unsigned b) {
    if (groups[a].size() != 1 || groups[b].size() != 1)
      return false;
    auto x = dyn_cast<LinearOp>(groups[a][0]),
         y = dyn_cast<LinearOp>(groups[b][0]);
    return x && y && x.getInput() == y.getInput() &&
           x.getWeight().getType() == y.getWeight().getType();
  }

  bool placeConvert(Operation *op) {
    auto group = sole(op->getOperand(0));
    if (!group || groups[*group].size() != 1 ||
        !isa<RmsNormOp>(groups[*group][0]))
      return false;
    join(op, *group);
    return true;
  }

  /// The rotations of keys and queries join the write. Queries are those of the
  /// attention that reads what is written.
  void placeWrite(KvWriteOp write) {
    unsigned group = groupOf[write];
    auto keys = write.getKeys().getDefiningOp<RopeOp>();
    if (!keys || !sole(keys.getResult()) || groups[groupOf[keys]].size() != 1)
      return;
    if (RopeOp queries = queriesOf(write);
        queries && queries.getStep() == keys.getStep())
      mergeRotation(queries, group);
    mergeRotation(keys, group);
  }

  /// A rotation before the write that nothing reads before it.
  RopeOp queriesOf(KvWriteOp write) {
    for (auto attention : write->getBlock()->getOps<AttentionOp>()) {
      if (cacheOf(attention.getCache()) != cacheOf(write.getCache()))
        continue;
      auto rope = attention.getQuery().getDefiningOp<RopeOp>();
      if (rope && groupOf.contains(rope) && groups[groupOf[rope]].size() == 1 &&
          llvm::all_of(rope->getUsers(), [&](Operation *user) {
            return write->isBeforeInBlock(user);
          }))
        return rope;
    }
    return {};
  }

  /// A rotation, and the norm of each head before it.
  void mergeRotation(RopeOp rope, unsigned group) {
    auto norm = rope.getInput().getDefiningOp<RmsNormOp>();
    if (norm && sole(norm.getResult()) && groups[groupOf[norm]].size() == 1 &&
        columnsOf(norm.getWeight().getType()) == int64_t(rope.getSize()))
      merge(groupOf[norm], group);
    merge(groupOf[rope], group);
  }

  bool epilogue, convert, rotate;
  SmallVector<Group> groups;
  DenseMap<Operation *, unsigned> groupOf;
};

std::string nameOf(const Group &group) {
  for (Operation *op : group)
    if (auto loc = op->getLoc()->findInstanceOf<NameLoc>())
      return loc.getName().str();
  return group.front()->getName().stripDialect().str();
}

/// What the rows of a program's values are: those of logits after a select_rows.
DenseMap<Value, RowsOf> rowsOfValues(Block &program) {
  DenseMap<Value, RowsOf> rows;
  for (Operation &op : program) {
    auto stage = dyn_cast<StageOp>(op); // from a run before
    bool logits = stage ? stage.getRows() == RowsOf::Logits
                        : isa<SelectRowsOp>(op) ||
                              llvm::any_of(op.getOperands(), [&](Value v) {
                                return rows.lookup(v) == RowsOf::Logits;
                              });
    for (Value v : op.getResults())
      rows[v] = logits ? RowsOf::Logits : RowsOf::Step;
  }
  return rows;
}

void makeStage(const Group &group, DenseMap<Value, RowsOf> &rows) {
  llvm::SetVector<Value> inputs;
  SmallVector<Value> outputs;
  llvm::SmallPtrSet<Operation *, 4> inside(group.begin(), group.end());
  for (Operation *op : group)
    for (Value v : op->getOperands())
      if (!v.getDefiningOp() || !inside.contains(v.getDefiningOp()))
        inputs.insert(v);
  for (Operation *op : group)
    for (Value v : op->getResults())
      if (llvm::any_of(v.getUsers(),
                       [&](Operation *u) { return !inside.contains(u); }))
        outputs.push_back(v);

  bool logits = llvm::any_of(group, [&](Operation *op) {
    return op->getNumResults() &&
           rows.lookup(op->getResult(0)) == RowsOf::Logits;
  });
  RowsOf count = logits ? RowsOf::Logits : RowsOf::Step;
  OpBuilder b(group.back());
  Location loc = group.front()->getLoc();
  auto stage = StageOp::create(
      b, loc, ValueRange(outputs).getTypes(), b.getStringAttr(nameOf(group)),
      RowsOfAttr::get(b.getContext(), count), inputs.getArrayRef());
  setDevice(stage, deviceOf(group.front()));
  Block *body = b.createBlock(&stage.getBody());
  IRMapping map;
  for (Value v : inputs)
    map.map(v, body->addArgument(v.getType(), v.getLoc()));
  for (Operation *op : group)
    setDevice(b.clone(*op, map), 0); // it is the stage's
  SmallVector<Value> yielded;
  for (Value v : outputs)
    yielded.push_back(map.lookup(v));
  YieldOp::create(b, loc, yielded);
  for (auto [from, to] : llvm::zip(outputs, stage.getOutputs())) {
    from.replaceAllUsesWith(to);
    rows[to] = count;
  }
  for (Operation *op : llvm::reverse(group))
    op->erase();
}

struct FormStages : quern::impl::FormStagesBase<FormStages> {
  using FormStagesBase::FormStagesBase;

  void runOnOperation() override {
    for (auto program : getOperation().getOps<func::FuncOp>()) {
      if (!program->hasAttr("quern.role") || program.isDeclaration())
        continue;
      // Weights first: they are names, not work.
      Block &block = program.getBody().front();
      Operation *first = &block.front();
      for (GetOp get : llvm::make_early_inc_range(block.getOps<GetOp>()))
        if (get != first)
          get->moveBefore(first);
      DenseMap<Value, RowsOf> rows = rowsOfValues(block);
      for (Group &group :
           Grouping(program, device, fuseEpilogue, fuseConvert, fuseRotate)
               .take())
        makeStage(group, rows);
    }
  }
};
} // namespace
