//===- KernelHarness.cpp - Compile a kernel and run it ----------*- C++ -*-===//
#include "KernelHarness.h"
#include "codegen/cpu/Compile.h"
#include "codegen/cpu/Kernel.h"
#include "ir/Panel.h"
#include "ir/Quern.h"
#include "ir/tile/Tile.h"
#include "mlir/IR/AttrTypeSubElements.h"
#include "mlir/IR/Diagnostics.h"
#include "mlir/Parser/Parser.h"
#include "mlir/Pass/Pass.h"
#include "llvm/ExecutionEngine/Orc/LLJIT.h"
#include "llvm/IR/LLVMContext.h"
#include "llvm/Support/SmallVectorMemoryBuffer.h"
#include "llvm/Support/TargetSelect.h"
#include <thread>

using namespace quern;
using namespace quern::test;

JitKernel::JitKernel() = default;
JitKernel::JitKernel(JitKernel &&) = default;
JitKernel::~JitKernel() = default;

void quern::test::packWeights(mlir::ModuleOp module, PanelOrder order) {
  mlir::AttrTypeReplacer replacer;
  replacer.addReplacement([order](WeightType t) -> std::optional<mlir::Type> {
    const Format *format = findFormat(t.getFormat());
    if (!format || !hasKernel(*format))
      return std::nullopt;
    GroupAttr group = groupAttr(t.getContext(), shapeOf(*format, order));
    return PanelsType::get(t.getContext(), t.getRows(), t.getColumns(), group);
  });
  replacer.recursivelyReplaceElementsIn(module, /*replaceAttrs=*/true,
                                        /*replaceLocs=*/false,
                                        /*replaceTypes=*/true);
}

/// Machine code of the one kernel in `text`, and its name.
static llvm::Expected<std::pair<llvm::SmallVector<char, 0>, std::string>>
machineCode(llvm::StringRef text, const cpu::Chip &chip, cpu::Output output) {
  mlir::DialectRegistry registry;
  registry.insert<QuernDialect, tile::TileDialect>();
  cpu::registerDialects(registry);
  mlir::MLIRContext context(registry, mlir::MLIRContext::Threading::DISABLED);
  std::string message;
  mlir::ScopedDiagnosticHandler handler(&context, [&](mlir::Diagnostic &d) {
    message += d.str() + "\n";
    return mlir::success();
  });
  auto module = mlir::parseSourceString<mlir::ModuleOp>(text, &context);
  if (!module)
    return llvm::createStringError("cannot parse the kernel: " + message);
  packWeights(*module);
  auto kernels = module->getOps<KernelOp>();
  if (kernels.empty())
    return llvm::createStringError("there is no quern.kernel");
  std::string name = (*kernels.begin()).getSymName().str();
  mlir::PassManager pm(&context);
  pm.addPass(cpu::createLowerKernelsPass(chip));
  cpu::buildLLVMPipeline(pm, chip);
  if (mlir::failed(pm.run(*module)))
    return llvm::createStringError("cannot lower the kernel: " + message);
  llvm::LLVMContext llvmContext;
  auto llvmModule = cpu::translateToLLVM(*module, llvmContext, chip, {});
  if (!llvmModule)
    return llvmModule.takeError();
  auto code = cpu::emitMachineCode(**llvmModule, chip, output);
  if (!code)
    return code.takeError();
  return std::pair(std::move(*code), name);
}

llvm::Expected<std::string> JitKernel::assembly(llvm::StringRef text,
                                                const cpu::Chip &chip) {
  auto code = machineCode(text, chip, cpu::Output::Assembly);
  if (!code)
    return code.takeError();
  return std::string(code->first.data(), code->first.size());
}

llvm::Expected<JitKernel> JitKernel::compile(llvm::StringRef text,
                                             const cpu::Chip &chip) {
  auto code = machineCode(text, chip, cpu::Output::Object);
  if (!code)
    return code.takeError();
  llvm::InitializeNativeTarget();
  llvm::InitializeNativeTargetAsmPrinter();
  JitKernel kernel;
  auto jit = llvm::orc::LLJITBuilder().create();
  if (!jit)
    return jit.takeError();
  kernel.jit = std::move(*jit);
  auto object = std::make_unique<llvm::SmallVectorMemoryBuffer>(
      std::move(code->first), /*RequiresNullTerminator=*/false);
  if (llvm::Error e = kernel.jit->addObjectFile(std::move(object)))
    return e;
  auto symbol = kernel.jit->lookup(code->second);
  if (!symbol)
    return symbol.takeError();
  kernel.entry = symbol->toPtr<quern_kernel>();
  return kernel;
}

void JitKernel::runWorker(void *const *buffers, const int64_t *constants,
                          Step step, int64_t worker) const {
  const int64_t counts[plan::kStepCounts] = {step.rows, step.tiles,
                                             step.logitRows};
  entry(buffers, constants, counts, worker, step.workers);
}

void JitKernel::run(std::vector<void *> buffers, std::vector<int64_t> constants,
                    Step step) const {
  std::vector<std::thread> threads;
  for (int64_t worker = 1; worker < step.workers; ++worker)
    threads.emplace_back([&, worker] {
      runWorker(buffers.data(), constants.data(), step, worker);
    });
  runWorker(buffers.data(), constants.data(), step, 0);
  for (std::thread &t : threads)
    t.join();
}
