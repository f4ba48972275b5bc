//===- Mixture.cpp - The usual mixtures of quantizations ------------------===//
#include "Mixture.h"
#include "ir/Format.h"
#include "llvm/ADT/StringSwitch.h"

using namespace quern;

llvm::ArrayRef<Mixture> quern::allMixtures() {
  static const Mixture mixtures[] = {
      {"F32", "f32", "f32"},
      {"BF16", "bf16", "bf16"},
      {"F16", "f16", "f16"},
      {"Q8_0", "q8_0", "q8_0"},
      {"Q6_K", "q6_k", "q6_k"},
      {"Q5_K_M",
       "q5_k",
       "q6_k",
       {{"attn_v", "q6_k", Layers::More}, {"ffn_down", "q6_k", Layers::More}}},
      {"Q5_0", "q5_0", "q6_k"},
      {"Q4_K_M",
       "q4_k",
       "q6_k",
       {{"attn_v", "q6_k", Layers::More}, {"ffn_down", "q6_k", Layers::More}}},
      {"Q4_1", "q4_1", "q6_k"},
      {"Q4_0", "q4_0", "q6_k"},
      {"IQ4_XS",
       "iq4_xs",
       "q6_k",
       {{"attn_v", "q5_k", Layers::All, 4},
        {"ffn_down", "q5_k", Layers::FirstEighth}}},
      {"Q3_K_M",
       "q3_k",
       "q6_k",
       {{"attn_v", "q5_k", Layers::FirstTwo},
        {"attn_v", "q4_k"},
        {"attn_output", "q4_k"},
        {"ffn_down", "q5_k", Layers::FirstSixteenth},
        {"ffn_down", "q4_k"}}},
      {"Q2_K",
       "q2_k",
       "q6_k",
       {{"attn_v", "q4_k", Layers::All, 4},
        {"attn_v", "q3_k"},
        {"attn_output", "q3_k"},
        {"ffn_down", "q3_k"}}},
  };
  return mixtures;
}

const Mixture *quern::findMixture(llvm::StringRef name) {
  for (const Mixture &mixture : allMixtures())
    if (mixture.name.equals_insensitive(name))
      return &mixture;
  return nullptr;
}

static bool isAmong(uint64_t layer, uint64_t layers, Layers which) {
  switch (which) {
  case Layers::All:
    return true;
  case Layers::FirstTwo:
    return layer < 2;
  case Layers::FirstSixteenth:
    return layer < layers / 16;
  case Layers::FirstEighth:
    return layer < layers / 8;
  case Layers::More:
    return layer < layers / 8 || layer >= 7 * layers / 8 ||
           (layer - layers / 8) % 3 == 2;
  }
  return false;
}

/// Of a matrix in a layer.
static llvm::StringRef formatInLayer(const Mixture &mixture,
                                     const MixedModel &model,
                                     llvm::StringRef role, uint64_t layer) {
  llvm::StringRef format = mixture.most;
  for (const Mixture::Exception &exception : mixture.exceptions)
    if (exception.role == role &&
        model.queriesPerKey >= exception.queriesPerKey &&
        isAmong(layer, model.layers, exception.layers)) {
      format = exception.format;
      break;
    }
  // Of 70B models, known by their 80 layers, attn_v is small beside the rest.
  bool large = model.architecture == "llama" && model.layers == 80 &&
               model.queriesPerKey > 1;
  if (large && role == "attn_v" && (format == "q3_k" || format == "q4_k"))
    return "q5_k";
  return format;
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

FormatOf quern::formatsOf(const Mixture &mixture, const MixedModel &model) {
  return [mixture, model, architecture = model.architecture.str(),
          output = model.output.str()](llvm::StringRef name, uint64_t,
                                       uint64_t columns) {
    MixedModel owned = model;
    owned.architecture = architecture;
    auto [block, role] = name.rsplit('.');
    uint64_t layer = 0;
    if (block.consume_front("blk.") && !block.getAsInteger(10, layer))
      return fitted(formatInLayer(mixture, owned, role, layer), columns);
    return fitted(name == output ? mixture.output : mixture.most, columns);
  };
}
