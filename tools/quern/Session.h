//===- Session.h - A model file opened in an MLIR context -------*- C++ -*-===//
#pragma once
#include "Driver.h"
#include "codegen/PlanTable.h"
#include "codegen/Target.h"
#include "frontend/Arch.h"
#include "mlir/IR/Diagnostics.h"
#include "mlir/IR/MLIRContext.h"
#include "llvm/Support/ThreadPool.h"

namespace quern {

/// The first diagnostic of a pass becomes the one line that a user reads.
class Session {
public:
  /// `threads` is for passes and code generation, at least 1. With `printIr`
  /// the IR after each pass goes to stderr, and threads would mix it up.
  explicit Session(unsigned threads = 1, bool printIr = false);
  llvm::Error open(const std::string &model);
  /// The same in two steps.
  llvm::Error read(const std::string &model, Extent extent);
  llvm::Error import(FormatOf formatOf = nullptr);
  /// What a request means for the model and the targets that are open. The limits
  /// are kept apart: they may be others than those that were asked for.
  CompileOptions options(const CompileRequest &, int64_t context,
                         int64_t sequences, int64_t layersOnFirst) const;
  /// The context that a request means, or why it cannot be.
  llvm::Expected<int64_t> contextOf(const CompileRequest &);
  /// What the request says of hardware: one or two targets, and the chip of each, or
  /// "native", with commas; tensors that go to one of them by name. Only the first may
  /// have memory of its own. Of one target several chips, each of which is a variant of
  /// the artifact; the first variant, that of the chip with the greatest rank, is chosen.
  llvm::Error openTargets(const CompileRequest &);
  /// Opens one more, behind those that are there.
  llvm::Error openTarget(llvm::StringRef name, llvm::StringRef chip,
                         int activationBits);
  size_t variants() const { return variantTargets.size(); }
  /// Makes a variant's targets those that `targets` has.
  void chooseVariant(size_t variant);
  /// Of a trial, whose module is not kept, no IR is printed.
  llvm::Error run(mlir::PassManager &, mlir::ModuleOp = {}, bool trial = false);
  int64_t integer(llvm::StringRef attribute);

  mlir::DialectRegistry registry;
  std::unique_ptr<llvm::ThreadPoolInterface> threads;
  mlir::MLIRContext context;
  std::unique_ptr<Checkpoint> checkpoint;
  mlir::OwningOpRef<mlir::ModuleOp> module;
  /// In the order of --target, which is that of the plan's devices.
  struct Opened {
    TargetInfo info;
    std::unique_ptr<Target> target;
  };
  std::vector<Opened> targets;
  /// CompileOptions::tensors.
  llvm::SmallVector<std::string> tensors;
  std::vector<PlanDevice> devices() const;
  /// Of all targets and variants, with commas.
  std::string chips() const;
  /// What the artifact runs on, with all of its targets.
  const Machine &machine() const { return targets.front().target->machine(); }
  /// What one of the targets needs is good for all.
  Linking linking() const;

private:
  llvm::Error openVariants(const CompileRequest &, llvm::ArrayRef<llvm::StringRef> chips);
  llvm::Error placeTensor(llvm::StringRef place);
  /// All that are open are for one kind of machine.
  llvm::Error checkMachines() const;

  /// The chosen variant's targets are not here but in `targets`.
  std::vector<std::vector<Opened>> variantTargets;
  std::vector<std::string> variantChips;
  size_t chosen = 0;
  bool printIr;
  std::string firstMessage;
  std::unique_ptr<mlir::ScopedDiagnosticHandler> handler;
};

/// Flushes standard output; an Error if something could not be written there.
llvm::Error flushOutput();

/// Prints an error, if there is one, as one line; returns the exit code.
int report(llvm::Error);

} // namespace quern
