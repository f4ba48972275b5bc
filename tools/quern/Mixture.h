//===- Mixture.h - The usual mixtures of quantizations ----------*- C++ -*-===//
//
// What people call "Q4_K_M" is a rule: which format each matrix of a model gets,
// by its role and layer. These rules tell the size of a file that is not there, as
// llama-quantize makes it without an importance matrix.
//
//===----------------------------------------------------------------------===//
#pragma once
#include "llvm/ADT/ArrayRef.h"
#include "llvm/ADT/StringRef.h"
#include <functional>
#include <string>
#include <vector>

namespace quern {

/// The one of frontend/Arch.h, without which these rules need nothing of MLIR.
using FormatOf = std::function<std::string(llvm::StringRef name, uint64_t rows,
                                           uint64_t columns)>;

/// What the rules look at.
struct MixedModel {
  llvm::StringRef architecture; // "llama"
  uint64_t layers;
  uint64_t queriesPerKey; // query heads that share a KV head
  /// The matrix of the logits: "output", or "token_embd" where that is tied.
  llvm::StringRef output;
};

/// Layers that an exception is for.
enum class Layers : uint8_t {
  All,
  FirstTwo,
  FirstSixteenth,
  FirstEighth,
  More, // the first and the last eighth, and every third between them
};

struct Mixture {
  llvm::StringRef name;   // "Q4_K_M"
  llvm::StringRef most;   // the format of most matrices
  llvm::StringRef output; // of the matrix of the logits
  /// Matrices that get another one; the first exception that holds counts.
  struct Exception {
    llvm::StringRef role; // "attn_v"
    llvm::StringRef format;
    Layers layers = Layers::All;
    uint64_t queriesPerKey = 0; // at least so many
  };
  std::vector<Exception> exceptions = {};
};

/// From the largest to the smallest.
llvm::ArrayRef<Mixture> allMixtures();
/// By its name, in any case; null if there is none.
const Mixture *findMixture(llvm::StringRef name);

/// Where rows are no multiple of a format's block, it is the format that
/// llama-quantize falls back to.
FormatOf formatsOf(const Mixture &, const MixedModel &);

} // namespace quern
