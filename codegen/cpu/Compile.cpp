//===- Compile.cpp - Kernels to machine code ------------------------------===//
#include "codegen/cpu/Compile.h"
#include "codegen/cpu/Isa.h"
#include "codegen/cpu/tile/LowerTile.h"
#include "codegen/host/Host.h"
#include "mlir/Conversion/ArithToLLVM/ArithToLLVM.h"
#include "mlir/Conversion/ControlFlowToLLVM/ControlFlowToLLVM.h"
#include "mlir/Conversion/FuncToLLVM/ConvertFuncToLLVMPass.h"
#include "mlir/Conversion/LLVMCommon/MemRefBuilder.h"
#include "mlir/Conversion/LLVMCommon/TypeConverter.h"
#include "mlir/Conversion/MathToLLVM/MathToLLVM.h"
#include "mlir/Conversion/MemRefToLLVM/MemRefToLLVM.h"
#include "mlir/Conversion/ReconcileUnrealizedCasts/ReconcileUnrealizedCasts.h"
#include "mlir/Conversion/SCFToControlFlow/SCFToControlFlow.h"
#include "mlir/Conversion/VectorToLLVM/ConvertVectorToLLVMPass.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Pass/Pass.h"
#include "mlir/Target/LLVMIR/Dialect/Builtin/BuiltinToLLVMIRTranslation.h"
#include "mlir/Target/LLVMIR/Dialect/LLVMIR/LLVMToLLVMIRTranslation.h"
#include "mlir/Target/LLVMIR/Export.h"
#include "mlir/Transforms/Passes.h"
#include "llvm/Passes/PassBuilder.h"
#include "llvm/Support/SmallVectorMemoryBuffer.h"

using namespace mlir;
using namespace quern;
using namespace quern::cpu;

namespace {
/// Addresses become memory descriptors, so that what follows is upstream's
/// lowering of memrefs.
///
///     cast %p : !llvm.ptr to memref<?x576xf32>
///       => cast {%p, %p, 0, [0, 576], [576, 1]} to memref<?x576xf32>
///
/// The size of a leading `?` is not known and nothing reads it.
struct BindMemory : PassWrapper<BindMemory, OperationPass<func::FuncOp>> {
  MLIR_DEFINE_EXPLICIT_INTERNAL_INLINE_TYPE_ID(BindMemory)
  void getDependentDialects(DialectRegistry &registry) const override {
    registry.insert<LLVM::LLVMDialect>();
  }
  void runOnOperation() override {
    LLVMTypeConverter types(&getContext());
    getOperation().walk([&](UnrealizedConversionCastOp cast) {
      if (cast.getNumOperands() != 1 || cast.getNumResults() != 1)
        return;
      auto type = dyn_cast<MemRefType>(cast.getResult(0).getType());
      if (!type || !isa<LLVM::LLVMPointerType>(cast.getOperand(0).getType()))
        return;
      OpBuilder b(cast);
      Location loc = cast.getLoc();
      auto d = MemRefDescriptor::poison(b, loc, types.convertType(type));
      d.setAllocatedPtr(b, loc, cast.getOperand(0));
      d.setAlignedPtr(b, loc, cast.getOperand(0));
      d.setConstantOffset(b, loc, 0);
      int64_t stride = 1;
      for (int64_t i = type.getRank(); i-- > 0;) {
        int64_t size = type.isDynamicDim(i) ? 0 : type.getDimSize(i);
        d.setConstantSize(b, loc, i, size);
        d.setConstantStride(b, loc, i, stride);
        stride *= size;
      }
      cast->setOperands(Value(d));
    });
  }
};
} // namespace

void quern::cpu::registerDialects(DialectRegistry &registry) {
  registerBuiltinDialectTranslation(registry);
  registerLLVMDialectTranslation(registry);
}

void quern::cpu::buildLLVMPipeline(OpPassManager &pm, const Chip &chip) {
  pm.addPass(createCanonicalizerPass());
  pm.addPass(createCSEPass());
  pm.addPass(createLowerTilePass(chip));
  pm.addPass(createCanonicalizerPass());
  pm.addPass(createCSEPass());
  pm.addPass(createLoopInvariantCodeMotionPass());
  pm.addNestedPass<func::FuncOp>(std::make_unique<BindMemory>());
  pm.addPass(createConvertVectorToLLVMPass());
  pm.addPass(createSCFToControlFlowPass());
  pm.addPass(createConvertMathToLLVMPass());
  pm.addPass(createFinalizeMemRefToLLVMConversionPass());
  pm.addPass(createConvertFuncToLLVMPass());
  pm.addPass(createArithToLLVMConversionPass());
  pm.addPass(createConvertControlFlowToLLVMPass());
  pm.addPass(createReconcileUnrealizedCastsPass());
}

//===----------------------------------------------------------------------===//
// LLVM IR
//===----------------------------------------------------------------------===//

/// What the runtime links with: the set of kernels, of which those of other modules
/// are declared.
static void defineTable(llvm::Module &module, const Chip &chip,
                        const KernelNames &table) {
  auto *type = llvm::FunctionType::get(
      llvm::Type::getVoidTy(module.getContext()), false);
  llvm::SmallVector<llvm::Constant *> kernels;
  for (const std::string &name : table.kernels)
    kernels.push_back(llvm::cast<llvm::Constant>(
        module.getOrInsertFunction(name, type).getCallee()));
  defineKernelSet(module, "quern_cpu_executor", kernels, table.variant,
                  chip.name, chip.required);
}

llvm::Expected<std::unique_ptr<llvm::Module>>
quern::cpu::translateToLLVM(ModuleOp module, llvm::LLVMContext &context,
                            const Chip &chip,
                            std::optional<KernelNames> table) {
  auto machine = targetMachine(*chip.isa->machine, chip.cpu, chip.attributes());
  if (!machine)
    return machine.takeError();
  std::unique_ptr<llvm::Module> result =
      translateModuleToLLVMIR(module, context, "quern");
  if (!result)
    return llvm::createStringError("cannot translate kernels to LLVM IR");
  result->setTargetTriple((*machine)->getTargetTriple());
  result->setDataLayout((*machine)->createDataLayout());
  for (llvm::Function &f : *result)
    if (!f.isDeclaration()) {
      f.addFnAttr("target-cpu", chip.cpu);
      if (!chip.features.empty())
        f.addFnAttr("target-features", chip.attributes());
      f.addFnAttr(llvm::Attribute::NoUnwind);
    }
  if (table)
    defineTable(*result, chip, *table);
  return result;
}

llvm::Expected<llvm::SmallVector<char, 0>>
quern::cpu::emitMachineCode(llvm::Module &module, const Chip &chip,
                            Output output) {
  auto machine = targetMachine(*chip.isa->machine, chip.cpu, chip.attributes());
  if (!machine)
    return machine.takeError();
  llvm::PassBuilder builder(machine->get());
  llvm::LoopAnalysisManager loops;
  llvm::FunctionAnalysisManager functions;
  llvm::CGSCCAnalysisManager calls;
  llvm::ModuleAnalysisManager modules;
  builder.registerModuleAnalyses(modules);
  builder.registerCGSCCAnalyses(calls);
  builder.registerFunctionAnalyses(functions);
  builder.registerLoopAnalyses(loops);
  builder.crossRegisterProxies(loops, functions, calls, modules);
  builder.buildPerModuleDefaultPipeline(llvm::OptimizationLevel::O2)
      .run(module, modules);

  return quern::emitMachineCode(module, **machine,
                                output == Output::Object
                                    ? llvm::CodeGenFileType::ObjectFile
                                    : llvm::CodeGenFileType::AssemblyFile);
}
