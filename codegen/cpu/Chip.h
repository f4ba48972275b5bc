//===- Chip.h - What a CPU can do -------------------------------*- C++ -*-===//
//
// Kernels are chosen by features, never by a chip's name: LLVM detects some
// hosts by the wrong name but with the right features.
//
//===----------------------------------------------------------------------===//
#pragma once
#include "passes/Passes.h"
#include "llvm/ADT/StringRef.h"
#include "llvm/Support/Error.h"
#include <string>

namespace quern::cpu {

struct Chip {
  std::string name;     // for people: "x86-64-v3", "x86-64-v4+vnni+bf16"
  std::string cpu;      // LLVM's -mcpu
  std::string features; // LLVM's -mattr: "+avx2,+fma,..."

  bool avx512 = false;     // 32 registers of 64 bytes (F, BW, DQ, VL)
  bool avx512vnni = false; // vpdpbusd, vpdpwssd
  bool avx512bf16 = false; // vdpbf16ps, vcvtne2ps2bf16
  bool avxvnni = false;    // the same of 32 bytes, without AVX-512
  bool amxbf16 = false;    // tdpbf16ps, with AVX-512 VNNI and BF16 beside it

  bool hasVnni() const { return avx512vnni || avxvnni; }
  /// Feature names that the artifact asks CPUID for, joined by commas.
  std::string required() const;
};

/// In which numbers activations meet weights. Bytes or words: what the chip has the
/// better dot product of; all integers of 16 bits give the same bits. bf16 where it has
/// that. `bits`: of integers, 8 or 16. Rows that meet bf16 products are that either way.
TargetTraits traitsOf(const Chip &, int bits = 16);

/// A chip that has all of another one's features, and more, has a greater rank.
unsigned rankOf(const Chip &);

/// Asks for AMX's tile registers, which Linux has for processes that ask
/// (Documentation/arch/x86/xstate.rst). Where that is refused, `native` is without AMX.
bool mayUseTiles();

/// `mcpu`: "native", or a level, "x86-64-v3" or "x86-64-v4", with extensions: "+vnni".
llvm::Expected<Chip> chipOf(llvm::StringRef mcpu);

} // namespace quern::cpu
