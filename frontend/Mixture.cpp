//===- Mixture.cpp - The usual mixtures of quantizations ------------------===//
#include "frontend/Mixture.h"
#include "ir/Format.h"
#include "llvm/ADT/StringSwitch.h"

using namespace quern;

llvm::ArrayRef<Mixture> quern::allMixtures() {
  static const Mixture mixtures[] = {
      {"F32", "f32", "", ""},
      {"BF16", "bf16", "", ""},
      {"F16", "f16", "", ""},
      {"Q8_0", "q8_0", "", ""},
      {"Q6_K", "q6_k", "", ""},
      {"Q5_K_M", "q5_k", "q6_k", "q6_k"},
      {"Q5_0", "q5_0", "", "q6_k"},
      {"Q4_K_M", "q4_k", "q6_k", "q6_k"},
      {"Q4_1", "q4_1", "", "q6_k"},
      {"Q4_0", "q4_0", "", "q6_k"},
      {"IQ4_XS", "iq4_xs", "", "q6_k"},
      {"Q3_K_M", "q3_k", "q4_k", "q6_k", /*everyLayer=*/true},
      {"Q2_K", "q2_k", "q3_k", "q6_k", /*everyLayer=*/true},
  };
  return mixtures;
}

const Mixture *quern::findMixture(llvm::StringRef name) {
  for (const Mixture &mixture : allMixtures())
    if (mixture.name.equals_insensitive(name))
      return &mixture;
  return nullptr;
}

/// The first and the last eighth, and every third between them.
static bool getsMoreBits(uint64_t layer, uint64_t layers) {
  return layer < layers / 8 || layer >= 7 * layers / 8 ||
         (layer - layers / 8) % 3 == 2;
}

static std::string fitted(llvm::StringRef format, uint64_t columns) {
  const Format *found = findFormat(format.str());
  if (!found || columns % found->weights == 0)
    return format.str();
  llvm::StringRef smaller = llvm::StringSwitch<llvm::StringRef>(format)
                                .Cases({"q2_k", "q3_k", "iq4_xs"}, "iq4_nl")
                                .Case("q4_k", "q5_0")
                                .Case("q5_k", "q5_1")
                                .Case("q6_k", "q8_0")
                                .Default("f16");
  return smaller == "f16" ? "f16" : fitted(smaller, columns);
}

FormatOf quern::formatsOf(const Mixture &mixture, uint64_t layers,
                          llvm::StringRef output) {
  return [=, output = output.str()](llvm::StringRef name, uint64_t,
                                    uint64_t columns) {
    auto [block, role] = name.rsplit('.');
    uint64_t layer = 0;
    bool inLayer =
        block.consume_front("blk.") && !block.getAsInteger(10, layer);
    llvm::StringRef format = mixture.most;
    if (name == output && !mixture.output.empty())
      format = mixture.output;
    if (inLayer && (role == "attn_v" || role == "ffn_down") &&
        !mixture.moreBits.empty() &&
        (mixture.everyLayer || getsMoreBits(layer, layers)))
      format = mixture.moreBits;
    return fitted(format, columns);
  };
}
