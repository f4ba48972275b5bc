//===- OutlineKernels.cpp - One kernel for all stages of a shape ----------===//
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
  return kv ? kv.ofAnyWindow() : type;
}

KernelOp makeKernel(StageOp stage, Role role) {
  OpBuilder b(stage.getContext());
  auto kernel = KernelOp::create(b, stage.getLoc(), b.getStringAttr("kernel"),
                                 RoleAttr::get(b.getContext(), role),
                                 stage.getRowsAttr());
  setDevice(kernel, deviceOf(stage));
  IRMapping map;
  stage.getBody().cloneInto(&kernel.getBody(), map);
  for (BlockArgument argument : kernel.getBody().getArguments())
    argument.setType(kernelType(argument.getType()));
  return kernel;
}

/// Whether two kernels differ in nothing but name and locations.
bool equal(KernelOp a, KernelOp b) {
  return a.getRole() == b.getRole() && a.getRows() == b.getRows() &&
         deviceOf(a) == deviceOf(b) &&
         OperationEquivalence::isRegionEquivalentTo(
             &a.getBody(), &b.getBody(), OperationEquivalence::IgnoreLocations);
}

StringRef rootOf(KernelOp kernel) {
  for (Operation &op : kernel.getBody().front())
    if (!isa<ElementwiseOpInterface, YieldOp>(op))
      return op.getName().stripDialect();
  return kernel.getBody().front().front().getName().stripDialect();
}

struct OutlineKernels : quern::impl::OutlineKernelsBase<OutlineKernels> {
  void runOnOperation() override {
    SymbolTable symbols(getOperation());
    SmallVector<KernelOp> kernels;
    llvm::StringMap<unsigned> counts;
    for (auto program :
         llvm::to_vector(getOperation().getOps<func::FuncOp>())) {
      auto role = program->getAttrOfType<RoleAttr>("quern.role");
      if (!role || program.isDeclaration())
        continue;
      for (StageOp stage :
           llvm::make_early_inc_range(program.getOps<StageOp>())) {
        KernelOp kernel = makeKernel(stage, role.getValue());
        auto *known = llvm::find_if(
            kernels, [&](KernelOp k) { return equal(k, kernel); });
        if (known != kernels.end()) {
          kernel.erase();
          kernel = *known;
        } else {
          std::string base =
              (stringifyRole(role.getValue()) + "." + rootOf(kernel)).str();
          kernel.setSymName(base + "." + std::to_string(counts[base]++));
          symbols.insert(kernel, program->getIterator());
          kernels.push_back(kernel);
        }
        OpBuilder b(stage);
        auto launch =
            LaunchOp::create(b, stage.getLoc(), stage.getResultTypes(),
                             FlatSymbolRefAttr::get(kernel.getSymNameAttr()),
                             stage.getNameAttr(), stage.getInputs(), UnitAttr(),
                             DenseI64ArrayAttr());
        setDevice(launch, deviceOf(stage));
        stage.replaceAllUsesWith(launch);
        stage.erase();
      }
    }
  }
};
} // namespace
