//===- Compile.cpp - Kernels to machine code ------------------------------===//
#include "codegen/cpu/Compile.h"
#include "codegen/cpu/tile/LowerTile.h"
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
#include "llvm/IR/LegacyPassManager.h"
#include "llvm/MC/TargetRegistry.h"
#include "llvm/Passes/PassBuilder.h"
#include "llvm/Support/SmallVectorMemoryBuffer.h"
#include "llvm/Support/TargetSelect.h"
#include "llvm/Target/TargetMachine.h"
#include <mutex>

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

static llvm::Expected<std::unique_ptr<llvm::TargetMachine>>
machineOf(const Chip &chip) {
  // X86 alone: this is the CPU target, and all of LLVM's would cost start-up.
  // Once: the registry is a list without a lock, and kernels are compiled on
  // several threads.
  static std::once_flag registered;
  std::call_once(registered, [] {
    LLVMInitializeX86TargetInfo();
    LLVMInitializeX86Target();
    LLVMInitializeX86TargetMC();
    LLVMInitializeX86AsmPrinter();
  });
  llvm::Triple triple("x86_64-unknown-linux-gnu");
  std::string message;
  const llvm::Target *target =
      llvm::TargetRegistry::lookupTarget(triple, message);
  if (!target)
    return llvm::createStringError(message);
  llvm::TargetOptions options;
  options.AllowFPOpFusion = llvm::FPOpFusion::Strict;
  return std::unique_ptr<llvm::TargetMachine>(target->createTargetMachine(
      triple, chip.cpu, chip.features, options, llvm::Reloc::PIC_, std::nullopt,
      llvm::CodeGenOptLevel::Default));
}

/// What the runtime links with: the table of kernels and the features.
static void defineTables(llvm::Module &module, const Chip &chip,
                         ArrayRef<std::string> table) {
  llvm::LLVMContext &context = module.getContext();
  auto define = [&](StringRef name, llvm::Constant *value) {
    new llvm::GlobalVariable(module, value->getType(), /*isConstant=*/true,
                             llvm::GlobalValue::ExternalLinkage, value, name);
  };
  auto *pointer = llvm::PointerType::get(context, 0);
  llvm::SmallVector<llvm::Constant *> kernels;
  auto *type = llvm::FunctionType::get(llvm::Type::getVoidTy(context), false);
  for (const std::string &name : table) // those of other modules are declared
    kernels.push_back(llvm::cast<llvm::Constant>(
        module.getOrInsertFunction(name, type).getCallee()));
  define("quern_kernels",
         llvm::ConstantArray::get(llvm::ArrayType::get(pointer, kernels.size()),
                                  kernels));
  define(
      "quern_kernel_count",
      llvm::ConstantInt::get(llvm::Type::getInt64Ty(context), kernels.size()));
  define("quern_cpu_features",
         llvm::ConstantDataArray::getString(context, chip.required()));
  define("quern_cpu_name",
         llvm::ConstantDataArray::getString(context, chip.name));
}

llvm::Expected<std::unique_ptr<llvm::Module>>
quern::cpu::translateToLLVM(ModuleOp module, llvm::LLVMContext &context,
                            const Chip &chip, ArrayRef<std::string> table) {
  auto machine = machineOf(chip);
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
        f.addFnAttr("target-features", chip.features);
      f.addFnAttr(llvm::Attribute::NoUnwind);
    }
  if (!table.empty())
    defineTables(*result, chip, table);
  return result;
}

llvm::Expected<llvm::SmallVector<char, 0>>
quern::cpu::emitMachineCode(llvm::Module &module, const Chip &chip,
                            Output output) {
  auto machine = machineOf(chip);
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

  llvm::SmallVector<char, 0> bytes;
  llvm::raw_svector_ostream stream(bytes);
  llvm::legacy::PassManager emit;
  auto type = output == Output::Object ? llvm::CodeGenFileType::ObjectFile
                                       : llvm::CodeGenFileType::AssemblyFile;
  if ((*machine)->addPassesToEmitFile(emit, stream, nullptr, type))
    return llvm::createStringError(
        "the cpu target cannot emit this kind of file");
  emit.run(module);
  return bytes;
}
