//===- Target.h - A kind of hardware ----------------------------*- C++ -*-===//
//
// A target is a folder of codegen/ with a Target.cpp, found by CMake, that
// defines `TargetInfo quern::targets::FOLDER()`. It turns kernels into what the
// artifact links with; nothing outside of its folder asks which target it is.
// null/ is the skeleton to copy; docs/AddATarget.md walks through it.
//
//===----------------------------------------------------------------------===//
#pragma once
#include "codegen/KernelNames.h"
#include "codegen/Link.h"
#include "codegen/Report.h"
#include "codegen/host/Machine.h"
#include "mlir/IR/BuiltinOps.h"
#include "mlir/IR/DialectRegistry.h"
#include "mlir/Pass/PassManager.h"
#include "passes/Passes.h"
#include "llvm/ADT/SmallVector.h"
#include "llvm/Support/Error.h"
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace quern {

struct TargetOptions {
  std::string chip = "native"; // --mcpu
  /// Of integers that activations become where they meet integer codes: 8 or 16.
  int activationBits = 16;
};

/// What a target can print or write of a module of kernels: a name for --emit, and
/// what it is, for people.
struct Phase {
  std::string name, summary;
};
/// The one that every target has whose kernels can be linked.
inline constexpr llvm::StringLiteral kObjectPhase = "object";

/// All of a device's kernels in the order of the plan, for the one object that has their
/// set.
using KernelTable = std::optional<KernelNames>;

class Target {
public:
  virtual ~Target() = default;

  /// What the passes before the kernels go by.
  virtual TargetTraits traits() const { return {}; }
  virtual Linking linking() const { return Linking::Static; }
  /// What an artifact with its kernels runs on.
  virtual const Machine &machine() const { return machines::x86_64; }
  /// The instruction set, for people: "x86-64-v4+vnni+bf16".
  virtual std::string chip() const = 0;
  /// An artifact may have kernels for several chips. Of those that a machine has, it
  /// runs the one with the greatest rank.
  virtual unsigned rank() const { return 0; }
  /// On a module of kernels: from quern.kernel to what --emit=kernels prints.
  virtual void buildKernelPasses(mlir::OpPassManager &) const = 0;
  /// From there to what `emit` takes. Adds nothing where that is the same.
  virtual void buildObjectPasses(mlir::OpPassManager &) const = 0;
  /// From there to what one of TargetInfo::phases says. With `table` the object also
  /// has the set of those kernels (quern_kernel_set in runtime/Plan.h). Called on several threads at once,
  /// with different modules of one context: so it must not load a dialect, and
  /// hence runs no pass.
  virtual llvm::Expected<llvm::SmallVector<char, 0>>
  emit(mlir::ModuleOp kernels, KernelTable table,
       llvm::StringRef phase) const = 0;

  /// What can be said of the module's quern.kernels. Takes them to where it can be seen.
  virtual llvm::Expected<Report> report(mlir::ModuleOp kernels) const {
    return llvm::createStringError("it says nothing of its kernels");
  }
};

struct TargetInfo {
  std::string name, summary;
  /// Chips that --mcpu takes, for `quern targets`.
  std::vector<std::string> chips;
  /// Of --emit, after `kernels`, in their order.
  std::vector<Phase> phases;
  void (*registerDialects)(mlir::DialectRegistry &);
  /// The target's own passes, for quern-opt. May be null.
  void (*registerPasses)();
  /// Null where the target has no code generator of its own yet.
  llvm::Expected<std::unique_ptr<Target>> (*create)(const TargetOptions &);
};

namespace targets {
#define TARGET(name) TargetInfo name();
#include "codegen/Targets.def"
} // namespace targets

std::vector<TargetInfo> allTargets();

} // namespace quern
