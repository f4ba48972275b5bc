//===- PreTokenizer.cpp - Pre-tokenizers of tokenizer.json -----*- C++ -*-===//
//
// Rules are compared in a canonical form, without the fields that do not change
// the tokens.
//
//===----------------------------------------------------------------------===//
#include "frontend/safetensors/PreTokenizer.h"

using namespace llvm;
using namespace quern;

namespace {
struct KnownRule {
  StringLiteral name; // of tokenizer.ggml.pre
  StringLiteral json; // in canonical form
};
} // namespace

// Rules that the tokenizer could not follow as they are written (falcon's looks
// at single bytes of characters), and the most common ones, to see their names.
// Sources: tokenizer.json of openai-community/gpt2, HuggingFaceTB/SmolLM2-135M,
// tiiuae/falcon-7b and meta-llama/Meta-Llama-3-8B.
static constexpr KnownRule knownRules[] = {
    {"gpt-2",
     R"({"type":"ByteLevel","add_prefix_space":false,"use_regex":true})"},
    {"smollm",
     R"({"type":"Sequence","pretokenizers":[
         {"type":"Digits","individual_digits":true},
         {"type":"ByteLevel","add_prefix_space":false,"use_regex":true}]})"},
    {"falcon",
     R"({"type":"Sequence","pretokenizers":[
         {"type":"Punctuation","behavior":"Contiguous"},
         {"type":"ByteLevel","add_prefix_space":false,"use_regex":true},
         {"type":"Digits","individual_digits":false},
         {"type":"Split","behavior":"Isolated","invert":false,
          "pattern":{"Regex":"[0-9][0-9][0-9]"}}]})"},
    {"llama-bpe",
     R"({"type":"Sequence","pretokenizers":[
         {"type":"Split","behavior":"Isolated","invert":false,
          "pattern":{"Regex":"(?i:'s|'t|'re|'ve|'m|'ll|'d)|)"
     R"([^\\r\\n\\p{L}\\p{N}]?\\p{L}+|\\p{N}{1,3}|)"
     R"( ?[^\\s\\p{L}\\p{N}]+[\\r\\n]*|\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+"}},
         {"type":"ByteLevel","add_prefix_space":false,"use_regex":false}]})"},
};

static bool hasType(const Json &rule, StringRef type) {
  if (!rule.is_object())
    return false;
  auto found = rule.find("type");
  return found != rule.end() && jsonString(*found) == type;
}

/// The rules of a Sequence, or null.
static const Json *parts(const Json &rule) {
  if (!hasType(rule, "Sequence"))
    return nullptr;
  auto found = rule.find("pretokenizers");
  return found != rule.end() && found->is_array() ? &*found : nullptr;
}

/// Drops what only concerns offsets, adds defaults that may be left out, and
/// takes a sequence of one for that one.
static Json canonical(Json rule) {
  if (hasType(rule, "ByteLevel")) {
    rule.erase("trim_offsets");
    rule.emplace("use_regex", true);
    rule.emplace("add_prefix_space", true);
  }
  const Json *children = parts(rule);
  if (!children)
    return rule;
  Json list = Json::array();
  for (const Json &child : *children)
    list.push_back(canonical(child));
  if (list.size() == 1)
    return list[0];
  rule["pretokenizers"] = std::move(list);
  return rule;
}

/// The ByteLevel within a canonical rule, or null.
static const Json *findByteLevel(const Json &rule) {
  if (hasType(rule, "ByteLevel"))
    return &rule;
  if (const Json *children = parts(rule))
    for (const Json &child : *children)
      if (const Json *found = findByteLevel(child))
        return found;
  return nullptr;
}

static std::string dump(const Json &value) {
  return value.dump(-1, ' ', false, Json::error_handler_t::replace);
}

Expected<bool> quern::translatePreTokenizer(const JsonObject &tokenizer,
                                            MetaWriter &meta) {
  for (StringRef key : {"normalizer", "pre_tokenizer", "decoder"})
    if (const Json *rule = tokenizer.find(key))
      meta.setString("tokenizer.huggingface." + key, dump(*rule));
  const Json *rule = tokenizer.find("pre_tokenizer");
  if (!rule)
    return false;
  Json form = canonical(*rule);
  const Json *byteLevel = findByteLevel(form);
  if (!byteLevel)
    return false;
  const Json &prefix = (*byteLevel)["add_prefix_space"];
  if (!prefix.is_boolean())
    return tokenizer.error("pre_tokenizer",
                           "has an add_prefix_space that is no boolean");
  meta.set("tokenizer.ggml.add_space_prefix", prefix.get<bool>());
  for (const KnownRule &known : knownRules) {
    Expected<Json> json = parseJson(known.name, known.json);
    if (!json)
      return json.takeError();
    if (*json == form)
      meta.setString("tokenizer.ggml.pre", known.name);
  }
  return true;
}
