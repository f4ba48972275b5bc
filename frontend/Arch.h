//===- Arch.h - Model architectures -----------------------------*- C++ -*-===//
//
// An architecture reads its hyper-parameters from a Checkpoint and writes the
// graph of one step with shared blocks:
//
//     func.func @forward(%tokens: tensor<?xi32>, %step: !quern.step,
//                        %select: tensor<?xi32>) -> tensor<?xVxf32>
//
// ArchBuilder offers the blocks. Its errors are sticky: the first one is kept,
// everything after it does nothing, and importModel() reports it. So a builder
// reads straight through, without a check on each line.
//
// One family, one file in arch/, found by CMake: arch/X.cpp defines
// `Architecture quern::arch::X()`.
//
//===----------------------------------------------------------------------===//
#pragma once
#include "frontend/Checkpoint.h"
#include "ir/Quern.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/BuiltinOps.h"
#include "mlir/IR/ImplicitLocOpBuilder.h"
#include "mlir/IR/OwningOpRef.h"
#include "llvm/ADT/StringSet.h"
#include <functional>

namespace quern {

class ArchBuilder;

struct Architecture {
  std::string name; // the value of general.architecture
  void (*build)(ArchBuilder &);
};
std::vector<Architecture> allArchitectures();
namespace arch {
#define ARCH(name) Architecture name();
#include "frontend/Arch.def"
} // namespace arch

/// How a layer attends.
struct AttentionBlock {
  uint64_t heads = 0, kvHeads = 0, headSize = 0;
  uint64_t window = 0; // 0: all positions
  double scale = 0;    // of q.k
  double ropeBase = 10000;
  uint64_t ropeDims = 0;
  bool ropeHalf = false; // pairs (i, i + dims/2), else (2i, 2i + 1)
  llvm::SmallVector<double> ropeFactors; // dims/2 divisors of angles, or none
};

/// The format that a matrix is to have ("q4_k"), whatever the file has it in;
/// `name` is without ".weight". With it a checkpoint may lack its tensors: those
/// that the architecture asks for are taken to be there.
using FormatOf = std::function<std::string(llvm::StringRef name, uint64_t rows,
                                           uint64_t columns)>;

class ArchBuilder : public mlir::ImplicitLocOpBuilder {
public:
  ArchBuilder(mlir::MLIRContext *, const Checkpoint &, mlir::ModuleOp, FormatOf);

  const Checkpoint &checkpoint;

  //===--------------------------------------------------------------------===//
  // Hyper-parameters. `key` is without the architecture: "block_count"
  //===--------------------------------------------------------------------===//
  /// A required integer in [least, most].
  uint64_t size(llvm::StringRef key, uint64_t most, uint64_t least = 1);
  uint64_t sizeOr(llvm::StringRef key, uint64_t fallback, uint64_t most,
                  uint64_t least = 0);
  /// A required finite positive number.
  double number(llvm::StringRef key);
  double numberOr(llvm::StringRef key, double fallback);
  bool flagOr(llvm::StringRef wholeKey, bool fallback);

  //===--------------------------------------------------------------------===//
  // Tensors
  //===--------------------------------------------------------------------===//
  bool has(const llvm::Twine &name) const;
  /// The matrix or vector of that name ("blk.0.attn_q", without ".weight"),
  /// checked to have this shape; marks it used.
  mlir::Value weight(const llvm::Twine &name, uint64_t rows, uint64_t columns);
  mlir::Value vector(const llvm::Twine &name, uint64_t columns);
  /// Rows of a matrix in the file.
  uint64_t rowsOf(const llvm::Twine &name);
  /// The numbers of a small tensor; marks it used.
  llvm::SmallVector<double> numbers(const llvm::Twine &name, uint64_t columns);

  //===--------------------------------------------------------------------===//
  // Blocks
  //===--------------------------------------------------------------------===//
  mlir::Value embed(const llvm::Twine &table, uint64_t vocabulary,
                    uint64_t width, double scale = 1);
  mlir::Value norm(mlir::Value x, const llvm::Twine &name, double epsilon,
                   uint64_t size = 0);
  mlir::Value linear(mlir::Value x, const llvm::Twine &name, uint64_t outputs);
  mlir::Value add(mlir::Value x, mlir::Value y);
  /// Projections, optional QK norm ("attn_q_norm"), rotary embedding, cache,
  /// attention, output projection of layer `prefix` ("blk.0").
  mlir::Value attention(mlir::Value x, const llvm::Twine &prefix,
                        const AttentionBlock &, uint64_t width,
                        std::optional<double> qkNormEpsilon = std::nullopt);
  mlir::Value gatedMlp(mlir::Value x, const llvm::Twine &prefix, Activation,
                       uint64_t hidden, uint64_t width);
  /// Selected rows through the last norm and the output matrix, which is
  /// "output" or, where the file has none, the embedding; then returns.
  void finish(mlir::Value x, double epsilon, uint64_t vocabulary,
              std::optional<double> softcap = std::nullopt);

  void fail(llvm::Error);
  bool failed() const { return bool(firstError); }
  llvm::Error takeError();
  /// A tensor that nothing used, or empty.
  std::string unusedTensor() const;

  mlir::Value tokens, step, select;

private:
  std::string key(llvm::StringRef) const;
  const Tensor *tensor(const llvm::Twine &name);
  bool isOutline() const { return formatOf && checkpoint.isOutline(); }
  std::string checkedFormat(llvm::StringRef symbol, uint64_t rows,
                            uint64_t columns);
  mlir::Value get(llvm::StringRef symbol, mlir::Type);

  FormatOf formatOf;
  mlir::ModuleOp module;
  mlir::func::FuncOp function;
  std::string prefix; // "llama."
  std::optional<std::string> firstError;
  llvm::StringSet<> used;
  llvm::StringMap<mlir::Value> gotten;
};

/// openCheckpoint with the types that ir/formats/ describes.
llvm::Expected<std::unique_ptr<Checkpoint>>
openModel(llvm::StringRef path, Extent extent = Extent::Whole);

/// The graph of a checkpoint: a module with symbols and @forward, and the
/// attributes quern.architecture, quern.name, quern.context (the model's own
/// limit, tokens) and quern.vocabulary.
llvm::Expected<mlir::OwningOpRef<mlir::ModuleOp>>
importModel(mlir::MLIRContext *, const Checkpoint &,
            FormatOf formatOf = nullptr);

} // namespace quern
