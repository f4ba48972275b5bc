//===- Isa.cpp - 64-bit ARM -----------------------------------------------===//
//
// The least is Armv8.2-A with dot products of bytes: Cortex-A55 and A75 and what came
// after them, Neoverse N1, Apple's M1. The matrix products of bytes (FEAT_I8MM) are in
// Neoverse V1 and N2, Cortex-A510 and later, Apple's M2. Names of features: LLVM's.
//
//===----------------------------------------------------------------------===//
#include "codegen/cpu/Isa.h"
#include "codegen/cpu/isa/arm/ToArm.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringExtras.h"

using namespace quern;
using namespace quern::cpu;

static constexpr llvm::StringLiteral kLevel = "armv8.2-a", kDot = "dotprod",
                                     kMixed = "i8mm";

static Chip make(bool mixed) {
  Chip chip;
  chip.isa = &isas::arm;
  chip.name = (kLevel + "+" + kDot).str();
  chip.cpu = "generic";
  chip.required = ("neon," + kDot).str();
  if (mixed) {
    chip.name += ("+" + kMixed).str();
    chip.required += ("," + kMixed).str();
  }
  chip.features = chip.required;
  chip.rank = mixed;
  chip.vectors = 8; // 32 registers of 16 bytes
  chip.dotsBytes = true;
  return chip;
}

static std::optional<Chip> makeNamed(llvm::StringRef,
                                     llvm::ArrayRef<llvm::StringRef> extensions) {
  if (!llvm::is_contained(extensions, kDot))
    return std::nullopt;
  return make(llvm::is_contained(extensions, kMixed));
}

static llvm::Expected<Chip> best(const llvm::StringMap<bool> &features) {
  if (!features.lookup(kDot))
    return llvm::createStringError(
        "--mcpu=native: this machine's CPU has less than armv8.2-a+dotprod");
  return make(features.lookup(kMixed));
}

static bool granted(const Chip &) { return true; }

const Isa isas::arm = {&machines::aarch64,
                       {kLevel},
                       {kDot, kMixed},
                       {"armv8.2-a+dotprod", "armv8.2-a+dotprod+i8mm"},
                       makeNamed,
                       best,
                       granted,
                       populateTileToArmPatterns};
