//===- LayOutKv.cpp - How keys and values are stored ----------------------===//
#include "passes/Passes.h"

namespace quern {
#define GEN_PASS_DEF_LAYOUTKV
#include "passes/Passes.h.inc"
} // namespace quern

using namespace mlir;
using namespace quern;

namespace {
/// Stored type, page and group of every cache.
///
///     kv_cache @c : !quern.kv<3 x 64>
///       => kv_cache @c : !quern.kv<3 x 64, stored = f16, page = 64>
///          group 0 index 0
struct LayOutKv : quern::impl::LayOutKvBase<LayOutKv> {
  using LayOutKvBase::LayOutKvBase;

  void runOnOperation() override {
    ModuleOp module = getOperation();
    MLIRContext *context = &getContext();
    Type type = stored == "f16"   ? Type(Float16Type::get(context))
                : stored == "f32" ? Type(Float32Type::get(context))
                                  : Type();
    if (!type || page <= 0 || page % 16 || page > KvType::kMostPage) {
      module.emitError("requires stored = f16 or f32 and a page of a multiple "
                       "of 16 tokens up to ")
          << KvType::kMostPage;
      return signalPassFailure();
    }
    Builder b(context);
    SmallVector<std::pair<KvType, int64_t>> groups; // and layers so far
    for (auto cache : module.getOps<KvCacheOp>()) {
      KvType old = cache.getType();
      auto laidOut = KvType::get(context, old.getHeads(), old.getSize(),
                                 old.getWindow(), type, page);
      cache.setTypeAttr(TypeAttr::get(laidOut));
      auto *group =
          llvm::find_if(groups, [&](auto &g) { return g.first == laidOut; });
      if (group == groups.end())
        group = &groups.emplace_back(laidOut, 0);
      cache.setGroupAttr(b.getI64IntegerAttr(group - groups.begin()));
      cache.setIndexAttr(b.getI64IntegerAttr(group->second++));
    }
    SymbolTable symbols(module);
    module.walk([&](GetOp get) {
      if (auto cache = symbols.lookup<KvCacheOp>(get.getSymbol()))
        get.getResult().setType(cache.getType());
    });
  }
};
} // namespace
