//===- Isa.cpp - x86-64 ---------------------------------------------------===//
#include "codegen/cpu/Isa.h"
#include "codegen/cpu/isa/x86/ToX86.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/SmallVector.h"
#include "llvm/ADT/StringExtras.h"
#include <sys/syscall.h>
#include <unistd.h>

using namespace quern;
using namespace quern::cpu;

/// Levels of the x86-64 psABI, as far as kernels differ.
static const llvm::StringRef kV3[] = {"avx",  "avx2", "bmi",   "bmi2",
                                      "f16c", "fma",  "lzcnt", "movbe"};
static const llvm::StringRef kV4[] = {"avx512f", "avx512bw", "avx512cd",
                                      "avx512dq", "avx512vl"};
static constexpr llvm::StringLiteral kVnni = "avx512vnni", kBf16 = "avx512bf16",
                                     kAvxVnni = "avxvnni";
static const llvm::StringRef kAmx[] = {"amx-tile", "amx-bf16"};

/// LLVM is told the level and the extensions, not the host's model: artifacts
/// made on two machines with the same features are then the same.
static Chip make(bool v4, bool vnni, bool bf16, bool amx) {
  Chip chip;
  chip.isa = &isas::x86;
  chip.cpu = chip.name = v4 ? "x86-64-v4" : "x86-64-v3";
  llvm::SmallVector<llvm::StringRef> required(std::begin(kV3), std::end(kV3)), more;
  if (v4)
    required.append(std::begin(kV4), std::end(kV4));
  auto extend = [&](const char *name, llvm::ArrayRef<llvm::StringRef> features) {
    chip.name += name;
    more.append(features.begin(), features.end());
  };
  if (vnni)
    extend("+vnni", {v4 ? kVnni : kAvxVnni});
  if (bf16)
    extend("+bf16", {kBf16});
  if (amx)
    extend("+amx", kAmx);
  required.append(more);
  chip.features = llvm::join(more, ",");
  chip.required = llvm::join(required, ",");
  chip.rank = amx << 4 | bf16 << 3 | (v4 && vnni) << 2 | v4 << 1 | (!v4 && vnni);

  chip.vectors = v4 ? 32 : 8;
  chip.dotsBytes = vnni;
  chip.dotsWords = true; // vpmaddwd
  chip.dotsBF16 = bf16;
  chip.multipliesBF16 = amx;
  return chip;
}

static std::optional<Chip> makeNamed(llvm::StringRef level,
                                     llvm::ArrayRef<llvm::StringRef> extensions) {
  auto has = [&](llvm::StringRef name) { return llvm::is_contained(extensions, name); };
  const bool v4 = level == "x86-64-v4", vnni = has("vnni"), bf16 = has("bf16"),
             amx = has("amx");
  if ((bf16 && !v4) || (amx && !(v4 && vnni && bf16)))
    return std::nullopt;
  return make(v4, vnni, bf16, amx);
}

/// Asks for AMX's tile registers, which Linux has for processes that ask
/// (Documentation/arch/x86/xstate.rst).
static bool mayUseTiles() {
#ifdef __x86_64__
  constexpr int kRequestPermission = 0x1023, kTileData = 18;
  return syscall(SYS_arch_prctl, kRequestPermission, kTileData) == 0;
#else
  return false;
#endif
}

static llvm::Expected<Chip> best(const llvm::StringMap<bool> &features) {
  auto has = [&](llvm::StringRef name) { return features.lookup(name); };
  if (!llvm::all_of(kV3, has))
    return llvm::createStringError(
        "--mcpu=native: this machine's CPU has less than x86-64-v3 (AVX2, "
        "FMA, F16C, BMI2)");
  const bool v4 = llvm::all_of(kV4, has), vnni = has(v4 ? kVnni : kAvxVnni),
             bf16 = v4 && has(kBf16);
  return make(v4, vnni, bf16,
              vnni && bf16 && llvm::all_of(kAmx, has) && mayUseTiles());
}

static bool granted(const Chip &chip) {
  return !chip.multipliesBF16 || mayUseTiles();
}

const Isa isas::x86 = {
    &machines::x86_64,
    {"x86-64-v3", "x86-64-v4"},
    {"vnni", "bf16", "amx"},
    {"x86-64-v3", "x86-64-v3+vnni", "x86-64-v4", "x86-64-v4+vnni",
     "x86-64-v4+vnni+bf16", "x86-64-v4+vnni+bf16+amx"},
    makeNamed,
    best,
    granted,
    populateTileToX86Patterns};
