//===- Chip.h - What a CPU can do -------------------------------*- C++ -*-===//
//
// Kernels are chosen by what a chip can do, never by its name or its instruction set:
// LLVM detects some hosts by the wrong name but with the right features, and two sets
// have the same instruction under two names.
//
//===----------------------------------------------------------------------===//
#pragma once
#include "passes/Passes.h"
#include "llvm/ADT/StringRef.h"
#include "llvm/Support/Error.h"
#include <string>
#include <vector>

namespace quern::cpu {

struct Isa;

struct Chip {
  std::string name;     // for people: "x86-64-v3", "x86-64-v4+vnni+bf16"
  std::string cpu;      // LLVM's -mcpu
  std::string features; // LLVM's -mattr, without signs: "avx512vnni,avx512bf16"
  /// Feature names that the artifact asks the CPU for, joined by commas.
  std::string required;
  const Isa *isa = nullptr;
  /// A chip of the same instruction sets that has all of another one's features, and
  /// more, has a greater rank.
  unsigned rank = 0;

  int64_t vectors = 8;      // of 64 bytes: so many fit into its registers
  bool dotsBytes = false;   // adds four products of bytes to 32 bits at once
  bool dotsWords = false;   // adds two of words
  bool dotsBF16 = false;    // adds two of bf16 to f32, and converts to bf16
  bool multipliesBF16 = false; // has a matrix unit for them

  /// LLVM's name of a feature, among `features`.
  bool has(llvm::StringRef feature) const;
  /// LLVM's -mattr.
  std::string attributes() const;
};

/// In which numbers activations meet weights. Bytes or words: what the chip has the
/// better dot product of; all integers of 16 bits give the same bits. bf16 where it has
/// that. `bits`: of integers, 8 or 16. Rows that meet bf16 products are that either way.
TargetTraits traitsOf(const Chip &, int bits = 16);

/// `mcpu`: "native", or a level of an instruction set, "x86-64-v3", with extensions:
/// "+vnni".
llvm::Expected<Chip> chipOf(llvm::StringRef mcpu);

/// What --mcpu takes, for people: "native" and the usual chips of all instruction sets.
std::vector<std::string> chipNames();

/// Whether this machine has what `chip` asks for.
bool runsHere(const Chip &chip);

} // namespace quern::cpu
