//===- Chip.cpp - What a CPU can do ---------------------------------------===//
#include "codegen/cpu/Chip.h"
#include "codegen/cpu/Isa.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/SmallVector.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/TargetParser/Host.h"
#include "llvm/TargetParser/Triple.h"
#include <algorithm>

using namespace quern;
using namespace quern::cpu;

static const Isa *const kIsas[] = {
#define ISA(name) &isas::name,
#include "codegen/cpu/Isas.def"
};

static llvm::SmallVector<llvm::StringRef> wordsOf(llvm::StringRef list, char separator) {
  llvm::SmallVector<llvm::StringRef> words;
  list.split(words, separator, -1, /*KeepEmpty=*/false);
  return words;
}

/// "a, b or c"
template <typename Names> static std::string choice(const Names &names) {
  std::string text;
  for (size_t i = 0; i < names.size(); ++i)
    text += (i == 0 ? "" : i + 1 == names.size() ? " or " : ", ") +
            llvm::StringRef(names[i]).str();
  return text;
}

bool Chip::has(llvm::StringRef feature) const {
  return llvm::is_contained(wordsOf(features, ','), feature);
}

std::string Chip::attributes() const {
  llvm::SmallVector<std::string> signs;
  for (llvm::StringRef feature : wordsOf(features, ','))
    signs.push_back("+" + feature.str());
  return llvm::join(signs, ",");
}

TargetTraits quern::cpu::traitsOf(const Chip &chip, int bits) {
  TargetTraits traits;
  // One sequence over a long context is then work for several workers, however few KV
  // heads it has.
  traits.attentionKeys = 512;
  auto with = [&](Number prompt, Number generated) {
    return ArithmeticChoice{chip.dotsBF16 ? Number::BF16 : prompt, generated};
  };
  const Number halves = Number::I16, words = Number::I16Words;
  traits.wideCodes = with(chip.dotsWords ? words : halves,
                          chip.dotsBytes ? halves : words);
  traits.codes = bits == 8 ? with(Number::I8, Number::I8) : traits.wideCodes;
  // Where bytes are multiplied as words, wide codes have to become words first.
  if (chip.dotsBytes)
    traits.wideCodes = traits.codes;
  traits.floats = {chip.dotsBF16 ? Number::BF16 : Number::F32, Number::F32};
  return traits;
}

/// The family that this program's own machine is of; null if it has none here.
static const Isa *ownIsa() {
  const llvm::Triple own(llvm::sys::getProcessTriple());
  for (const Isa *isa : kIsas)
    if (llvm::Triple(isa->machine->triple).getArch() == own.getArch())
      return isa;
  return nullptr;
}

static llvm::Expected<Chip> nativeChip() {
  const Isa *isa = ownIsa();
  if (!isa)
    return llvm::createStringError(
        "--mcpu=native: there are no kernels for this machine's kind of CPU");
  return isa->best(llvm::sys::getHostCPUFeatures());
}

bool quern::cpu::runsHere(const Chip &chip) {
  const llvm::StringMap<bool> host = llvm::sys::getHostCPUFeatures();
  return chip.isa == ownIsa() &&
         llvm::all_of(wordsOf(chip.required, ','),
                      [&](llvm::StringRef name) { return host.lookup(name); }) &&
         chip.isa->granted(chip);
}

std::vector<std::string> quern::cpu::chipNames() {
  std::vector<const Isa *> isas(std::begin(kIsas), std::end(kIsas));
  std::ranges::stable_partition(isas, [](const Isa *isa) { return isa == ownIsa(); });
  std::vector<std::string> names{"native"};
  for (const Isa *isa : isas)
    names.insert(names.end(), isa->chips.begin(), isa->chips.end());
  return names;
}

llvm::Expected<Chip> quern::cpu::chipOf(llvm::StringRef mcpu) {
  if (mcpu == "native")
    return nativeChip();
  auto [level, extensions] = mcpu.split('+');
  for (const Isa *isa : kIsas) {
    if (!llvm::is_contained(isa->levels, level))
      continue;
    auto names = wordsOf(extensions, '+');
    for (llvm::StringRef name : names)
      if (!llvm::is_contained(isa->extensions, name))
        return llvm::createStringError("--mcpu: unknown extension '" + name +
                                       "' of " + level + ", expected " +
                                       choice(isa->extensions));
    if (auto chip = isa->make(level, names))
      return *chip;
    return llvm::createStringError("--mcpu: '" + mcpu +
                                   "' lacks an extension that goes with it, expected " +
                                   choice(isa->chips));
  }
  return llvm::createStringError("--mcpu: unknown CPU '" + mcpu + "', expected " +
                                 choice(chipNames()));
}
