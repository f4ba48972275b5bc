//===- Jit.cpp - A kernel and its references ------------------------------===//
#include "Jit.h"
#include "mlir/Parser/Parser.h"

using namespace mlir;
using namespace quern;

static llvm::ExitOnError check("cannot compile the kernel: ");

OwningOpRef<ModuleOp> quern::test::parse(const std::string &text, MLIRContext &context) {
  context.loadDialect<QuernDialect>();
  auto module = parseSourceString<ModuleOp>(text, &context);
  if (!module)
    llvm::report_fatal_error("the kernel's text is wrong");
  return module;
}

quern::test::Jit::Jit(const std::string &text, const std::string &mcpu)
    : source(parse(text, context)) {
  jit.emplace(check(JitKernel::compile(text, check(cpu::chipOf(mcpu)))));
}

std::vector<std::string> quern::test::chips() {
  std::vector<std::string> names;
  for (std::string name : {"x86-64-v3", "native"})
    if (auto chip = cpu::chipOf(name); !chip)
      llvm::consumeError(chip.takeError());
    else if (cpu::runsHere(*chip))
      names.push_back(name);
  return names;
}
