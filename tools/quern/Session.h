//===- Session.h - A model file opened in an MLIR context -------*- C++ -*-===//
#pragma once
#include "codegen/Target.h"
#include "frontend/Arch.h"
#include "mlir/IR/Diagnostics.h"
#include "mlir/IR/MLIRContext.h"

namespace quern {

/// The first diagnostic of a pass becomes the one line that a user reads.
class Session {
public:
  Session();
  llvm::Error open(const std::string &model, const std::string &targetName,
                   const std::string &chip);
  llvm::Error run(mlir::PassManager &, mlir::ModuleOp = {});
  int64_t integer(llvm::StringRef attribute);

  mlir::DialectRegistry registry;
  mlir::MLIRContext context;
  std::unique_ptr<Checkpoint> checkpoint;
  mlir::OwningOpRef<mlir::ModuleOp> module;
  std::unique_ptr<Target> target;

private:
  std::string firstMessage;
  std::unique_ptr<mlir::ScopedDiagnosticHandler> handler;
};

/// Prints an error, if there is one, as one line; returns the exit code.
int report(llvm::Error);

} // namespace quern
