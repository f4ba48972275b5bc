//===- Pipeline.cpp - The compiler on one page ----------------------------===//
//
//     model file
//       | importModel                      frontend/
//     graph: @forward                      --emit=quern
//       | buildGraphPasses                 decisions on the graph
//       | buildStagePasses                 two programs of stages
//     @prompt, @generated                  --emit=stages
//       | buildPlanPasses                  kernels, launches, memory
//     launches of quern.kernel             --emit=plan
//       | cpu::createLowerKernelsPass      codegen/cpu: loops over memory
//     scf, vector, tile                    --emit=kernels
//       | cpu::buildLLVMPipeline
//     LLVM IR                              --emit=llvm, asm, object
//       | linkArtifact                     codegen/: lld, payload
//     executable                           --emit=binary
//
//===----------------------------------------------------------------------===//
#include "mlir/Transforms/Passes.h"
#include "passes/Passes.h"

using namespace mlir;

/// What is decided where a linear is still one op for both roles.
void quern::buildGraphPasses(OpPassManager &pm, const CompileOptions &options) {
  pm.addPass(createCanonicalizerPass());
  if (options.devices.size() > 1)
    pm.addPass(createPlaceOps(
        {.layers = options.layersOnFirst, .tensors = options.tensors}));
  int64_t page = 0;
  for (auto [device, traits] : llvm::enumerate(options.devices)) {
    pm.addPass(
        createChooseArithmetic({.codesPrompt = traits.codes.prompt,
                                .codesGenerated = traits.codes.generated,
                                .widePrompt = traits.wideCodes.prompt,
                                .wideGenerated = traits.wideCodes.generated,
                                .floatsPrompt = traits.floats.prompt,
                                .floatsGenerated = traits.floats.generated,
                                .device = int64_t(device)}));
    page = std::max(page, traits.pageTokens);
  }
  pm.addPass(createLayOutKv({.stored = options.kvType, .page = page}));
  for (auto [device, traits] : llvm::enumerate(options.devices))
    pm.addPass(
        createPackWeights({.order = traits.panels, .device = int64_t(device)}));
  pm.addPass(createTabulateRope({.context = options.context}));
}

/// From one graph to two programs, each a list of stages.
void quern::buildStagePasses(OpPassManager &pm, const CompileOptions &options) {
  pm.addPass(createSplitRoles());
  pm.addPass(createCSEPass());
  for (auto [device, traits] : llvm::enumerate(options.devices))
    if (traits.topLogits)
      pm.addPass(
          createRankLogits({.k = traits.topLogits, .device = int64_t(device)}));
  for (auto [device, traits] : llvm::enumerate(options.devices))
    pm.addPass(createFormStages({.fuseEpilogue = traits.fuseEpilogue,
                                 .fuseConvert = traits.fuseConvert,
                                 .fuseRotate = traits.fuseRotate,
                                 .device = int64_t(device)}));
  for (auto [device, traits] : llvm::enumerate(options.devices))
    if (traits.attentionKeys || traits.linearTasks)
      pm.addPass(createSplitStages({.context = options.context,
                                    .attentionKeys = traits.attentionKeys,
                                    .linearTasks = traits.linearTasks,
                                    .device = int64_t(device)}));
  if (options.devices.size() > 1)
    pm.addPass(createCopyAtSeams());
}

/// From stages to kernels, launches and memory.
void quern::buildPlanPasses(OpPassManager &pm, const CompileOptions &options) {
  pm.addPass(createOutlineKernels());
  int64_t alignment = 0; // all are powers of two
  for (const TargetTraits &traits : options.devices)
    alignment = std::max(alignment, traits.alignment);
  pm.addPass(createPlanMemory({.context = options.context,
                               .maxBatch = options.maxBatch,
                               .chunk = options.chunk,
                               .alignment = alignment}));
}
