//===- Jit.h - A kernel and its references ---------------------*- C++ -*-===//
//
// Compiles the text of one quern.kernel, and keeps the parsed body so that its
// ops' references can be run on the same arguments.
//
//===----------------------------------------------------------------------===//
#pragma once
#include "ir/Quern.h"
#include "mlir/IR/BuiltinOps.h"
#include "mlir/IR/OwningOpRef.h"
#include "test/unit/kernels/KernelHarness.h"
#include <optional>

namespace quern::test {

/// Aborts the test program if `text` is wrong.
mlir::OwningOpRef<mlir::ModuleOp> parse(const std::string &text, mlir::MLIRContext &);

class Jit {
public:
  /// Aborts the test program with the compiler's message if `text` is wrong.
  /// `mcpu` as in chipOf().
  Jit(const std::string &text, const std::string &mcpu);

  KernelOp kernel() { return *source->getOps<KernelOp>().begin(); }
  const JitKernel &compiled() const { return *jit; }

private:
  mlir::MLIRContext context;
  mlir::OwningOpRef<mlir::ModuleOp> source;
  std::optional<JitKernel> jit;
};

/// Levels that this machine can run, of "x86-64-v3" and "native".
std::vector<std::string> chips();

} // namespace quern::test
