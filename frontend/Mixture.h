//===- Mixture.h - The usual mixtures of quantizations ----------*- C++ -*-===//
//
// What people call "Q4_K_M" is a rule: which format each matrix of a model gets,
// by its role and layer. These rules tell the size of a file that is not there.
// Q4_1 and Q4_K_M give the size of real files of llama-quantize to the byte; its
// rules for Q3_K_M, Q2_K and IQ4_XS, and for models of 70B, know more exceptions
// than stand here, so that what is told is too small by a few percent.
//
//===----------------------------------------------------------------------===//
#pragma once
#include "frontend/Arch.h"

namespace quern {

struct Mixture {
  llvm::StringRef name; // "Q4_K_M"
  llvm::StringRef most; // the format of most matrices
  /// Formats of some: attn_v and ffn_down of the layers that get more bits, and
  /// the matrix of the logits. Empty: `most`.
  llvm::StringRef moreBits, output;
  /// All layers get `moreBits` in attn_v and ffn_down, not half of them.
  bool everyLayer = false;
};

/// From the largest to the smallest.
llvm::ArrayRef<Mixture> allMixtures();
/// By its name, in any case; null if there is none.
const Mixture *findMixture(llvm::StringRef name);

/// The rule for a model of so many layers, of which the logits come from the
/// matrix `output` ("output", or "token_embd" where that is tied). Where rows are
/// no multiple of a format's block, it is the format that llama-quantize falls
/// back to.
FormatOf formatsOf(const Mixture &mixture, uint64_t layers,
                   llvm::StringRef output);

} // namespace quern
