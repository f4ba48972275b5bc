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
  const TargetTraits &traits = options.traits;
  pm.addPass(
      createChooseArithmetic({.codesPrompt = traits.codes.prompt,
                              .codesGenerated = traits.codes.generated,
                              .floatsPrompt = traits.floats.prompt,
                              .floatsGenerated = traits.floats.generated}));
  pm.addPass(
      createLayOutKv({.stored = options.kvType, .page = traits.pageTokens}));
  pm.addPass(createPackWeights({.order = traits.panels}));
  pm.addPass(createTabulateRope({.context = options.context}));
}

/// From one graph to two programs, each a list of stages.
void quern::buildStagePasses(OpPassManager &pm, const CompileOptions &options) {
  pm.addPass(createSplitRoles());
  pm.addPass(createCSEPass());
  pm.addPass(createFormStages({.fuseEpilogue = options.traits.fuseEpilogue,
                               .fuseConvert = options.traits.fuseConvert,
                               .fuseRotate = options.traits.fuseRotate}));
}

/// From stages to kernels, launches and memory.
void quern::buildPlanPasses(OpPassManager &pm, const CompileOptions &options) {
  pm.addPass(createOutlineKernels());
  pm.addPass(createPlanMemory({.context = options.context,
                               .maxBatch = options.maxBatch,
                               .chunk = options.chunk,
                               .alignment = options.traits.alignment}));
}
