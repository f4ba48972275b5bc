//===- Chip.cpp - What a CPU can do ---------------------------------------===//
#include "codegen/cpu/Chip.h"
#include "llvm/ADT/SmallVector.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/ADT/StringMap.h"
#include "llvm/TargetParser/Host.h"
#include <sys/syscall.h>
#include <unistd.h>

using namespace quern::cpu;

namespace {
/// Levels of the x86-64 psABI, as far as kernels differ.
const llvm::StringRef kV3[] = {"avx",  "avx2", "bmi",   "bmi2",
                               "f16c", "fma",  "lzcnt", "movbe"};
const llvm::StringRef kV4[] = {"avx512f", "avx512bw", "avx512cd", "avx512dq",
                               "avx512vl"};
const llvm::StringRef kVnni = "avx512vnni", kBf16 = "avx512bf16",
                      kAvxVnni = "avxvnni";
const llvm::StringRef kAmx[] = {"amx-tile", "amx-bf16"};
} // namespace

std::string Chip::required() const {
  llvm::SmallVector<llvm::StringRef> names(std::begin(kV3), std::end(kV3));
  if (avx512)
    names.append(std::begin(kV4), std::end(kV4));
  if (avx512vnni)
    names.push_back(kVnni);
  if (avx512bf16)
    names.push_back(kBf16);
  if (avxvnni)
    names.push_back(kAvxVnni);
  if (amxbf16)
    names.append(std::begin(kAmx), std::end(kAmx));
  return llvm::join(names, ",");
}

quern::TargetTraits quern::cpu::traitsOf(const Chip &chip, int bits) {
  TargetTraits traits;
  // One sequence over a long context is then work for several workers, however few KV
  // heads it has.
  traits.attentionKeys = 512;
  auto with = [&](Number prompt, Number generated) {
    return ArithmeticChoice{chip.avx512bf16 ? Number::BF16 : prompt, generated};
  };
  traits.wideCodes = with(Number::I16Words,
                          chip.hasVnni() ? Number::I16 : Number::I16Words);
  traits.codes = bits == 8 ? with(Number::I8, Number::I8) : traits.wideCodes;
  // Without VNNI bytes that meet wide codes have to become words first.
  if (chip.hasVnni())
    traits.wideCodes = traits.codes;
  traits.floats = {chip.avx512bf16 ? Number::BF16 : Number::F32, Number::F32};
  return traits;
}

unsigned quern::cpu::rankOf(const Chip &chip) {
  return chip.amxbf16 << 4 | chip.avx512bf16 << 3 | chip.avx512vnni << 2 |
         chip.avx512 << 1 | chip.avxvnni;
}

/// LLVM is told the level and the extensions, not the host's model: artifacts
/// made on two machines with the same features are then the same.
static Chip make(bool v4, bool vnni, bool bf16, bool amx) {
  Chip chip;
  chip.avx512 = v4;
  chip.avx512vnni = v4 && vnni;
  chip.avx512bf16 = v4 && bf16;
  chip.avxvnni = !v4 && vnni;
  chip.cpu = chip.name = v4 ? "x86-64-v4" : "x86-64-v3";
  auto extend = [&](bool has, const char *name, llvm::StringRef feature) {
    if (!has)
      return;
    chip.name += name;
    chip.features += ((chip.features.empty() ? "+" : ",+") + feature).str();
  };
  extend(vnni, "+vnni", v4 ? kVnni : kAvxVnni);
  extend(chip.avx512bf16, "+bf16", kBf16);
  chip.amxbf16 = amx && chip.avx512vnni && chip.avx512bf16;
  extend(chip.amxbf16, "+amx", "amx-tile,+amx-bf16");
  return chip;
}

bool quern::cpu::mayUseTiles() {
#ifdef __x86_64__
  constexpr int kRequestPermission = 0x1023, kTileData = 18;
  return syscall(SYS_arch_prctl, kRequestPermission, kTileData) == 0;
#else
  return false;
#endif
}

llvm::Expected<Chip> quern::cpu::chipOf(llvm::StringRef mcpu) {
  if (mcpu == "native") {
    llvm::StringMap<bool> host = llvm::sys::getHostCPUFeatures();
    auto has = [&](llvm::StringRef f) { return host.lookup(f); };
    if (!llvm::all_of(kV3, has))
      return llvm::createStringError(
          "--mcpu=native: this machine's CPU has less than x86-64-v3 (AVX2, "
          "FMA, F16C, BMI2)");
    bool v4 = llvm::all_of(kV4, has);
    return make(v4, has(v4 ? kVnni : kAvxVnni), has(kBf16),
                llvm::all_of(kAmx, has) && mayUseTiles());
  }
  auto [level, extensions] = mcpu.split('+');
  bool vnni = false, bf16 = false, amx = false;
  llvm::SmallVector<llvm::StringRef> names;
  extensions.split(names, '+', -1, /*KeepEmpty=*/false);
  for (llvm::StringRef name : names) {
    vnni |= name == "vnni";
    bf16 |= name == "bf16";
    amx |= name == "amx";
    if (name != "vnni" && name != "bf16" && name != "amx")
      return llvm::createStringError("--mcpu: unknown extension '" + name +
                                     "', expected vnni, bf16 or amx");
  }
  if (level == "x86-64-v4" && (!amx || (vnni && bf16)))
    return make(true, vnni, bf16, amx);
  if (level == "x86-64-v3" && !bf16 && !amx)
    return make(false, vnni, false, false);
  return llvm::createStringError(
      "--mcpu: unknown CPU '" + mcpu +
      "', expected native, x86-64-v3[+vnni], x86-64-v4[+vnni][+bf16] or "
      "x86-64-v4+vnni+bf16+amx");
}
