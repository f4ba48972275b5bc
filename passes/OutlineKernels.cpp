//===- OutlineKernels.cpp - One kernel for all stages of a shape
//-----------===//
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/IRMapping.h"
#include "passes/Passes.h"

namespace quern {
#define GEN_PASS_DEF_OUTLINEKERNELS
#include "passes/Passes.h.inc"
} // namespace quern

using namespace mlir;
using namespace quern;

namespace {
/// What a kernel may know of a KV cache: not its window.
Type kernelType(Type type) {
  auto kv = dyn_cast<KvType>(type);
  if (!kv)
    return type;
  return KvType::get(kv.getContext(), kv.getHeads(), kv.getSize(), 0,
                     kv.getStored(), kv.getPage());
}

KernelOp makeKernel(StageOp stage, Role role) {
  OpBuilder b(stage.getContext());
  auto kernel = KernelOp::create(b, stage.getLoc(), b.getStringAttr("kernel"),
                                 RoleAttr::get(b.getContext(), role),
                                 stage.getRowsAttr());
  IRMapping map;
  stage.getBody().cloneInto(&kernel.getBody(), map);
  for (BlockArgument argument : kernel.getBody().getArguments())
    argument.setType(kernelType(argument.getType()));
  return kernel;
}

/// The body as text, without locations: equal text, equal kernel.
std::string keyOf(KernelOp kernel) {
  std::string text;
  llvm::raw_string_ostream stream(text);
  kernel->print(stream, OpPrintingFlags().useLocalScope().printGenericOpForm());
  return text;
}

StringRef rootOf(KernelOp kernel) {
  for (Operation &op : kernel.getBody().front())
    if (!isa<ElementwiseOpInterface, YieldOp>(op))
      return op.getName().stripDialect();
  return kernel.getBody().front().front().getName().stripDialect();
}

struct OutlineKernels : quern::impl::OutlineKernelsBase<OutlineKernels> {
  void runOnOperation() override {
    llvm::StringMap<StringAttr> known;
    llvm::StringMap<unsigned> counts;
    OpBuilder b(&getContext());
    for (auto program :
         llvm::to_vector(getOperation().getOps<func::FuncOp>())) {
      auto role = program->getAttrOfType<RoleAttr>("quern.role");
      if (!role)
        continue;
      for (StageOp stage :
           llvm::make_early_inc_range(program.getOps<StageOp>())) {
        KernelOp kernel = makeKernel(stage, role.getValue());
        StringAttr &name = known[keyOf(kernel)];
        if (name) {
          kernel.erase();
        } else {
          std::string base =
              (stringifyRole(role.getValue()) + "." + rootOf(kernel)).str();
          name = b.getStringAttr(base + "." + Twine(counts[base]++));
          kernel.setSymNameAttr(name);
          b.setInsertionPoint(program);
          b.insert(kernel);
        }
        b.setInsertionPoint(stage);
        auto launch = LaunchOp::create(
            b, stage.getLoc(), stage.getResultTypes(),
            FlatSymbolRefAttr::get(name), stage.getNameAttr(),
            stage.getInputs(), UnitAttr(), DenseI64ArrayAttr());
        stage.replaceAllUsesWith(launch);
        stage.erase();
      }
    }
  }
};
} // namespace
