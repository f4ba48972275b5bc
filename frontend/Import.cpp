//===- Import.cpp - A checkpoint as a graph -------------------------------===//
#include "frontend/Arch.h"
#include "ir/Format.h"
#include "mlir/IR/Verifier.h"
#include "llvm/ADT/StringExtras.h"

using namespace mlir;
using namespace quern;

std::vector<Architecture> quern::allArchitectures() {
  return {
#define ARCH(name) arch::name(),
#include "frontend/Arch.def"
  };
}

static StorageTypes describedTypes() {
  StorageTypes types;
  for (const Format &format : allFormats()) {
    StorageType type{format.name, {format.weights, format.bytes}};
    if (format.gguf >= 0)
      types.gguf[format.gguf] = type;
    if (!format.safetensors.empty())
      types.safetensors[format.safetensors] = type;
  }
  return types;
}

llvm::Expected<std::unique_ptr<Checkpoint>> quern::openModel(StringRef path,
                                                             Extent extent) {
  static const StorageTypes types = describedTypes();
  return openCheckpoint(path, types, extent);
}

static llvm::Expected<Architecture>
architectureOf(const Checkpoint &checkpoint) {
  auto name = checkpoint.getString("general.architecture");
  if (!name)
    return name.takeError();
  SmallVector<std::string> known;
  for (Architecture &a : allArchitectures()) {
    if (a.name == *name)
      return a;
    known.push_back(a.name);
  }
  return checkpoint.error("architecture '" + *name +
                          "' is not supported; quern knows " +
                          llvm::join(known, ", "));
}

llvm::Expected<OwningOpRef<ModuleOp>>
quern::importModel(MLIRContext *context, const Checkpoint &checkpoint,
                   FormatOf formatOf) {
  context->loadDialect<QuernDialect, func::FuncDialect>();
  auto architecture = architectureOf(checkpoint);
  if (!architecture)
    return architecture.takeError();

  Location loc = FileLineColLoc::get(context, checkpoint.path(), 0, 0);
  OwningOpRef<ModuleOp> module = ModuleOp::create(loc);
  ArchBuilder builder(context, checkpoint, *module, std::move(formatOf));
  if (!builder.failed())
    architecture->build(builder);
  if (builder.failed())
    return builder.takeError();
  if (std::string unused = builder.unusedTensor(); !unused.empty())
    return checkpoint.error("tensor '" + unused +
                            "' is not used by architecture '" +
                            architecture->name + "'");

  auto name = checkpoint.getString("general.name");
  if (!name)
    llvm::consumeError(name.takeError());
  Builder b(context);
  (*module)->setAttr("quern.architecture", b.getStringAttr(architecture->name));
  (*module)->setAttr("quern.name",
                     b.getStringAttr(name ? *name : StringRef("unnamed")));
  (*module)->setAttr("quern.context", b.getI64IntegerAttr(builder.size(
                                          "context_length", 1u << 24)));
  auto forward = module->lookupSymbol<func::FuncOp>("forward");
  (*module)->setAttr("quern.vocabulary", b.getI64IntegerAttr(columnsOf(
                                             forward.getResultTypes()[0])));
  if (builder.failed())
    return builder.takeError();
  if (mlir::failed(verify(*module)))
    return checkpoint.error("the imported graph is not valid");
  return module;
}
