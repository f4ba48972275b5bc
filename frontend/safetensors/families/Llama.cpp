//===- Llama.cpp - Names of the Llama family -------------------*- C++ -*-===//
//
// LlamaForCausalLM of transformers (configuration_llama.py, modeling_llama.py):
// Llama 2 and 3, SmolLM2, TinyLlama and others of that shape.
//
// Hugging Face orders the rows of Q and K so that RoPE turns row i against row
// i + d/2 of a head ("halves"); GGUF files of this family are permuted to turn
// 2i against 2i + 1. The rows are left as they are and the key
// "quern.rope.half" says so.
//
//===----------------------------------------------------------------------===//
#include "frontend/ReaderSupport.h"
#include "frontend/safetensors/Family.h"

using namespace llvm;
using namespace quern;

namespace {
/// A name there and its name in GGUF.
struct NamePair {
  StringLiteral source, target;
};
} // namespace

static bool matches(const JsonObject &config) {
  if (config.find("architectures"))
    return hasArchitecture(config, "LlamaForCausalLM");
  const Json *type = config.find("model_type");
  return type && jsonString(*type) == "llama";
}

//===----------------------------------------------------------------------===//
// config.json
//===----------------------------------------------------------------------===//

static constexpr NamePair requiredKeys[] = {
    {"num_hidden_layers", "llama.block_count"},
    {"max_position_embeddings", "llama.context_length"},
    {"hidden_size", "llama.embedding_length"},
    {"intermediate_size", "llama.feed_forward_length"},
    {"num_attention_heads", "llama.attention.head_count"},
    {"vocab_size", "llama.vocab_size"},
};

static constexpr NamePair rope3Floats[] = {
    {"factor", "llama.rope.scaling.factor"},
    {"low_freq_factor", "llama.rope.scaling.low_freq_factor"},
    {"high_freq_factor", "llama.rope.scaling.high_freq_factor"},
};

/// Settings that would change the arithmetic in ways nobody translates.
static Error refuseUnsupported(const JsonObject &config) {
  Expected<StringRef> activation = config.getString("hidden_act", "silu");
  if (!activation)
    return activation.takeError();
  if (*activation != "silu")
    return config.error("hidden_act",
                        "is " + inQuotes(*activation) + ", expected 'silu'");
  Expected<double> rotated = config.getFloat("partial_rotary_factor", 1);
  if (!rotated)
    return rotated.takeError();
  if (*rotated != 1)
    return config.error("partial_rotary_factor",
                        "is not 1, which is not supported");
  return Error::success();
}

/// The size of a head: "head_dim", or what the heads share of hidden_size.
static Error translateHeads(const JsonObject &config, MetaWriter &meta) {
  Expected<uint64_t> heads = config.getUInt("num_attention_heads");
  if (!heads)
    return heads.takeError();
  Expected<uint64_t> hidden = config.getUInt("hidden_size");
  if (!hidden)
    return hidden.takeError();
  Expected<uint64_t> kvHeads = config.getUInt("num_key_value_heads", *heads);
  if (!kvHeads)
    return kvHeads.takeError();
  if (*heads == 0 || *kvHeads == 0 || *heads % *kvHeads != 0)
    return config.error("num_attention_heads",
                        "is " + Twine(*heads) +
                            ", expected a multiple of num_key_value_heads = " +
                            Twine(*kvHeads));
  meta.set("llama.attention.head_count_kv", *kvHeads);
  bool given = config.find("head_dim");
  if (!given && *hidden % *heads != 0)
    return config.error("hidden_size", "is " + Twine(*hidden) +
                                           ", expected a multiple of "
                                           "num_attention_heads = " +
                                           Twine(*heads));
  Expected<uint64_t> size = config.getUInt("head_dim", *hidden / *heads);
  if (!size)
    return size.takeError();
  if (*size == 0 || *size % 2 != 0)
    return config.error(given ? "head_dim" : "hidden_size",
                        "gives heads of size " + Twine(*size) +
                            ", expected an even size for RoPE");
  if (given) {
    meta.set("llama.attention.key_length", *size);
    meta.set("llama.attention.value_length", *size);
  }
  meta.set("llama.rope.dimension_count", *size);
  return Error::success();
}

/// The frequency scaling of Llama 3 (rope_type "llama3" in
/// modeling_rope_utils.py of transformers); "default" means none.
static Error translateScaling(const JsonObject &scaling, MetaWriter &meta) {
  bool isOld = !scaling.find("rope_type") && scaling.find("type");
  StringRef key = isOld ? "type" : "rope_type";
  Expected<StringRef> type = scaling.getString(key, "default");
  if (!type)
    return type.takeError();
  if (*type == "default")
    return Error::success();
  if (*type != "llama3")
    return scaling.error(key, "is " + inQuotes(*type) +
                                  ", expected 'default' or 'llama3'");
  meta.setString("llama.rope.scaling.type", *type);
  for (const NamePair &name : rope3Floats) {
    Expected<double> value = scaling.getFloat(name.source);
    if (!value)
      return value.takeError();
    meta.set(name.target, *value);
  }
  Expected<uint64_t> length =
      scaling.getUInt("original_max_position_embeddings");
  if (!length)
    return length.takeError();
  meta.set("llama.rope.scaling.original_context_length", *length);
  return Error::success();
}

/// RoPE's base and scaling: "rope_theta" and "rope_scaling", or both in
/// "rope_parameters" since transformers 5.
static Error translateRope(const JsonObject &config, MetaWriter &meta) {
  Expected<double> base = config.getFloat("rope_theta", 10000);
  if (!base)
    return base.takeError();
  meta.set("llama.rope.freq_base", *base);
  for (StringRef key : {"rope_scaling", "rope_parameters"}) {
    Expected<std::optional<JsonObject>> rope = config.findObject(key);
    if (!rope)
      return rope.takeError();
    if (!*rope)
      continue;
    Expected<double> inner = (*rope)->getFloat("rope_theta", *base);
    if (!inner)
      return inner.takeError();
    meta.set("llama.rope.freq_base", *inner);
    return translateScaling(**rope, meta);
  }
  return Error::success();
}

static Error translateConfig(const JsonObject &config, MetaWriter &meta) {
  meta.setString("general.architecture", "llama");
  if (Error error = refuseUnsupported(config))
    return error;
  for (const NamePair &key : requiredKeys) {
    Expected<uint64_t> value = config.getUInt(key.source);
    if (!value)
      return value.takeError();
    meta.set(key.target, *value);
  }
  Expected<double> epsilon = config.getFloat("rms_norm_eps", 1e-6);
  if (!epsilon)
    return epsilon.takeError();
  meta.set("llama.attention.layer_norm_rms_epsilon", *epsilon);
  if (Error error = translateHeads(config, meta))
    return error;
  if (Error error = translateRope(config, meta))
    return error;
  meta.set("quern.rope.half", true);
  Expected<bool> tied = config.getBool("tie_word_embeddings", false);
  if (!tied)
    return tied.takeError();
  if (*tied)
    meta.set("quern.output.tied", true);
  return Error::success();
}

//===----------------------------------------------------------------------===//
// Tensors
//===----------------------------------------------------------------------===//

static constexpr NamePair globalNames[] = {
    {"model.embed_tokens", "token_embd"},
    {"model.norm", "output_norm"},
    {"lm_head", "output"},
};

static constexpr NamePair layerNames[] = {
    {"input_layernorm", "attn_norm"},
    {"self_attn.q_proj", "attn_q"},
    {"self_attn.k_proj", "attn_k"},
    {"self_attn.v_proj", "attn_v"},
    {"self_attn.o_proj", "attn_output"},
    {"post_attention_layernorm", "ffn_norm"},
    {"mlp.gate_proj", "ffn_gate"},
    {"mlp.up_proj", "ffn_up"},
    {"mlp.down_proj", "ffn_down"},
};

/// Null if the table has no such name.
static const NamePair *findName(ArrayRef<NamePair> table, StringRef source) {
  for (const NamePair &name : table)
    if (name.source == source)
      return &name;
  return nullptr;
}

/// "model.layers.7.self_attn.q_proj.weight" => "blk.7.attn_q.weight". The last
/// part of a name (weight, bias) stays.
static std::optional<std::string> translateName(StringRef name) {
  auto [module, kind] = name.rsplit('.');
  // A buffer that old versions saved; it follows from rope_theta.
  if (module.ends_with("rotary_emb") && kind == "inv_freq")
    return std::nullopt;
  if (kind != "weight" && kind != "bias")
    return name.str();
  if (const NamePair *found = findName(globalNames, module))
    return (found->target + "." + kind).str();
  StringRef rest = module;
  if (!rest.consume_front("model.layers."))
    return name.str();
  auto [layer, inner] = rest.split('.');
  unsigned number = 0;
  const NamePair *found = findName(layerNames, inner);
  if (!found || layer.getAsInteger(10, number) ||
      std::to_string(number) != layer)
    return name.str();
  return ("blk." + layer + "." + found->target + "." + kind).str();
}

namespace quern::families {
const Family &Llama() {
  static constexpr Family family = {"llama", matches, translateConfig,
                                    translateName};
  return family;
}
} // namespace quern::families
